import type { Call } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { isRaw, timeDimension } from "./functions.ts";
import { splitCondition } from "./time-range.ts";

/** Of a range of time, in nanoseconds; undefined if it is open. */
type Start = bigint | "unknown" | undefined;

/**
 * Functions without intervals, of a subquery whose first interval may begin before the time range of the query does.
 * InfluxDB 1.6 ends such an answer at the first point that is too early (measured): what is missing then, over a shard
 * is another part than over all data.
 */
export function hasEarlyIntervals(
  select: Select,
  around?: Start,
  isZoned = select.timeZone !== undefined,
): boolean {
  const start = startOf(select, around, isZoned);
  const isReduced = !isRaw(select) && timeDimension(select) === undefined && start !== undefined;
  return select.from.some(
    (source) =>
      source.kind === "subquery" &&
      ((isReduced && beginsEarly(source.select, start)) || hasEarlyIntervals(source.select, start, isZoned)),
  );
}

/** Points of the query may be of a time before the start. */
function beginsEarly(select: Select, start: bigint | "unknown"): boolean {
  if (!isRaw(select)) {
    const interval = timeDimension(select);
    return interval !== undefined && !isAligned(start, interval);
  }
  return select.from.some((source) => source.kind === "subquery" && beginsEarly(source.select, start));
}

function isAligned(start: bigint | "unknown", { args: [length, shift] }: Call): boolean {
  const duration = length?.kind === "duration" ? length.nanoseconds : 0n;
  return start !== "unknown" && shift === undefined && duration > 0n && start % duration === 0n;
}

/** Of the query's own condition and of those around it. Times with `now()` and of a time zone are not looked into. */
function startOf({ where }: Select, around: Start, isZoned: boolean): Start {
  const condition = splitCondition(where, undefined);
  if (condition === undefined) return "unknown";
  const { min } = condition;
  if (min === undefined) return around;
  if (isZoned || around === "unknown") return "unknown";
  return around === undefined || min > around ? min : around;
}
