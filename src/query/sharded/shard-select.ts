import type { Expression } from "../../influxql/ast-expression.ts";
import type { Select, Source } from "../../influxql/ast-select.ts";
import { timeDimension } from "./functions.ts";
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
