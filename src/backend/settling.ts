import type { Clock, Timer } from "../platform.ts";

/** So often it is tried, before the lane goes on without. */
const TRIES = 3;
const RETRY_MS = 1_000;

interface SettlingOptions {
  readonly clock: Clock;
  /** Makes durable how far the lanes are; false if that failed. */
  readonly commit: () => Promise<boolean>;
  /** It is durable, or it was tried often enough. */
  readonly onSettled: (durable: boolean) => void;
}

/** Makes durable how far a lane is, before it sends anything that is not in the log. */
export class Settling {
  readonly #options: SettlingOptions;
  #tries = 0;
  #retry: Timer | undefined;
  #stopped = false;
  /** True while nothing may be sent because of it. */
  active = false;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  start(): void {
    this.active = true;
    this.#tries = 0;
    this.#try();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  #try(): void {
    const { commit, clock, onSettled } = this.#options;
    void commit().then((durable) => {
      if (!durable && ++this.#tries < TRIES && !this.#stopped) {
        this.#retry = clock.after(RETRY_MS, () => this.#try());
        return;
      }
      this.active = false;
      onSettled(durable);
    });
  }
}
