import type { Entry } from "./entry.ts";
import { EntryQueue } from "./queue.ts";
import { records } from "./sift.ts";

/** Where an entry is that is not safe in the other log yet. */
interface Leaving {
  readonly place: number;
  /** It arrived there. */
  gone: boolean;
}

/** Entries that move to another lane, and so to another log: each stays in this one until it is safe there. */
export class Departures {
  readonly #volatile: boolean;
  /** In the order of the log, which is that of the lane. */
  readonly #leaving = new EntryQueue<Leaving>();
  /** Called when one is safe, or gone. */
  readonly #arrived: () => void;

  constructor(volatile: boolean, arrived: () => void) {
    this.#volatile = volatile;
    this.#arrived = arrived;
  }

  get any(): boolean {
    return this.#leaving.peek() !== undefined;
  }

  /** The first place in the log that still has to be delivered, if `first` is that of those which stay. */
  firstPlace(first: number | undefined): number | undefined {
    const place = this.#leaving.peek()?.place;
    return place === undefined || (first !== undefined && first < place) ? first : place;
  }

  /** The entries as they move, one for each record, without their places; and which of them `failed`. */
  take(entries: readonly Entry[], failed: ReadonlySet<Entry>) {
    const moved: Entry[] = [];
    const stillFailed = new Set<Entry>();
    for (const entry of entries) {
      for (const part of records(entry)) {
        this.#depart(part);
        moved.push(part);
        if (failed.has(entry)) stillFailed.add(part);
      }
    }
    return { moved, stillFailed };
  }

  #depart(entry: Entry): void {
    const { ticket } = entry;
    if (ticket === undefined) return;
    entry.ticket = undefined;
    if (this.#volatile) {
      ticket.release();
      return;
    }
    const leaving: Leaving = { place: ticket.first, gone: false };
    this.#leaving.push(leaving);
    entry.onArrival = () => {
      leaving.gone = true;
      ticket.release();
      this.#arrived();
    };
  }
}
