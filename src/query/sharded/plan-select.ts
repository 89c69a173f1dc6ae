import type { Call } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { walk } from "../../influxql/walk.ts";
import { hasDisjointSeries, hasDisjointSubqueries, tagsOf } from "./disjoint.ts";
import { hasEarlyIntervals } from "./early-intervals.ts";
import {
  asCall,
  callsIn,
  EXACT_MATH,
  FROM_ROWS,
  hasDimensionWildcard,
  hasFieldWildcard,
  isMath,
  isRaw,
  MERGEABLE,
  RANKS,
  TRANSFORMATIONS,
  timeDimension,
} from "./functions.ts";
import type { KeyMap } from "./key-map.ts";
import { ownersOfSelect } from "./owners.ts";
import { type Plan, refuse } from "./plan.ts";

/** How a query without INTO is answered. @param db the request's database */
export function planSelect(select: Select, map: KeyMap, db: string): Plan {
  const shards = ownersOfSelect(select, map, db);
  if (shards.length === 1) return { kind: "route", shard: shards[0] as number };
  const wayOut = wayOutOf(map);
  if (!hasDisjointSubqueries(select, map, db)) {
    return refuse(`the subquery's groups have points on several shards: ${wayOut}, in the subquery`);
  }
  const isNested = select.from.some(({ kind }) => kind === "subquery");
  if (isNested && (hasFieldWildcard(select) || hasDimensionWildcard(select))) {
    return refuse(
      `* and regular expressions over a subquery on several shards: name the columns, or ${wayOut}`,
    );
  }
  if (hasEarlyIntervals(select)) {
    return refuse(
      `intervals of a subquery that begin before the time range around it, over several shards: put the condition on time into the subquery`,
    );
  }
  const isDisjoint = hasDisjointSeries(select, map, db);
  const isCut = (select.seriesLimit ?? 0) > 0 || (select.seriesOffset ?? 0) > 0;
  // The series are counted in their own order, which is known only once the last has come.
  if (isCut && select.order === "desc" && (isDisjoint || isRaw(select))) {
    return refuse(`SLIMIT with ORDER BY time DESC over several shards: leave the order out, or ${wayOut}`);
  }
  if (cutsSeriesInside(select) && tagsOf(map).length > 0) {
    return refuse(`SLIMIT or SOFFSET in a subquery over several shards: leave it out, or ${pinOf(map)}`);
  }
  // influxd cuts a stream that is made of other series than one of a shard is.
  if (!isDisjoint && hasCutSubquery(select)) {
    return refuse(`LIMIT or OFFSET in a subquery over several shards: leave it out, or ${wayOut}`);
  }
  if (isDisjoint) return { kind: "concat-rows", shards, select };
  // influxd gives such intervals several times, as often as depends on the other series: to an outer interval that is one.
  if (timeDimension(select) === undefined && hasFilledIntervals(select)) {
    return refuse(
      `fill() of intervals in a subquery over several shards: leave it out, or use fill(none), or ${wayOut}`,
    );
  }
  if (isRaw(select)) {
    // influxd has one group of the subquery behind the other then, and cuts them so.
    if (cutsRows(select) && hasTimelessGroups(select)) {
      return refuse(
        `LIMIT or OFFSET of the rows of a subquery without GROUP BY time over several shards: leave it out, or ${wayOut}`,
      );
    }
    // Each row takes over from the one before it, wherever that is.
    if (select.fill?.kind === "previous")
      return refuse(`fill(previous) of points on several shards: ${wayOut}`);
    return { kind: "merge-rows", shards, select };
  }
  const reason = unmergeable(select);
  if (reason !== undefined) return refuse(`${reason}: ${wayOut}`);
  return { kind: "merge-aggregates", shards, select };
}

/** What makes a query one of a single shard. */
export function wayOutOf(map: KeyMap): string {
  const tags = tagsOf(map);
  if (tags.length === 0) return "query one measurement at a time";
  return `add GROUP BY ${tags.join(", ")} or ${pinOf(map)}`;
}

