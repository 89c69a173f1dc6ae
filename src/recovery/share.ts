import type { Clock } from "../platform.ts";
import { sleep } from "./sleep.ts";

/** So many times as long as a question took, nothing is asked: together at most 5 % of the time. */
const PAUSE_FACTOR = 19;
/** The longest pause, in milliseconds. */
const MAX_PAUSE_MS = 3_600_000;

/** Runs questions one by one, so that a server spends a small share of its time on them. */
export class Share {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Resolves after the pause that the question costs. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const startedAt = this.#clock.monotonic();
    try {
      return await question();
    } finally {
      const tookMs = this.#clock.monotonic() - startedAt;
      await sleep(this.#clock, Math.min(MAX_PAUSE_MS, tookMs * PAUSE_FACTOR), this.#signal);
    }
  }
}
