import { RANGES } from "../backend/handoff.ts";
import type { SpoolFacts, SpoolRecord } from "../spool/log.ts";
import { TimeRanges } from "../spool/time-ranges.ts";
import { timeRange } from "../write/points.ts";

/** The ranges in which a backend differs from its replicas, or may, as they are among the facts. */
export class RememberedRanges {
  readonly lost = new TimeRanges();
  readonly suspect = new TimeRanges();
  readonly #facts: SpoolFacts;

  constructor(facts: SpoolFacts) {
    this.#facts = facts;
    this.lost.restore(facts.get(RANGES), "lost");
    this.suspect.restore(facts.get(RANGES), "suspect");
  }

  add(ranges: TimeRanges, { body, destination: { db, rp, precision } }: SpoolRecord): void {
    const span = timeRange(body, precision);
    if (span !== undefined) ranges.add(db, rp, span);
  }

  /** @throws {SpoolError} */
  store(): Promise<void> {
    return this.#facts.set(RANGES, { lost: this.lost.toJSON(), suspect: this.suspect.toJSON() });
  }
}
