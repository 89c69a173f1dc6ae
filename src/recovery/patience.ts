import { backoffMs } from "../backend/backoff.ts";
import type { Clock } from "../platform.ts";
import { ServerError } from "./errors.ts";
import { sleep } from "./sleep.ts";

const MAX_BACKOFF_MS = 5_000;

/** Tries again what failed because a server was unavailable, for so long after the first failure. */
export class Patience {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ms: number;

  constructor(clock: Clock, random: () => number, ms: number) {
    this.#clock = clock;
    this.#random = random;
    this.#ms = ms;
  }

  /** @throws {ServerError} the last one. */
  async with<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let until: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ServerError) || error.failure !== "unavailable") throw error;
        until ??= this.#clock.monotonic() + this.#ms;
        if (this.#clock.monotonic() >= until) throw error;
        await sleep(this.#clock, backoffMs(attempt, MAX_BACKOFF_MS, this.#random), signal);
      }
    }
  }
}
