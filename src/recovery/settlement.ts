import type { Clock } from "../platform.ts";

/** Between two looks, in milliseconds. */
const EVERY_MS = 3_000;

/** Looks now and then whether a person has done what a recovery could not. */
export class Settlement {
  readonly #clock: Clock;
  readonly #lookNow: () => Promise<void>;
  #dueAt: number;
  #looking = false;

  /** @param lookNow what fails is tried again. */
  constructor(clock: Clock, lookNow: () => Promise<void>) {
    this.#clock = clock;
    this.#lookNow = lookNow;
    this.#dueAt = clock.monotonic() + EVERY_MS;
  }

  /** Begins to look if that is due. */
  look(): void {
    if (this.#looking || this.#clock.monotonic() < this.#dueAt) return;
    this.#looking = true;
    const ended = () => {
      this.#looking = false;
      this.#dueAt = this.#clock.monotonic() + EVERY_MS;
    };
    void this.#lookNow().then(ended, ended);
  }
}
