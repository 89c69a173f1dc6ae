import type { Expression } from "../../influxql/ast-expression.ts";
import type { Select, Source } from "../../influxql/ast-select.ts";
import { rewriteSelect } from "../../influxql/rewrite.ts";
import { walk } from "../../influxql/walk.ts";
import { describeFields } from "./describe.ts";
import { expandWildcards } from "./expand.ts";
import type { FieldSet } from "./field-set.ts";
import { hasDimensionWildcard, hasFieldWildcard } from "./functions.ts";
import { askRows, type RunContext } from "./run-context.ts";
import { boundTime } from "./shard-select.ts";
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

async function resolve(select: Select, shards: readonly number[], context: RunContext): Promise<Select> {
  if (select.from.some(({ kind }) => kind === "subquery")) {
    const from = select.from.map(async (source): Promise<Source> => {
      if (source.kind !== "subquery") return source;
      return { kind: "subquery", select: await resolveInner(source.select, shards, context) };
    });
    return { ...select, from: await Promise.all(from) };
  }
  const isWild = hasFieldWildcard(select) || hasDimensionWildcard(select);
  const isMany = select.from.length > 1 || select.from[0]?.kind === "measurement-regex";
  if (!isWild && !isMany && !hasUntyped(select.where)) return select;
  const known = await describe(select, shards, context);
  return withTypes(isWild ? expandWildcards(select, known) : select, known);
}

/** What `*` stands for in a subquery does not matter: the outer query names what it reads of it. */
async function resolveInner(select: Select, shards: readonly number[], context: RunContext): Promise<Select> {
  if (select.from.some(({ kind }) => kind === "subquery")) return resolve(select, shards, context);
  return hasUntyped(select.where) ? withTypes(select, await describe(select, shards, context)) : select;
}

const describe = (select: Select, shards: readonly number[], context: RunContext): Promise<FieldSet> =>
  describeFields(select, shards, (shard, q) => askRows(context, shard, q));

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

/** A field has one type for a query, whichever it has in each measurement and on each shard. */
function withTypes(select: Select, known: FieldSet): Select {
  const types = new Map(known.fields());
  return rewriteSelect(select, {
    expression: (expression, clause): Expression => {
      if (clause === "group by" || expression.kind !== "reference" || expression.type !== undefined)
        return expression;
      const type = types.get(expression.name);
      return type === undefined || expression.name === "time" ? expression : { ...expression, type };
    },
  });
}
