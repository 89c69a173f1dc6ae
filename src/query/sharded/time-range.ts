import type { Binary, Expression } from "../../influxql/ast-expression.ts";
import { looksLikeTime, parseTime } from "./time-literal.ts";
import type { Zone } from "./zone.ts";

/** The bounds of time as InfluxDB has them, in nanoseconds. */
export const MIN_TIME = -(2n ** 63n) + 2n;
export const MAX_TIME = 2n ** 63n - 2n;

/** A condition, taken apart as influxd does: its times are one range, wherever in it they stand. */
export interface Condition {
  /** What is left of it; undefined if nothing is. */
  readonly rest: Expression | undefined;
  /** Nanoseconds, inclusive; undefined if it is open. */
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

/** Undefined for one that is not understood. `now()` must have been replaced. */
export function splitCondition(where: Expression | undefined, zone: Zone | undefined): Condition | undefined {
  if (where === undefined) return { rest: undefined, min: undefined, max: undefined };
  if (where.kind === "paren") {
    const inner = splitCondition(where.expression, zone);
    if (inner?.rest === undefined) return inner;
    return { ...inner, rest: { kind: "paren", expression: inner.rest } };
  }
  if (where.kind !== "binary") return { rest: where, min: undefined, max: undefined };
  return splitBinary(where, zone);
}

function splitBinary(root: Binary, zone: Zone | undefined): Condition | undefined {
  const spine: Binary[] = [];
  let node: Expression = root;
  for (; node.kind === "binary" && (node.operator === "AND" || node.operator === "OR"); node = node.left) {
    spine.push(node);
  }
  let condition = node.kind === "binary" ? splitComparison(node, zone) : splitCondition(node, zone);
  for (let at = spine.length - 1; at >= 0; at -= 1) {
    const { operator, right } = spine[at] as Binary;
    const other = splitCondition(right, zone);
    if (condition === undefined || other === undefined) return undefined;
    condition = join(operator, condition, other);
  }
  return condition;
}

function join(operator: Binary["operator"], left: Condition, right: Condition): Condition {
  const rest =
    left.rest === undefined || right.rest === undefined
      ? (left.rest ?? right.rest)
      : ({ kind: "binary", operator, left: left.rest, right: right.rest } as const);
  return { rest, min: later(left.min, right.min), max: earlier(left.max, right.max) };
}

export const later = (a: bigint | undefined, b: bigint | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : a > b ? a : b;
export const earlier = (a: bigint | undefined, b: bigint | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : a < b ? a : b;

const SWAPPED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=" };

function splitComparison(comparison: Binary, zone: Zone | undefined): Condition | undefined {
  const { operator, left, right } = comparison;
  if (isTime(left)) return rangeOf(operator, timeOf(right, zone));
  if (isTime(right)) return rangeOf(SWAPPED[operator] ?? "", timeOf(left, zone));
  return { rest: comparison, min: undefined, max: undefined };
}

const isTime = (expression: Expression): boolean =>
  expression.kind === "reference" && expression.name.toLowerCase() === "time";

function rangeOf(operator: string, time: bigint | undefined): Condition | undefined {
  if (time === undefined) return undefined;
  const open = { rest: undefined, min: undefined, max: undefined };
  switch (operator) {
    case ">":
      return { ...open, min: time + 1n };
    case ">=":
      return { ...open, min: time };
    case "<":
      return { ...open, max: time - 1n };
    case "<=":
      return { ...open, max: time };
    case "=":
      return { ...open, min: time, max: time };
    default:
      return undefined;
  }
}

function timeOf(expression: Expression, zone: Zone | undefined): bigint | undefined {
  const value = evaluateMoment(expression, zone);
  if (value === undefined || value.ns < MIN_TIME || value.ns > MAX_TIME) return undefined;
  return value.ns;
}

/** What a constant in a condition or dimension comes to. */
export interface Moment {
  readonly kind: "time" | "duration" | "integer";
  readonly ns: bigint;
}

/** Undefined for what is no constant, and for what nobody writes. */
export function evaluateMoment(expression: Expression, zone: Zone | undefined): Moment | undefined {
  switch (expression.kind) {
    case "paren":
      return evaluateMoment(expression.expression, zone);
    case "string": {
      if (!looksLikeTime(expression.value)) return undefined;
      const ns = parseTime(expression.value, zone);
      return ns === undefined ? undefined : { kind: "time", ns };
    }
    case "duration":
      return { kind: "duration", ns: expression.nanoseconds };
    case "integer":
      return { kind: "integer", ns: expression.value };
    case "number":
      return Math.abs(expression.value) < 2 ** 63
        ? { kind: "integer", ns: BigInt(Math.trunc(expression.value)) }
        : undefined;
    case "binary":
      return combine(
        expression,
        evaluateMoment(expression.left, zone),
        evaluateMoment(expression.right, zone),
      );
    default:
      return undefined;
  }
}

function combine(
  { operator }: Binary,
  left: Moment | undefined,
  right: Moment | undefined,
): Moment | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (operator !== "+" && operator !== "-") {
    // A duration may be so many times another.
    const isProduct =
      operator === "*" && left.kind !== "time" && right.kind !== "time" && left.kind !== right.kind;
    return isProduct ? { kind: "duration", ns: left.ns * right.ns } : undefined;
  }
  if (right.kind === "time" && (left.kind !== "duration" || operator === "-")) return undefined;
  const ns = operator === "+" ? left.ns + right.ns : left.ns - right.ns;
  const kinds = [left.kind, right.kind];
  return { kind: kinds.includes("time") ? "time" : kinds.includes("duration") ? "duration" : "integer", ns };
}
