interface Waiter {
  readonly through: number;
  readonly resolve: () => void;
}

/** Those who wait until a lane has nothing left of what was accepted up to a number. Costs nothing while nobody does. */
export class Waiters {
  readonly #hasPassed: (through: number) => boolean;
  #waiting: Waiter[] = [];

  constructor(hasPassed: (through: number) => boolean) {
    this.#hasPassed = hasPassed;
  }

  /** Resolves when everything up to this number has left, the lane is stopped, or the signal aborts. */
  until(through: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#hasPassed(through)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        through,
        resolve: () => {
          signal.removeEventListener("abort", give);
          resolve();
        },
      };
      const give = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        waiter.resolve();
      };
      signal.addEventListener("abort", give);
      this.#waiting.push(waiter);
    });
  }

  /** Something left. */
  check(): void {
    if (this.#waiting.length === 0) return;
    this.#tell((waiter) => this.#hasPassed(waiter.through));
  }

  /** Nothing more will leave. */
  end(): void {
    this.#tell(() => true);
  }

  #tell(isOver: (waiter: Waiter) => boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      if (isOver(waiter)) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }
}
