import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { walk } from "../../influxql/walk.ts";

/** Functions of one row. All others are of many. */
const MATH: ReadonlySet<string> = new Set([
  "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "exp", "floor", "ln", "log", "log10", "log2", "pow", "round",
  "sin", "sqrt", "tan",
]); // biome-ignore format: a list
/** Those of a row that every machine computes to the same bits. */
export const EXACT_MATH: ReadonlySet<string> = new Set(["abs", "ceil", "floor", "round", "sqrt"]);

/** Merged from what each shard says of its own points. */
export const MERGEABLE: ReadonlySet<string> = new Set(["count", "sum", "mean", "min", "max", "spread"]);
/** Choose a point, whose time shows if they stand alone and without GROUP BY time. */
export const SELECTORS: ReadonlySet<string> = new Set([
  "min",
  "max",
  "first",
  "last",
  "percentile",
  "top",
  "bottom",
  "sample",
]);
/** Computed from the points themselves. */
export const FROM_ROWS: ReadonlySet<string> = new Set([
  "median",
  "mode",
  "stddev",
  "percentile",
  "first",
  "last",
  "integral",
]);
/** Of a row of values in the order of time. */
export const TRANSFORMATIONS: ReadonlySet<string> = new Set([
  "derivative",
  "non_negative_derivative",
  "difference",
  "non_negative_difference",
  "moving_average",
  "cumulative_sum",
  "elapsed",
]);
export const RANKS: ReadonlySet<string> = new Set(["top", "bottom"]);

export const isMath = ({ name }: Call): boolean => MATH.has(name);

/** `DISTINCT u` is the call `distinct(u)`. */
export function asCall(expression: Expression): Call | undefined {
  if (expression.kind === "call") return expression;
  if (expression.kind !== "distinct") return undefined;
  return {
    kind: "call",
    name: "distinct",
    args: [{ kind: "reference", name: expression.name, type: undefined }],
  };
}

/** The outermost calls of an expression that are of many rows, in its order. */
export function callsIn(expression: Expression): readonly Call[] {
  const calls: Call[] = [];
  walk(expression, (node) => {
    const call = node.kind === "call" || node.kind === "distinct" ? asCall(node) : undefined;
    if (call === undefined || isMath(call)) return true;
    calls.push(call);
    return false;
  });
  return calls;
}

/** The fields and tags of an expression that are in no call of many rows. */
export function referencesIn(expression: Expression): readonly Expression[] {
  const references: Expression[] = [];
  walk(expression, (node) => {
    if (node.kind === "reference" && node.name !== "time") references.push(node);
    return node.kind !== "call" || isMath(node);
  });
  return references;
}

/** The query has a row for each of its points. */
export const isRaw = ({ fields }: Select): boolean =>
  fields.every(({ expression }) => callsIn(expression).length === 0);

/** A `*` or a regular expression that stands for columns. */
export function isWildcard(expression: Expression): boolean {
  return expression.kind === "wildcard" || expression.kind === "regex";
}

/** `*` or a regular expression somewhere in a column. */
export function hasFieldWildcard({ fields }: Select): boolean {
  let found = false;
  for (const { expression } of fields) {
    walk(expression, (node) => {
      found ||= node.kind === "wildcard" || node.kind === "regex";
      return !found;
    });
  }
  return found;
}

export const hasDimensionWildcard = ({ groupBy }: Select): boolean => groupBy.some(isWildcard);

/** `time(...)` of GROUP BY. */
export function timeDimension({ groupBy }: Select): Call | undefined {
  return groupBy.find(
    (dimension): dimension is Call => dimension.kind === "call" && dimension.name === "time",
  );
}
