import { RANGES } from "../backend/handoff.ts";
import type { SpoolFacts, SpoolRecord } from "../spool/log.ts";
import { scopeOf } from "../spool/statement.ts";
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

  add(ranges: TimeRanges, record: SpoolRecord): void {
    const { body, destination } = record;
    const { db, rp, precision } = destination;
    if (record.statement) {
      for (const name of scopeOf(record) ?? [undefined]) ranges.addUnknown(name);
      return;
    }
    const span = timeRange(body, precision);
    if (span !== undefined) ranges.add(db, rp, span);
  }

  /** @throws {SpoolError} */
  store(): Promise<void> {
    return this.#facts.set(RANGES, { lost: this.lost.toJSON(), suspect: this.suspect.toJSON() });
  }
}
