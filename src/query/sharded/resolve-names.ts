import type { CastType, Expression } from "../../influxql/ast-expression.ts";
import type { Select, Source } from "../../influxql/ast-select.ts";
import { rewriteSelect } from "../../influxql/rewrite.ts";
import { walk } from "../../influxql/walk.ts";
import { describeFields } from "./describe.ts";
import { expandWildcards } from "./expand.ts";
import type { FieldSet } from "./field-set.ts";
import {
  callsIn,
  hasDimensionWildcard,
  hasFieldWildcard,
  isRaw,
  referencesIn,
  TRANSFORMATIONS,
} from "./functions.ts";
import { askRows, type RunContext } from "./run-context.ts";
import { and, boundTime, timeIs, withEarlier } from "./shard-select.ts";
import { type Condition, earlier, later, splitCondition } from "./time-range.ts";
import { zoneOf } from "./zone.ts";

/**
 * The query with the same meaning on all shards: with the columns and dimensions that wildcards stand for, the types
 * of fields, and an end of its times.
 *
 * A shard that has no point with a field does not know it: it would take a name in WHERE for a tag that all of its
 * points lack.
 * @throws StatementError
 */
export async function resolveNames(
  select: Select,
  shards: readonly number[],
  context: RunContext,
): Promise<Select> {
  return resolve(boundTime(select, context.now, zoneOf(select.timeZone)), shards, context);
}

/** The times that a query is about. */
type Times = Pick<Condition, "min" | "max">;
const ALWAYS: Times = { min: undefined, max: undefined };

/**
 * @param typed whether the types of its columns matter to the query that it is in
 * @param around the times of that query: influxd takes the types that fields have then
 */
async function resolve(
  select: Select,
  shards: readonly number[],
  context: RunContext,
  typed = false,
  around = ALWAYS,
): Promise<Select> {
  const needsTypes = typed || fillsByType(select) || calculates(select);
  if (select.from.some(({ kind }) => kind === "subquery")) {
    const { min, max } = splitCondition(select.where, zoneOf(select.timeZone)) ?? ALWAYS;
    const times = { min: later(min, around.min), max: earlier(max, around.max) };
    const from = select.from.map(async (source): Promise<Source> => {
      if (source.kind !== "subquery") return source;
      // A row without a value is one too, but only of a column that is known.
      const inner = await resolveInner(source.select, shards, context, needsTypes || isRaw(select), times);
      return { kind: "subquery", select: inner };
    });
    return { ...select, from: await Promise.all(from) };
  }
  const isWild = hasFieldWildcard(select) || hasDimensionWildcard(select);
  const isMany = select.from.length > 1 || select.from[0]?.kind === "measurement-regex";
  if (!isWild && !isMany && !needsTypes && !hasUntyped(select.where)) return select;
  const known = await describe(select, shards, context, around);
  return withTypes(isWild ? expandWildcards(select, known) : select, known, needsTypes);
}

/** What `*` stands for in a subquery matters only by its types: the outer query names what it reads of it. */
async function resolveInner(
  select: Select,
  shards: readonly number[],
  context: RunContext,
  typed: boolean,
  around: Times,
): Promise<Select> {
  const isInnermost = select.from.every(({ kind }) => kind !== "subquery");
  if (!isInnermost || typed || fillsByType(select) || calculates(select))
    return resolve(select, shards, context, typed, around);
  return hasUntyped(select.where)
    ? withTypes(select, await describe(select, shards, context, around))
    : select;
}

/**
 * The number of fill() stands in for columns as a value of their type, also where a shard has no point with the field.
 * A single column has a value in every row.
 */
function fillsByType(select: Select): boolean {
  if (select.fill?.kind !== "value") return false;
  return (
    hasFieldWildcard(select) || select.fields.flatMap(({ expression }) => columnsOf(expression)).length > 1
  );
}

/**
 * A calculation whose types may not go together, which influxd refuses: a shard that lacks one of the fields does not
 * know that.
 */
function calculates({ fields }: Select): boolean {
  let found = false;
  for (const { expression } of fields) {
    walk(expression, (node) => {
      if (node.kind !== "binary") return !found;
      found ||= "&|^".includes(node.operator) || columnsOf(node).some((column) => !isNumber(column));
      return !found;
    });
  }
  return found;
}

const isNumber = (column: Expression): boolean => column.kind === "call" && NUMBERS.has(column.name);

/** Functions that give numbers, or nothing. */
const NUMBERS: ReadonlySet<string> = new Set([
  "count",
  "sum",
  "mean",
  "median",
  "stddev",
  "spread",
  "percentile",
  "integral",
  ...TRANSFORMATIONS,
]);

/** The calls of many rows, and the references that are in none. */
const columnsOf = (expression: Expression): readonly Expression[] => [
  ...callsIn(expression),
  ...referencesIn(expression),
];

function describe(
  select: Select,
  shards: readonly number[],
  context: RunContext,
  { min, max }: Times,
): Promise<FieldSet> {
  const from = min === undefined ? undefined : timeIs(">=", min);
  const to = max === undefined ? undefined : timeIs("<=", max);
  const timed = { ...select, where: and(select.where, and(from, to)) };
  return describeFields(withEarlier(timed, zoneOf(select.timeZone)), shards, (shard, q) =>
    askRows(context, shard, q),
  );
}

/** A name in a condition, beside the time, of which the text does not say whether it is a field or a tag. */
export function hasUntyped(where: Expression | undefined): boolean {
  let found = false;
  if (where === undefined) return found;
  walk(where, (node) => {
    if (node.kind === "reference" && node.type === undefined && node.name.toLowerCase() !== "time")
      found = true;
    return !found;
  });
  return found;
}

/**
 * A field has one type for a query, whichever it has in each measurement and on each shard.
 * @param all also what is a tag, or said to be a field
 */
function withTypes(select: Select, known: FieldSet, all = false): Select {
  const types = new Map<string, CastType>(known.fields());
  const tags = new Set(all ? known.tags() : []);
  return rewriteSelect(select, {
    expression: (expression, clause): Expression => {
      if (clause === "group by" || expression.kind !== "reference" || expression.name === "time")
        return expression;
      const isOpen = expression.type === undefined || (all && expression.type === "field");
      const isTag = expression.type === undefined && tags.has(expression.name);
      const type = isOpen ? (types.get(expression.name) ?? (isTag ? "tag" : undefined)) : undefined;
      return type === undefined ? expression : { ...expression, type };
    },
  });
}
