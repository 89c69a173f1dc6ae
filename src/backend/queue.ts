import type { Entry } from "./entry.ts";

/** Below so many slots nothing is tidied up. */
const MIN_SLOTS = 1_024;

/** Entries in order. Those that are `gone` leave it lazily, so dropping one costs nothing. */
export class EntryQueue<T extends { readonly gone: boolean } = Entry> {
  #entries: T[] = [];
  #first = 0;
  /** At so many slots it is time to leave out what is gone, wherever it is. */
  #tidyAt = MIN_SLOTS;

  push(entry: T): void {
    this.#entries.push(entry);
    if (this.#entries.length < this.#tidyAt) return;
    this.#set(this.list());
  }

  /** The first entry that is still there. */
  peek(): T | undefined {
    while (this.#first < this.#entries.length) {
      const entry = this.#entries[this.#first] as T;
      if (!entry.gone) return entry;
      this.#first++;
    }
    this.#entries = [];
    this.#first = 0;
    return undefined;
  }

  /** Takes the first entry out. */
  shift(): T | undefined {
    const entry = this.peek();
    if (entry !== undefined) this.#first++;
    return entry;
  }

  /** The last entry that is still there. */
  last(): T | undefined {
    while (this.#entries.length > this.#first) {
      const entry = this.#entries[this.#entries.length - 1] as T;
      if (!entry.gone) return entry;
      this.#entries.pop();
    }
    return undefined;
  }

  /** Takes the last entry out. */
  pop(): T | undefined {
    const entry = this.last();
    if (entry !== undefined) this.#entries.pop();
    return entry;
  }

  /** Entries from the head on, for as long as `joins` agrees; it gets each one and the first of them. */
  first(joins: (entry: T, first: T | undefined) => boolean): T[] {
    const chosen: T[] = [];
    for (let i = this.#first; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as T;
      if (entry.gone) continue;
      if (!joins(entry, chosen[0])) break;
      chosen.push(entry);
    }
    return chosen;
  }

  /** The entries that are there now; later changes do not disturb the iteration. */
  list(): T[] {
    return this.#entries.slice(this.#first).filter((entry) => !entry.gone);
  }

  /** Takes out every entry that `match` chooses, in order. */
  take(match: (entry: T) => boolean): T[] {
    const taken: T[] = [];
    const left: T[] = [];
    for (const entry of this.list()) (match(entry) ? taken : left).push(entry);
    this.#set(left);
    return taken;
  }

  /** Puts the parts of an entry into its place. */
  replace(entry: T, parts: readonly T[]): void {
    this.#set(this.list().flatMap((other) => (other === entry ? parts : other)));
  }

  #set(entries: T[]): void {
    this.#entries = entries;
    this.#first = 0;
    this.#tidyAt = Math.max(MIN_SLOTS, 2 * entries.length);
  }
}
