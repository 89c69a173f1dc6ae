import type { BacklogLane } from "./backlog-lane.ts";
import type { Entry } from "./entry.ts";
import { isSheddable } from "./entry-state.ts";
import type { LaneChanges, OrderedLane } from "./lane-changes.ts";
import type { LaneBacklog } from "./lane-context.ts";
import type { LaneQueue } from "./lane-queue.ts";
import { sift } from "./sift.ts";

/** Of what is in the log, a lane has at most about this many bytes in memory. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Which entries of a lane are in the log, and which of those are in memory as well. */
export class LaneMemory {
  readonly #queue: LaneQueue;
  readonly #backlog: LaneBacklog;
  readonly #lane: BacklogLane & OrderedLane;
  readonly #changes: LaneChanges;
  /** Bytes in memory of what is in the log. */
  #bytes = 0;
  /** Of these, bytes that were read back from it. */
  loaded = 0;
  /** How many entries are not in the log. */
  unplaced = 0;

  constructor(queue: LaneQueue, backlog: LaneBacklog, lane: BacklogLane & OrderedLane, changes: LaneChanges) {
    this.#queue = queue;
    this.#backlog = backlog;
    this.#lane = lane;
    this.#changes = changes;
  }

  get full(): boolean {
    return this.#bytes >= MAX_BYTES;
  }

  /** True if more may be read back. What came meanwhile does not count: it waits for what is to be read. */
  get hasRoom(): boolean {
    return this.loaded < MAX_BYTES;
  }

  enter(entry: Entry): void {
    this.#queue.push(entry);
    if (entry.ticket === undefined) this.unplaced++;
  }

  /** Puts an entry into the log, and before it those that come before it: the log has the order of the lane. */
  place(entry: Entry): void {
    if (entry.ticket !== undefined || entry.gone || entry.unstorable) return;
    this.#changes.placeBefore(this.#lane, entry);
    // It may have been placed, or given up, together with them.
    if (entry.ticket !== undefined || entry.gone) return;
    for (const next of this.#queue.takeUnplaced(entry)) {
      this.#bytes += next.body.byteLength;
      this.unplaced--;
      this.#backlog.append(next, this.#lane);
    }
  }

  /** Puts all that was accepted up to this number into the log. */
  placeThrough(number: number): void {
    const last = this.#queue.lastUnplaced(number);
    if (last !== undefined) this.place(last);
  }

  /** An entry could not be put into the log. */
  notPlaced(entry: Entry): void {
    this.#bytes -= entry.body.byteLength;
    this.unplaced++;
    entry.ticket?.release();
    entry.ticket = undefined;
    // What came after it may be in the log: behind that it would be out of order. It can only wait in memory.
    entry.unstorable = true;
  }

  load(entries: readonly Entry[], next: number): void {
    for (const entry of entries) this.#count(entry, entry.body.byteLength);
    this.#queue.load(entries, next);
  }

  /**
   * What can be read back leaves the memory; not what was read just now, unless `all` is to go. True if anything
   * did.
   */
  shed(all: boolean): boolean {
    const oldest = this.#backlog.firstPlace;
    const shed = this.#queue.shed((entry) => isSheddable(entry, oldest), all);
    for (const entry of shed) this.forget(entry);
    return shed.length > 0;
  }

  /** The entry goes for good. */
  leave(entry: Entry): void {
    if (entry.gone) return;
    this.forget(entry);
    entry.leave();
  }

  /** The entry goes, for good or to another lane. */
  forget(entry: Entry): void {
    if (entry.ticket === undefined) this.unplaced--;
    else this.#count(entry, -entry.body.byteLength);
  }

  /** Puts parts of an entry into its place: see {@link sift}. */
  divide(entry: Entry, bounded: boolean): readonly Entry[] | undefined {
    const parts = sift(entry, bounded);
    if (parts === undefined) return undefined;
    this.#queue.replace(entry, parts);
    entry.gone = true;
    this.#count(entry, -entry.body.byteLength);
    for (const part of parts) this.#count(part, part.body.byteLength);
    return parts;
  }

  #count(entry: Entry, bytes: number): void {
    this.#bytes += bytes;
    if (entry.missed) this.loaded += bytes;
  }
}
