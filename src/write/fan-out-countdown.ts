import type { Clock, Timer } from "../platform.ts";

/** What is told when its time is up. */
export interface Countdown {
  ended(): void;
}

/** Countdowns of one length with one timer for all of them, because there may be tens of thousands a second. */
export class Countdowns {
  readonly #clock: Clock;
  readonly #ms: number;
  #running: { readonly countdown: Countdown; readonly endsAt: number }[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  start(countdown: Countdown): void {
    this.#running.push({ countdown, endsAt: this.#clock.monotonic() + this.#ms });
    this.#timer ??= this.#clock.after(this.#ms, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    const first = this.#running.findIndex(({ endsAt }) => endsAt > now);
    const ended = first < 0 ? this.#running : this.#running.slice(0, first);
    this.#running = first < 0 ? [] : this.#running.slice(first);
    const next = this.#running[0];
    if (next !== undefined)
      this.#timer = this.#clock.after(Math.max(1, next.endsAt - now), () => this.#tick());
    for (const { countdown } of ended) countdown.ended();
  }
}
