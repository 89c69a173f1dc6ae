import type { Scope } from "../spool/statement.ts";
import type { Barrier } from "./barrier.ts";

/** The changes that come before one, as far as they share a database with it. */
export class EarlierChanges {
  #all: Barrier | undefined;
  #last: Barrier | undefined;
  readonly #byDatabase = new Map<string, Barrier>();

  add(barrier: Barrier): void {
    const { scope } = barrier.change;
    this.#last = barrier;
    if (scope === undefined) this.#all = barrier;
    for (const db of scope ?? []) this.#byDatabase.set(db, barrier);
  }

  /** One of them, if there is any. */
  before(scope: Scope): Barrier | undefined {
    if (scope === undefined) return this.#last;
    if (this.#all !== undefined) return this.#all;
    for (const db of scope) {
      const barrier = this.#byDatabase.get(db);
      if (barrier !== undefined) return barrier;
    }
    return undefined;
  }
}
