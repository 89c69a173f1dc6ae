import type { Entry } from "./entry.ts";

/** Below so many slots nothing is tidied up. */
const MIN_SLOTS = 1_024;

/** The entries of a lane in order. Entries that are `gone` leave it lazily, so dropping one costs nothing. */
export class EntryQueue {
  #entries: Entry[] = [];
  #first = 0;
  /** At so many slots it is time to leave out what is gone, wherever it is. */
  #tidyAt = MIN_SLOTS;

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length < this.#tidyAt) return;
    this.#entries = this.list();
    this.#first = 0;
    this.#tidyAt = Math.max(MIN_SLOTS, 2 * this.#entries.length);
  }

  /** The first entry that is still there. */
  peek(): Entry | undefined {
    while (this.#first < this.#entries.length) {
      const entry = this.#entries[this.#first] as Entry;
      if (!entry.gone) {
        return entry;
      }
      this.#first++;
    }
    this.#entries = [];
    this.#first = 0;
    return undefined;
  }

  /** Entries from the head on, for as long as `joins` agrees; it gets each one and the first of them. */
  first(joins: (entry: Entry, first: Entry | undefined) => boolean): Entry[] {
    const chosen: Entry[] = [];
    for (let i = this.#first; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      if (entry.gone) continue;
      if (!joins(entry, chosen[0])) break;
      chosen.push(entry);
    }
    return chosen;
  }

  /** The entries that are there now; later changes do not disturb the iteration. */
  list(): Entry[] {
    return this.#entries.slice(this.#first).filter((entry) => !entry.gone);
  }

  /** Takes out every entry that `match` chooses, in order. */
  take(match: (entry: Entry) => boolean): Entry[] {
    const taken: Entry[] = [];
    const left: Entry[] = [];
    for (const entry of this.list()) (match(entry) ? taken : left).push(entry);
    this.#entries = left;
    this.#first = 0;
    return taken;
  }
}
