import type { Point } from "./points.ts";
import { compareValues, type Value, wrap } from "./value.ts";

/** What InfluxDB computes of the points of one interval, which are in the order of time; undefined for no point. */
export type Reduce = (points: readonly Point[]) => Point | undefined;

/** A point without a time of its own: it gets that of the interval. */
const valued = (value: Value): Point => ({ time: UNTIMED, value });

/** In place of a time that InfluxDB gives the interval's. */
export const UNTIMED = -(2n ** 63n);

const sorted = (points: readonly Point[]): Point[] =>
  points.toSorted((a, b) => compareValues(a.value, b.value));

/** Floats, of which there may be a million, in a form that is sorted fast. */
function sortedValues(points: readonly Point[]): ArrayLike<Value> {
  const values = points.map(({ value }) => value);
  return values.every((value) => typeof value === "number")
    ? Float64Array.from(values).sort()
    : values.sort(compareValues);
}

const median: Reduce = (points) => {
  if (points.length === 1) return valued(Number(points[0]?.value));
  const middle = points.length / 2;
  const inOrder = sortedValues(points);
  if (points.length % 2 === 1) return valued(Number(inOrder[Math.floor(middle)]));
  const low = inOrder[middle - 1] ?? 0;
  const high = inOrder[middle] ?? 0;
  const between =
    typeof low === "bigint" && typeof high === "bigint"
      ? Number(wrap(high - low))
      : Number(high) - Number(low);
  return valued(Number(low) + between / 2);
};

/**
 * The value that comes most often; one that comes once is so only if it is the least. Of those that come as often, the
 * one whose first point is not later than the last of the best so far: so influxd decides.
 */
const mode: Reduce = (points) => {
  if (typeof points[0]?.value === "boolean") {
    const trues = points.filter(({ value }) => value === true).length;
    return valued(trues >= points.length - trues);
  }
  const inOrder = sorted(points);
  let run = inOrder[0] as Point;
  let length = 0;
  let best = run;
  let mostOften = 0;
  for (const point of inOrder) {
    if (compareValues(point.value, run.value) !== 0) {
      run = point;
      length = 1;
      continue;
    }
    length++;
    if (mostOften > length || (mostOften === length && run.time > best.time)) continue;
    mostOften = length;
    best = point;
  }
  return valued(best.value);
};

const stddev: Reduce = (points) => {
  if (points.length < 2) return valued(Number.NaN);
  let mean = 0;
  points.forEach(({ value }, at) => {
    mean += (Number(value) - mean) / (at + 1);
  });
  const variance = points.reduce((sum, { value }) => sum + (Number(value) - mean) ** 2, 0);
  return valued(Math.sqrt(variance / (points.length - 1)));
};

/** Of points of one time the greatest value, and of booleans the least. */
function isBetterTie(a: Value, b: Value): boolean {
  return typeof a === "boolean" ? a === false && b === true : compareValues(a, b) > 0;
}

const first: Reduce = (points) =>
  points.reduce((a, b) => (b.time < a.time || (b.time === a.time && isBetterTie(b.value, a.value)) ? b : a));
const last: Reduce = (points) =>
  points.reduce((a, b) =>
    b.time > a.time ||
    (b.time === a.time &&
      (typeof b.value === "boolean" ? b.value && !a.value : isBetterTie(b.value, a.value)))
      ? b
      : a,
  );
const min: Reduce = (points) =>
  points.reduce((a, b) => (isEarlierBest(compareValues(b.value, a.value), a, b) ? b : a));
const max: Reduce = (points) =>
  points.reduce((a, b) => (isEarlierBest(compareValues(a.value, b.value), a, b) ? b : a));
const isEarlierBest = (order: number, a: Point, b: Point) => order < 0 || (order === 0 && b.time < a.time);

/** The nearest rank. Of equal values the earliest. */
export function percentile(percent: number): Reduce {
  return (points) => {
    const at = Math.floor((points.length * percent) / 100 + 0.5) - 1;
    const found = at < 0 ? undefined : sorted(points)[at];
    if (found === undefined) return undefined;
    const equals = points.filter(({ value }) => compareValues(value, found.value) === 0);
    return equals.reduce((a, b) => (b.time < a.time ? b : a));
  };
}

/** Functions that need the points themselves, and those that choose one. */
export const REDUCTIONS: ReadonlyMap<string, Reduce> = new Map([
  ["median", median],
  ["mode", mode],
  ["stddev", stddev],
  ["first", first],
  ["last", last],
  ["min", min],
  ["max", max],
]);
