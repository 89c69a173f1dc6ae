import type { Clock } from "../platform.ts";
import { sleep } from "./sleep.ts";

/** Upper bounds of what is copied; unbounded unless given. */
export interface RateLimits {
  readonly pointsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

/** Lets as much through as the limits say, evenly: what was let through is paid for before the next comes. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  /** When (monotonic milliseconds) what was let through until now is paid for. */
  #paidAt = 0;

  constructor(clock: Clock, limits: RateLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  async pass(points: number, bytes: number, signal: AbortSignal): Promise<void> {
    const { pointsPerSecond = Number.POSITIVE_INFINITY, bytesPerSecond = Number.POSITIVE_INFINITY } =
      this.#limits;
    const costMs = Math.max(points / pointsPerSecond, bytes / bytesPerSecond) * 1_000;
    const from = Math.max(this.#paidAt, this.#clock.monotonic());
    this.#paidAt = from + costMs;
    const waitMs = from - this.#clock.monotonic();
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
  }
}
