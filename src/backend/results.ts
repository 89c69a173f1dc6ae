import { BODY_BYTES, Histogram, JOINED_WRITES, REQUEST_SECONDS } from "../observe/histogram.ts";
import type { Clock } from "../platform.ts";
import { noOutcomes, type OutcomeKind } from "../writer.ts";
import { Accepted } from "./accepted.ts";
import type { Result } from "./client.ts";

/** What a request with writes carried. */
export interface Carried {
  readonly writes: number;
  /** Of their bodies. */
  readonly bytes: number;
  /** When it was sent (monotonic). */
  readonly sentAtMs: number;
  /** Its first write had been sent before, or kept. */
  readonly again: boolean;
}

/** What a backend was given, and what the requests to it came to. */
export class Results {
  /** Writes that were given a place in its order. */
  readonly accepted = new Accepted();
  readonly requests: Record<OutcomeKind, number> = noOutcomes();
  /** Writes that they carried; one that was sent again counts again. */
  writes = 0;
  /** Requests whose first write had been sent before, or kept. */
  retries = 0;
  readonly seconds = new Histogram(REQUEST_SECONDS);
  readonly joined = new Histogram(JOINED_WRITES);
  readonly bytes = new Histogram(BODY_BYTES);
  readonly #clock: Clock;
  /** When (monotonic) a request ended last of which it is not known what became of it. */
  #unknownAtMs = Number.NEGATIVE_INFINITY;
  #storedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A request ended; without `carried` it was a statement. */
  add({ reply, unknownOutcome }: Result, carried: Carried | undefined): void {
    const now = this.#clock.monotonic();
    if (unknownOutcome) this.#unknownAtMs = now;
    this.requests[reply.kind]++;
    if (reply.kind === "stored") this.#storedAtMs = now;
    if (carried === undefined) return;
    const { writes, bytes, sentAtMs, again } = carried;
    this.writes += writes;
    if (again) this.retries++;
    this.seconds.observe((now - sentAtMs) / 1_000);
    this.joined.observe(writes);
    this.bytes.observe(bytes);
  }

  /** Milliseconds since a request ended of which it is not known what became of it. */
  get unknownForMs(): number {
    return this.#clock.monotonic() - this.#unknownAtMs;
  }

  /** True if something was stored after that (monotonic) time. */
  storedSince(ms: number): boolean {
    return this.#storedAtMs > ms;
  }
}
