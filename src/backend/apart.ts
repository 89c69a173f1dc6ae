import type { Clock } from "../platform.ts";
import type { Write } from "../writer.ts";

/** How long a source whose write was rejected is not joined with others, in milliseconds. */
const APART_MS = 10_000;
/** Sources remembered at a time; beyond it the oldest is forgotten. */
const MAX_SOURCES = 1_000;
/** Of the first series, so many bytes tell sources apart. */
const MAX_SERIES_BYTES = 128;
const SPACE = 0x20;
const LF = 0x0a;

const decoder = new TextDecoder("latin1");

/**
 * The sources that sent something that a backend rejected: for a while they are not joined with others, who would
 * pay for it. A source is a client's address together with the series that its body begins with, because many
 * clients may share the address of a load balancer, and setting all of them apart would cost far more than dividing
 * a request now and then.
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
  const series = body.subarray(0, MAX_SERIES_BYTES);
  const end = series.findIndex((byte) => byte === SPACE || byte === LF);
  return `${source} ${decoder.decode(end < 0 ? series : series.subarray(0, end))}`;
}
