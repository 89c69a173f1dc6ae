import type { Point } from "./points.ts";
import type { Interval } from "./window.ts";
import { windowEnd, windowStart } from "./window.ts";

/** The line through two points, at a time. */
function between(
  time: bigint,
  a: { time: bigint; value: number },
  b: { time: bigint; value: number },
): number {
  const slope = (b.value - a.value) / Number(b.time - a.time);
  return slope * Number(time - a.time) + a.value;
}

/**
 * The area under the points, which are in the order of the answer, in each interval: as influxd measures it, with
 * trapezes, cut where intervals end. The last point of a time counts.
 * @param unit of the time, in nanoseconds
 */
export function integral(
  points: readonly Point[],
  unit: bigint,
  interval: Interval | undefined,
  ascending: boolean,
): readonly Point[] {
  const out: Point[] = [];
  let previous: { time: bigint; value: number } | undefined;
  let sum = 0;
  let start = 0n;
  let end = 0n;
  const move = (time: bigint) => {
    if (interval === undefined) return;
    const edges = [windowStart(time, interval), windowEnd(time, interval)] as const;
    [start, end] = ascending ? edges : [edges[1], edges[0]];
  };
  for (const { time, value } of points) {
    const point = { time, value: Number(value) };
    if (previous === undefined) {
      previous = point;
      move(time);
      continue;
    }
    if (previous.time === time) {
      previous = point;
      continue;
    }
    if (interval !== undefined && (ascending ? time >= end : time <= end)) {
      if (previous.time !== end) {
        const edge = between(end, previous, point);
        sum += 0.5 * (edge + previous.value) * (Number(end - previous.time) / Number(unit));
        previous = { time: end, value: edge };
      }
      out.push({ time: start, value: sum });
      move(time);
      sum = 0;
    }
    sum += 0.5 * (point.value + previous.value) * (Number(time - previous.time) / Number(unit));
    previous = point;
  }
  if (previous !== undefined && previous.time !== start) out.push({ time: start, value: sum });
  return out;
}
