import type { Entry } from "./entry.ts";
import { records } from "./sift.ts";

/** Entries that move to another lane, and so to another log: each stays in this one until it is safe there. */
export class Departures {
  readonly #volatile: boolean;
  /** Where those are that are not safe yet. */
  readonly #leaving = new Set<{ readonly first: number }>();
  /** Called when one is safe, or gone. */
  readonly #arrived: () => void;

  constructor(volatile: boolean, arrived: () => void) {
    this.#volatile = volatile;
    this.#arrived = arrived;
  }

  get any(): boolean {
    return this.#leaving.size > 0;
  }

  /** The first place in the log that still has to be delivered, if `first` is that of those which stay. */
  firstPlace(first: number | undefined): number | undefined {
    let lowest = first;
    for (const place of this.#leaving) if (lowest === undefined || place.first < lowest) lowest = place.first;
    return lowest;
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
    const place = { first: ticket.first };
    this.#leaving.add(place);
    entry.onArrival = () => {
      this.#leaving.delete(place);
      ticket.release();
      this.#arrived();
    };
  }
}
