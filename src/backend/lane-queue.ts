import type { Barrier } from "./barrier.ts";
import type { Entry } from "./entry.ts";
import type { LaneChanges } from "./lane-changes.ts";
import { EntryQueue } from "./queue.ts";

/** A part of a lane that is in the log only: its records from `next` on and before `end`. */
export interface Gap {
  next: number;
  end: number;
}

/**
 * What waits in a lane, in order: entries in memory, then possibly records that are in the log only, then entries
 * again. The entries that are in the log come before those that are not, so the log has the order of the lane.
 */
export class LaneQueue {
  #front = new EntryQueue();
  #tail = new EntryQueue();
  /** Entries that are not in the log, and some that have left. */
  readonly #unplaced = new EntryQueue();
  gap: Gap | undefined;

  push(entry: Entry): void {
    (this.gap === undefined ? this.#front : this.#tail).push(entry);
    if (entry.ticket === undefined) {
      this.#unplaced.peek();
      this.#unplaced.push(entry);
    }
  }

  /** The first entry that can be sent; none while what comes first is in the log only. */
  peek(): Entry | undefined {
    return this.#front.peek();
  }

  /** See {@link EntryQueue.first}: of what can be sent. */
  first(joins: (entry: Entry, first: Entry | undefined) => boolean): Entry[] {
    return this.#front.first(joins);
  }

  /** The one behind that which {@link peek} gives. */
  second(): Entry | undefined {
    let seen = 0;
    return this.#front.first(() => seen++ < 2)[1];
  }

  list(): Entry[] {
    return this.gap === undefined ? this.#front.list() : [...this.#front.list(), ...this.#tail.list()];
  }

  get empty(): boolean {
    return this.gap === undefined && this.#front.peek() === undefined;
  }

  /** True if nothing is left of what was accepted up to this number. */
  hasPassed(through: number): boolean {
    const head = this.#front.peek();
    return head === undefined ? this.gap === undefined : head.number > through;
  }

  /** True if something is left of what comes before a change. */
  hasBefore(barrier: Barrier, changes: LaneChanges): boolean {
    const head = this.#front.peek();
    if (head !== undefined) return !changes.isAfter(head, barrier);
    return this.gap !== undefined && !changes.isBeyond(this.gap.next, barrier);
  }

  /** The first place in the log that still has to be delivered. */
  get firstPlace(): number | undefined {
    return firstPlaceIn(this.#front) ?? this.gap?.next ?? firstPlaceIn(this.#tail);
  }

  /** Adds the entries in memory that are in the log below `place`, by their places. */
  collectBelow(place: number, entries: Map<number, Entry>): void {
    for (const entry of this.list()) {
      if (entry.ticket === undefined || entry.ticket.last >= place) continue;
      for (const at of entry.ticket.places) entries.set(at, entry);
    }
  }

  /** Takes out what `match` chooses, as far as nothing that is in the log only comes before it. */
  take(match: (entry: Entry) => boolean): Entry[] {
    return this.#front.take(match);
  }

  replace(entry: Entry, parts: readonly Entry[]): void {
    this.#front.replace(entry, parts);
  }

  /** The last entry that is not in the log, and could be, of those that were accepted up to this number. */
  lastUnplaced(number: number): Entry | undefined {
    return this.#unplaced
      .list()
      .findLast((entry) => entry.ticket === undefined && !entry.unstorable && entry.number <= number);
  }

  /** Takes the entries that must be put into the log, in this order, so that `entry` may be in it. */
  *takeUnplaced(entry: Entry): Generator<Entry> {
    for (let next = this.#unplaced.shift(); next !== undefined; next = this.#unplaced.shift()) {
      if (next.ticket === undefined) yield next;
      if (next === entry) return;
    }
  }

  /** Entries that were read back from the log; it was read up to `next`. */
  load(entries: readonly Entry[], next: number): void {
    const { gap } = this;
    for (const entry of entries) this.#front.push(entry);
    if (gap === undefined) return;
    gap.next = Math.max(gap.next, next);
    if (gap.next < gap.end) return;
    this.gap = undefined;
    for (const entry of this.#tail.list()) this.#front.push(entry);
    this.#tail = new EntryQueue();
  }

  /** Nothing below `place` is in the log any more. True if that is news. */
  skipTo(place: number): boolean {
    if (this.gap === undefined || this.gap.next >= place) return false;
    this.load([], place);
    return true;
  }

  /**
   * Forgets entries that can be read back from the log; not those that were read just now, unless `all` are to go.
   * Gives what it forgot.
   */
  shed(isSheddable: (entry: Entry) => boolean, all: boolean): Entry[] {
    return this.gap === undefined ? this.#open(isSheddable) : this.#widen(this.gap, isSheddable, all);
  }

  #open(isSheddable: (entry: Entry) => boolean): Entry[] {
    const entries = this.#front.list();
    const from = entries.findIndex(isSheddable);
    if (from < 0) return [];
    let to = entries.findIndex((entry, i) => i > from && !isSheddable(entry));
    if (to < 0) to = entries.length;
    const shed = entries.slice(from, to);
    this.gap = { next: placeOf(entries[from]).first, end: placeOf(entries[to - 1]).last + 1 };
    this.#front = new EntryQueue();
    for (const entry of entries.slice(0, from)) this.#front.push(entry);
    for (const entry of entries.slice(to)) this.#tail.push(entry);
    return shed;
  }

  #widen(gap: Gap, isSheddable: (entry: Entry) => boolean, all: boolean): Entry[] {
    const shed: Entry[] = [];
    const front = all ? this.#front : new EntryQueue();
    for (let last = front.last(); last !== undefined && isSheddable(last); last = front.last()) {
      gap.next = placeOf(last).first;
      shed.push(last);
      front.pop();
    }
    for (let next = this.#tail.peek(); next !== undefined && isSheddable(next); next = this.#tail.peek()) {
      gap.end = placeOf(next).last + 1;
      shed.push(next);
      this.#tail.shift();
    }
    return shed;
  }
}

/** What is in the log comes before what is not, but for entries that could not be put there. */
function firstPlaceIn(queue: EntryQueue): number | undefined {
  const head = queue.peek();
  if (head?.unstorable !== true) return head?.ticket?.first;
  return queue.list().find(({ ticket }) => ticket !== undefined)?.ticket?.first;
}

function placeOf(entry: Entry | undefined) {
  if (entry?.ticket === undefined) throw new Error("not in the log");
  return entry.ticket;
}
