import type { Clock } from "../platform.ts";
import type { OutcomeKind } from "../writer.ts";
import type { Result } from "./client.ts";

/** What the requests to a backend came to. */
export class Results {
  readonly requests: Record<OutcomeKind, number> = {
    stored: 0,
    rejected: 0,
    "not-ready": 0,
    overloaded: 0,
    unreachable: 0,
  };
  /** Writes that they carried; one that was sent again counts again. */
  writes = 0;
  readonly #clock: Clock;
  /** When (monotonic) a request ended last of which it is not known what became of it. */
  #unknownAtMs = Number.NEGATIVE_INFINITY;
  #storedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A request that carried `writes` of them ended. */
  add({ reply, unknownOutcome }: Result, writes: number): void {
    if (unknownOutcome) this.#unknownAtMs = this.#clock.monotonic();
    this.requests[reply.kind]++;
    this.writes += writes;
    if (reply.kind === "stored") this.#storedAtMs = this.#clock.monotonic();
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
