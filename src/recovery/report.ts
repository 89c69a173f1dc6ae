import { readable } from "./bytes.ts";
import type { RowDifference } from "./diff.ts";
import { compareText } from "./line-writer.ts";
import type { SchemaDifference } from "./schema.ts";
import type { Totals } from "./state.ts";
import type { Slice } from "./sums.ts";
import type { Unit } from "./unit.ts";
import { compareTimes } from "./windows.ts";

/** Differences that a report lists one by one. */
const MAX_LISTED = 1_000;

/** A part of a measurement that is not the same on both servers. Everything in a report is plain text or a number. */
export interface PointDifference {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
  /** Nanoseconds since 1970; the end does not belong to it. */
  readonly start: string;
  readonly end: string;
  readonly sourcePoints: number;
  readonly targetPoints: number;
  /** Rows by what is with them, if they were compared one by one. */
  readonly rows?: Readonly<Record<RowDifference, number>>;
  /** A few of them, in line protocol. */
  readonly samples?: readonly string[];
  /** Why it could not be repaired. */
  readonly reason?: string;
}

export interface CompareReport {
  readonly source: string;
  readonly target: string;
  readonly equal: boolean;
  readonly schema: readonly SchemaDifference[];
  /** Ordered by place and time; the first ones. */
  readonly differences: readonly PointDifference[];
  readonly omitted: number;
  /** Measurements in windows of time that were compared. */
  readonly units: number;
  /** Points of the source that are older than the target's policy keeps. */
  readonly expired: number;
  /** What could not be compared, and why. */
  readonly notices: readonly string[];
  readonly ms: number;
}

export interface RecoverReport extends CompareReport {
  readonly copied: Totals;
  readonly dryRun: boolean;
  /** It went on where an interrupted one was. */
  readonly continued: boolean;
  /** Statements that made what the target missed, or would. */
  readonly statements: readonly string[];
  /** Units that differed at the beginning. */
  readonly differing: number;
  /** Points that the first comparison found to be copied. */
  readonly pointsToCopy: number;
}

/** A list that does not grow for ever. */
export class Listed {
  readonly #found: PointDifference[] = [];
  omitted = 0;

  add(difference: PointDifference): void {
    if (this.#found.length < MAX_LISTED) this.#found.push(difference);
    else this.omitted++;
  }

  /** As people look for them: by place, then by time. */
  get differences(): PointDifference[] {
    const key = ({ db, rp, measurement }: PointDifference) => `${db}\0${rp}\0${measurement}`;
    return this.#found.toSorted(
      (a, b) => compareText(key(a), key(b)) || compareTimes(BigInt(a.start), BigInt(b.start)),
    );
  }

  get empty(): boolean {
    return this.#found.length === 0;
  }
}

export function pointDifference(
  { db, rp, measurement }: Pick<Unit, "db" | "rp" | "measurement">,
  { start, end, sourcePoints, targetPoints }: Omit<Slice, "values">,
  more: Pick<PointDifference, "rows" | "samples" | "reason"> = {},
): PointDifference {
  return {
    ...{ db: readable(db), rp: readable(rp), measurement: readable(measurement) },
    ...{ start: `${start}`, end: `${end}`, sourcePoints, targetPoints },
    ...more,
  };
}

/** A difference of schemas in plain text. */
export function readableSchema(difference: SchemaDifference): SchemaDifference {
  const text = (value: string | undefined) => (value === undefined ? undefined : readable(value));
  const { name, db, source, target } = difference;
  return { ...difference, name: readable(name), db: text(db), source: text(source), target: text(target) };
}
