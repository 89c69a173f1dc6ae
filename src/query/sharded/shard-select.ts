import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select, Source } from "../../influxql/ast-select.ts";
import { callsIn, TRANSFORMATIONS, timeDimension } from "./functions.ts";
import { type Condition, splitCondition } from "./time-range.ts";
import type { Zone } from "./zone.ts";

/** `a AND b`, with what of it there is. */
export function and(left: Expression | undefined, right: Expression | undefined): Expression | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return { kind: "binary", operator: "AND", left: inParens(left), right: inParens(right) };
}

function inParens(expression: Expression): Expression {
  const isOr = expression.kind === "binary" && expression.operator === "OR";
  return isOr ? { kind: "paren", expression } : expression;
}

/** `time >= …` and the like. */
export function timeIs(operator: ">=" | "<=", ns: bigint): Expression {
  return {
    kind: "binary",
    operator,
    left: { kind: "reference", name: "time", type: undefined },
    right: { kind: "integer", value: ns },
  };
}

/**
 * Intervals of time without an end run until now on each server; with this bound, until the same moment on all. The
 * condition of what is bounded already stays as it is.
 */
export function boundTime(select: Select, now: bigint, zone: Zone | undefined, isBounded = false): Select {
  const condition: Condition | undefined = splitCondition(select.where, zone);
  const bounded = isBounded || condition === undefined || condition.max !== undefined;
  const runs = !bounded && timeDimension(select) !== undefined;
  const from = select.from.map(
    (source): Source =>
      source.kind === "subquery"
        ? { kind: "subquery", select: boundTime(source.select, now, zone, bounded || runs) }
        : source,
  );
  return { ...select, from, where: runs ? and(select.where, timeIs("<=", now)) : select.where };
}

/** With the intervals before the first one that transformations look at: of these times influxd asks for the types. */
export function withEarlier(select: Select, zone: Zone | undefined): Select {
  const length = timeDimension(select)?.args[0];
  const earlier = Math.max(
    0,
    ...select.fields.flatMap(({ expression }) => callsIn(expression).map(intervalsBefore)),
  );
  const condition = splitCondition(select.where, zone);
  if (length?.kind !== "duration" || earlier === 0 || condition === undefined) return select;
  const more = BigInt(earlier) * length.nanoseconds;
  const { rest, min, max } = condition;
  const [start, end] =
    select.order === "desc"
      ? [min, max === undefined ? max : max + more]
      : [min === undefined ? min : min - more, max];
  const from = start === undefined ? undefined : timeIs(">=", start);
  const to = end === undefined ? undefined : timeIs("<=", end);
  return { ...select, where: and(and(rest, from), to) };
}

function intervalsBefore({ name, args: [, count] }: Call): number {
  if (!TRANSFORMATIONS.has(name) || name === "cumulative_sum") return 0;
  return name === "moving_average" && count?.kind === "integer" ? Number(count.value) : 1;
}
