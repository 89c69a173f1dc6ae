import type { SeriesMap } from "./series-map.ts";
import type { Value } from "./value.ts";

/** One value of a call or a field of one series; null where an interval is filled with nothing. */
export interface Point {
  readonly time: bigint;
  readonly value: Value;
  /** The columns that were asked for beside it. */
  readonly others?: readonly Value[];
}

/** The points of each series, in the order of the answer. */
export type Points = SeriesMap<readonly Point[]>;

/** What is computed with beside the points. Times in nanoseconds, inclusive. */
export interface TimeFrame {
  readonly start: bigint;
  readonly end: bigint;
  readonly ascending: boolean;
}
