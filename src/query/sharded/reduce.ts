import type { PointList } from "./point-list.ts";
import type { Point } from "./points.ts";
import { compareValues, type Value, wrap } from "./value.ts";

/** What InfluxDB computes of the points of one interval, at least one, in the order of time; undefined for no point. */
export type Reduce = (points: PointList) => Point | undefined;

/** A point without a time of its own: it gets that of the interval. */
const valued = (value: Value): Point => ({ time: UNTIMED, value });

/** In place of a time that InfluxDB gives the interval's. */
export const UNTIMED = -(2n ** 63n);

const median: Reduce = (points) => {
  if (points.length === 1) return valued(Number(points.value(0)));
  const middle = points.length / 2;
  const inOrder = points.sortedValues();
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
  if (typeof points.value(0) === "boolean") {
    let trues = 0;
    for (let at = 0; at < points.length; at++) if (points.value(at) === true) trues++;
    return valued(trues >= points.length - trues);
  }
  const byValue = (a: number, b: number) => compareValues(points.value(a), points.value(b));
  const inOrder = Uint32Array.from({ length: points.length }, (_, at) => at).sort(byValue);
  let run = inOrder[0] as number;
  let length = 0;
  let best = run;
  let mostOften = 0;
  for (const at of inOrder) {
    if (byValue(at, run) !== 0) {
      run = at;
      length = 1;
      continue;
    }
    length++;
    if (mostOften > length || (mostOften === length && points.time(run) > points.time(best))) continue;
    mostOften = length;
    best = at;
  }
  return valued(points.value(best));
};

const stddev: Reduce = (points) => {
  if (points.length < 2) return valued(Number.NaN);
  let mean = 0;
  for (let at = 0; at < points.length; at++) mean += (Number(points.value(at)) - mean) / (at + 1);
  let variance = 0;
  for (let at = 0; at < points.length; at++) variance += (Number(points.value(at)) - mean) ** 2;
  return valued(Math.sqrt(variance / (points.length - 1)));
};

/** Of points of one time the greatest value, and of booleans the least. */
function isBetterTie(a: Value, b: Value): boolean {
  return typeof a === "boolean" ? a === false && b === true : compareValues(a, b) > 0;
}

/** The point that is better than all before it. */
function choosing(isBetter: (b: number, a: number, points: PointList) => boolean): Reduce {
  return (points) => {
    let best = 0;
    for (let at = 1; at < points.length; at++) if (isBetter(at, best, points)) best = at;
    return points.point(best);
  };
}

const first = choosing((b, a, points) => {
  const [time, before] = [points.time(b), points.time(a)];
  return time < before || (time === before && isBetterTie(points.value(b), points.value(a)));
});
const last = choosing((b, a, points) => {
  const [time, before] = [points.time(b), points.time(a)];
  if (time !== before) return time > before;
  const [value, other] = [points.value(b), points.value(a)];
  return typeof value === "boolean" ? value && !other : isBetterTie(value, other);
});
const min = choosing((b, a, points) =>
  isEarlierBest(compareValues(points.value(b), points.value(a)), a, b, points),
);
const max = choosing((b, a, points) =>
  isEarlierBest(compareValues(points.value(a), points.value(b)), a, b, points),
);
const isEarlierBest = (order: number, a: number, b: number, points: PointList) =>
  order < 0 || (order === 0 && points.time(b) < points.time(a));

/** The nearest rank. Of equal values the earliest. */
export function percentile(percent: number): Reduce {
  return (points) => {
    const at = Math.floor((points.length * percent) / 100 + 0.5) - 1;
    const found = at < 0 ? undefined : points.sortedValues()[at];
    if (found === undefined) return undefined;
    let earliest = -1;
    for (let i = 0; i < points.length; i++) {
      if (compareValues(points.value(i), found) !== 0) continue;
      if (earliest < 0 || points.time(i) < points.time(earliest)) earliest = i;
    }
    return points.point(earliest);
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
