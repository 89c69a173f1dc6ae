import type { Clock } from "../platform.ts";
import type { Write } from "../writer.ts";

/** How long a source whose write was rejected is not joined with others, in milliseconds. */
const APART_MS = 10_000;
/** Sources remembered at a time; beyond it the oldest is forgotten. */
const MAX_SOURCES = 1_000;
/** Of a measurement's name, so many bytes tell sources apart. */
const MAX_NAME_BYTES = 64;
const COMMA = 0x2c;
const SPACE = 0x20;
const LF = 0x0a;

const decoder = new TextDecoder("latin1");

/**
 * The sources that sent something that a backend rejected: for a while they are not joined with others, who would
 * pay for it. A source is a client's address together with the measurement that its body begins with, because many
 * clients may share the address of a load balancer.
 */
export class Apart {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(write: Write): void {
    const source = sourceOf(write);
    this.#until.delete(source);
    if (this.#until.size >= MAX_SOURCES) this.#until.delete(this.#until.keys().next().value as string);
    this.#until.set(source, this.#clock.monotonic() + APART_MS);
  }

  has(write: Write): boolean {
    if (this.#until.size === 0) return false;
    const source = sourceOf(write);
    const until = this.#until.get(source);
    if (until === undefined) return false;
    if (this.#clock.monotonic() < until) return true;
    this.#until.delete(source);
    return false;
  }
}

function sourceOf({ source, body }: Write): string {
  const name = body.subarray(0, MAX_NAME_BYTES);
  const end = name.findIndex((byte) => byte === COMMA || byte === SPACE || byte === LF);
  return `${source} ${decoder.decode(end < 0 ? name : name.subarray(0, end))}`;
}
