interface Waiter<T> {
  readonly through: T;
  readonly resolve: () => void;
}

/** Those who wait until nothing is left of what was accepted up to a point. Costs nothing while nobody does. */
export class Waiters<T> {
  readonly #hasPassed: (through: T) => boolean;
  #waiting: Waiter<T>[] = [];

  constructor(hasPassed: (through: T) => boolean) {
    this.#hasPassed = hasPassed;
  }

  /** Resolves when everything up to this point has left, nothing more will leave, or the signal aborts. */
  until(through: T, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#hasPassed(through)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter<T> = {
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

  #tell(isOver: (waiter: Waiter<T>) => boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      if (isOver(waiter)) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }
}
