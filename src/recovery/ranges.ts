import type { TimeRange } from "../spool/time-ranges.ts";
import { earliest, latest } from "./windows.ts";

/** True if two names of a database, or of a policy, may be the same one; a policy without a name is the default one. */
const mayBe = (a: string, b: string, nameless: boolean): boolean =>
  a === b || a === "*" || b === "*" || (nameless && (a === "" || b === ""));

/** True if something may be in both ranges. */
export const mayOverlap = (a: TimeRange, b: TimeRange): boolean =>
  isSamePlace(a, b) && a.minNs <= b.maxNs && b.minNs <= a.maxNs;

const isSamePlace = (a: TimeRange, b: TimeRange): boolean =>
  mayBe(a.db, b.db, false) && mayBe(a.rp, b.rp, true);

/** The parts of a range that are in none of the others for sure. */
export function outside(range: TimeRange, others: readonly TimeRange[]): TimeRange[] {
  let left = [range];
  for (const other of others) {
    left = left.flatMap((part) => {
      if (!mayOverlap(part, other)) return [part];
      const parts: TimeRange[] = [];
      if (part.minNs < other.minNs) parts.push({ ...part, maxNs: other.minNs - 1n });
      if (part.maxNs > other.maxNs) parts.push({ ...part, minNs: other.maxNs + 1n });
      return parts;
    });
  }
  return left;
}

/** The part of a range that may be in another one as well. */
export function shared(range: TimeRange, other: TimeRange): TimeRange {
  const minNs = latest(range.minNs, other.minNs);
  const maxNs = earliest(range.maxNs, other.maxNs);
  return { ...range, minNs, maxNs };
}
