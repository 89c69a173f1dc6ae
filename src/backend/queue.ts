import type { Entry } from "./entry.ts";

/** Slots that may be wasted at the front before the array is cut. */
const MAX_WASTE = 1_024;

/** The entries of a lane in order. Entries that are `gone` leave it lazily, so dropping one costs nothing. */
export class EntryQueue {
  #entries: Entry[] = [];
  #first = 0;

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** The first entry that is still there. */
  peek(): Entry | undefined {
    while (this.#first < this.#entries.length) {
      const entry = this.#entries[this.#first] as Entry;
      if (!entry.gone) {
        this.#compact();
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

  #compact(): void {
    if (this.#first < MAX_WASTE || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
