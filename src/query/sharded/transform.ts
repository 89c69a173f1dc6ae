import { add, subtract } from "./combine.ts";
import type { Point } from "./points.ts";
import type { Value } from "./value.ts";

/** Makes points of the points of a series, which are in the order of the answer and none of which is null. */
export type Transform = (points: readonly Point[]) => readonly Point[];

/** A point of a time that was before says nothing new. */
function* pairs(points: readonly Point[]): Generator<readonly [Point, Point]> {
  let previous: Point | undefined;
  for (const point of points) {
    if (point.time === previous?.time) continue;
    if (previous !== undefined) yield [previous, point];
    previous = point;
  }
}

export function derivative(unit: bigint, nonNegative: boolean, ascending: boolean): Transform {
  return (points) => {
    const out: Point[] = [];
    for (const [previous, { time, value }] of pairs(points)) {
      const change = Number(subtract(value, previous.value));
      const elapsed = ascending ? time - previous.time : previous.time - time;
      if (nonNegative && change < 0) continue;
      out.push({ time, value: change / (Number(elapsed) / Number(unit)) });
    }
    return out;
  };
}

export function difference(nonNegative: boolean): Transform {
  return (points) => {
    const out: Point[] = [];
    for (const [previous, { time, value }] of pairs(points)) {
      const change = subtract(value, previous.value);
      // What is no number is not negative either.
      if (!nonNegative || !(Number(change) < 0)) out.push({ time, value: change });
    }
    return out;
  };
}

/** Adds and takes away as InfluxDB does, for floats do not forget what was added once. */
export function movingAverage(count: number): Transform {
  return (points) => {
    const out: Point[] = [];
    let sum: Value = typeof points[0]?.value === "bigint" ? 0n : 0;
    points.forEach(({ time, value }, at) => {
      if (at >= count) sum = subtract(sum, points[at - count]?.value ?? 0);
      sum = add(sum, value);
      if (at >= count - 1) out.push({ time, value: Number(sum) / count });
    });
    return out;
  };
}

export const cumulativeSum: Transform = (points) => {
  let sum: Value = typeof points[0]?.value === "bigint" ? 0n : 0;
  return points.map(({ time, value }) => {
    sum = add(sum, value);
    return { time, value: sum };
  });
};

export function elapsed(unit: bigint): Transform {
  return (points) =>
    points.slice(1).map(({ time }, at) => ({ time, value: (time - (points[at]?.time ?? time)) / unit }));
}
