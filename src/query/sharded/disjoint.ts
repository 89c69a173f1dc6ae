import type { Expression } from "../../influxql/ast-expression.ts";
import type { Select, Source } from "../../influxql/ast-select.ts";
import { isRaw } from "./functions.ts";
import { goRegex } from "./go-regex.ts";
import type { KeyMap } from "./key-map.ts";
import { pinnedValues } from "./pinned-tags.ts";

/**
 * Each series that a query answers with is made of points of one shard: what its points have in common, a measurement
 * and the tags of GROUP BY, is enough to know the shard.
 * @param around the dimensions of the queries that this one is in: InfluxDB groups by them too.
 */
export function hasDisjointSeries(
  select: Select,
  map: KeyMap,
  db: string,
  around: readonly Expression[] = [],
): boolean {
  const dimensions = [...around, ...select.groupBy];
  return (
    (!map.by.some(({ kind }) => kind === "db") || databasesIn(select, db).size <= 1) &&
    tagsOf(map).every((tag) => fixesTag(select, tag, dimensions))
  );
}

/** What the outer query reads of its subqueries comes, row by row, from one shard, and is all of it there. */
export function hasDisjointSubqueries(
  select: Select,
  map: KeyMap,
  db: string,
  around: readonly Expression[] = [],
): boolean {
  const dimensions = [...around, ...select.groupBy];
  return select.from.every((source) => {
    if (source.kind !== "subquery") return true;
    const inner = source.select;
    if (!hasDisjointSubqueries(inner, map, db, dimensions)) return false;
    return hasOwnRows(inner) || hasDisjointSeries(inner, map, db, dimensions);
  });
}

/** A row of it comes from one point, whatever other points there are. */
function hasOwnRows(select: Select): boolean {
  const { limit, offset, seriesLimit, seriesOffset, fill } = select;
  const isCut = [limit, offset, seriesLimit, seriesOffset].some((count) => (count ?? 0) > 0);
  return isRaw(select) && !isCut && fill?.kind !== "previous";
}

export const tagsOf = (map: KeyMap): readonly string[] =>
  map.by.flatMap((part) => (part.kind === "tag" ? [part.name] : []));

function fixesTag(select: Select, tag: string, dimensions: readonly Expression[]): boolean {
  if (dimensions.some((dimension) => namesTag(dimension, tag, select.from))) return true;
  return (pinnedIn(select, tag)?.size ?? 2) <= 1;
}

/** The values that a tag has in all that a query reads; undefined if they are not bounded. */
function pinnedIn({ from, where }: Select, tag: string): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const source of from) {
    const values = source.kind === "subquery" ? pinnedIn(source.select, tag) : pinnedValues(where, tag);
    if (values === undefined) return undefined;
    for (const value of values) all.add(value);
  }
  return all;
}

/** `*` names every tag of a measurement, and of a subquery what that is grouped by. */
function namesTag(dimension: Expression, tag: string, from: readonly Source[]): boolean {
  if (dimension.kind === "reference") return dimension.name === tag && dimension.type !== "field";
  if (dimension.kind === "regex" && !goRegex(dimension.pattern)?.test(tag)) return false;
  if (dimension.kind !== "wildcard" && dimension.kind !== "regex") return false;
  return from.every(
    (source) =>
      source.kind !== "subquery" ||
      source.select.groupBy.some((inner) => namesTag(inner, tag, source.select.from)),
  );
}

function databasesIn({ from }: Select, db: string): Set<string> {
  return new Set(
    from.flatMap((source) =>
      source.kind === "subquery" ? [...databasesIn(source.select, db)] : [source.database || db],
    ),
  );
}