const pinOf = (map: KeyMap): string =>
  `pin it in WHERE (${tagsOf(map)
    .map((tag) => `${tag} = '...'`)
    .join(" AND ")})`;

const someSubquery = ({ from }: Select, is: (select: Select) => boolean): boolean =>
  from.some((source) => source.kind === "subquery" && is(source.select));

const isPositive = (count: number | undefined): boolean => (count ?? 0) > 0;

/** Of the series of a subquery each shard would leave its own first ones. */
const cutsSeriesInside = (select: Select): boolean => someSubquery(select, cutsSeries);

/** Also in its subqueries. */
export const cutsSeries = (select: Select): boolean =>
  isPositive(select.seriesLimit) || isPositive(select.seriesOffset) || cutsSeriesInside(select);

const cutsRows = ({ limit, offset }: Select): boolean => isPositive(limit) || isPositive(offset);

/** A subquery has rows of groups, not of intervals or points. */
const hasTimelessGroups = (select: Select): boolean =>
  someSubquery(select, (inner) =>
    isRaw(inner) ? hasTimelessGroups(inner) : timeDimension(inner) === undefined,
  );

const hasFilledIntervals = (select: Select): boolean =>
  someSubquery(select, (inner) => {
    const fill = inner.fill?.kind ?? "null";
    const isFilled = fill !== "null" && fill !== "none" && timeDimension(inner) !== undefined;
    return isFilled || hasFilledIntervals(inner);
  });

const hasCutSubquery = (select: Select): boolean =>
  someSubquery(select, (inner) => cutsRows(inner) || cutsSeries(inner) || hasCutSubquery(inner));

/** Why the columns cannot be computed from what several shards say; undefined if they can. */
function unmergeable(select: Select): string | undefined {
  for (const { expression } of select.fields) {
    const reason = unmergeableMath(expression) ?? callsIn(expression).map(unmergeableCall).find(Boolean);
    if (reason !== undefined) return reason;
    const rank = callsIn(expression).find(({ name }) => RANKS.has(name));
    if (rank !== undefined && asCall(expression) === undefined) {
      return `${rank.name}() in an expression cannot be merged over several shards`;
    }
  }
  if ((select.limit ?? 0) === 0 && (select.offset ?? 0) === 0) return undefined;
  const names = select.fields.flatMap(({ expression }) => callsIn(expression).map(({ name }) => name));
  // influxd cuts the points that top() and bottom() choose from, of each series by itself.
  const cut = names.find((name) => name === "distinct" || RANKS.has(name));
  return cut && `${cut}() with LIMIT or OFFSET over several shards would cut another part of the values`;
}

/** Logarithms and the like differ in the last digit between machines. */
function unmergeableMath(expression: Select["fields"][number]["expression"]): string | undefined {
  let found: string | undefined;
  walk(expression, (node) => {
    if (node.kind === "call" && isMath(node) && !EXACT_MATH.has(node.name)) found ??= node.name;
    return node.kind !== "call" || isMath(node);
  });
  return found && `${found}() of values merged from several shards is not computed to the last digit`;
}

function unmergeableCall(call: Call): string | undefined {
  const { name, args } = call;
  const [argument] = args;
  const inner = argument && asCall(argument);
  if (TRANSFORMATIONS.has(name)) return inner === undefined ? undefined : unmergeableInner(inner);
  if (name === "count" && inner?.name === "distinct") return undefined;
  if (MERGEABLE.has(name) || FROM_ROWS.has(name) || RANKS.has(name) || name === "distinct") {
    return inner === undefined ? undefined : cannot(inner.name);
  }
  return cannot(name);
}

/**
 * distinct(), top() and bottom() have several values of one time, of which the order matters. What influxd takes for
 * the interval before the first one of a transformation of a transformation depends on its time shards.
 */
function unmergeableInner(inner: Call): string | undefined {
  const { name } = inner;
  if (name === "distinct" || RANKS.has(name) || TRANSFORMATIONS.has(name)) return cannot(name);
  return unmergeableCall(inner);
}

const cannot = (name: string): string => `${name}() cannot be computed over several shards`;
