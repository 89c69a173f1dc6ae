import type { SpoolError } from "../errors.ts";
import type { Entry, EntryOwner } from "./entry.ts";
import type { Gap } from "./lane-queue.ts";
import type { Ticket } from "./ticket.ts";

/** What a backlog and its parts know of a lane. */
export interface BacklogLane extends EntryOwner {
  readonly db: string;
  /** The keys under which it is found: see `Backlog.keyOf`. */
  readonly destinations: Set<string>;
  /** Records that it has in the log. */
  records: number;
  /** True when something was delivered since its position was made durable. */
  unsettled: boolean;
  /** The part of it that is in the log only. */
  readonly gap: Gap | undefined;
  /** The first place in the log that still has to be delivered. */
  readonly firstPlace: number | undefined;
  /** True if nothing is left in it of what its backend accepted up to this number. */
  readonly hasPassed: (through: number) => boolean;
  /** True when it can send, and has room for more records from the log. */
  readonly hungry: boolean;
  /** Below this place it may go on: a change is there. */
  readonly limit: number;
  /** Bytes that were read from the log and not delivered. */
  readonly loadedBytes: number;
  /** Takes records that were read; the log was read for it up to `next`. */
  load(entries: readonly Entry[], next: number): void;
  /** An entry is in the log, or could not be put there. */
  stored(entry: Entry, ticket: Ticket, error: SpoolError | undefined): void;
  /** Adds its entries in memory that are in the log below `place`. */
  collectBelow(place: number, entries: Map<number, Entry>): void;
  /** Nothing below `place` is in the log any more. */
  skipTo(place: number): void;
}
