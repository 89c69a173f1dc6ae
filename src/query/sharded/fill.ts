import type { Fill } from "../../influxql/ast-select.ts";
import type { Point, TimeFrame } from "./points.ts";
import { StatementError } from "./shard-answer.ts";
import { MIN_TIME } from "./time-range.ts";
import type { Value } from "./value.ts";
import { type Interval, WindowWalk, windowStart } from "./window.ts";

/** Of a number for fill, as a value of the type of the points. */
export function castFill(value: number | bigint, like: Value): Value {
  if (typeof like === "bigint") return typeof value === "bigint" ? value : BigInt(Math.trunc(value));
  if (typeof like === "number") return Number(value);
  return value;
}

/**
 * The points of a series with one for each interval of a frame, as influxd fills them: from the beginning of the frame,
 * or without one from the first point, to the end of it.
 * @param fill not `none`
 * @param most the most points that may come of it
 */
export function fillPoints(
  points: readonly Point[],
  fill: Fill,
  interval: Interval,
  { start, end, ascending }: TimeFrame,
  most: number,
): readonly Point[] {
  const first = points[0];
  if (first === undefined) return points;
  const from = windowStart(ascending ? start : end, interval);
  const to = ascending
    ? windowStart(end, interval)
    : start === MIN_TIME
      ? undefined
      : windowStart(start, interval);
  const walk = new WindowWalk(
    from === MIN_TIME ? windowStart(first.time, interval) : from,
    interval,
    ascending,
  );
  const missing = new Missing(points, fill, interval);
  const out: Point[] = [];
  for (let at = 0; ; ) {
    if (out.length > most) throw new StatementError("GROUP BY time has too many intervals to be filled");
    const next = points[at];
    const isInside = to !== undefined && (ascending ? walk.time <= to : walk.time >= to);
    if (next === undefined && !isInside) return out;
    const isAhead = next !== undefined && (ascending ? next.time > walk.time : next.time < walk.time);
    if (next === undefined || isAhead) out.push(missing.at(walk.time, at));
    else {
      out.push(next);
      at++;
    }
    walk.next();
  }
}

/** What stands in for an interval without a point. */
class Missing {
  readonly #points: readonly Point[];
  readonly #fill: Fill;
  readonly #duration: bigint;
  readonly #like: Value;

  constructor(points: readonly Point[], fill: Fill, { duration }: Interval) {
    this.#points = points;
    this.#fill = fill;
    this.#duration = duration;
    this.#like = points.find(({ value }) => value !== null)?.value ?? null;
  }

  /** @param index of the next point */
  at(time: bigint, index: number): Point {
    return { time, value: this.#value(time, this.#points[index - 1], this.#points[index]) };
  }

  #value(time: bigint, previous: Point | undefined, next: Point | undefined): Value {
    const fill = this.#fill;
    switch (fill.kind) {
      case "value":
        if (typeof this.#like === "string") return "";
        return typeof this.#like === "boolean" ? false : castFill(fill.value.value, this.#like);
      case "previous":
        return previous?.value ?? null;
      case "linear":
        return previous === undefined || next === undefined ? null : this.#line(time, previous, next);
      default:
        return null;
    }
  }

  #line(time: bigint, previous: Point, next: Point): Value {
    const [a, b] = [previous.value, next.value];
    if ((typeof a !== "number" && typeof a !== "bigint") || (typeof b !== "number" && typeof b !== "bigint"))
      return null;
    const [x, x0, x1] = [time, previous.time, next.time].map((at) => at / this.#duration) as [
      bigint,
      bigint,
      bigint,
    ];
    const change = typeof a === "bigint" && typeof b === "bigint" ? Number(b - a) : Number(b) - Number(a);
    const value = (change / Number(x1 - x0)) * Number(x - x0) + Number(a);
    return typeof a === "bigint" ? BigInt(Math.trunc(value)) : value;
  }
}
