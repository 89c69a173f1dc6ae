import { isDeepStrictEqual } from "node:util";
import type { Statement } from "../../src/influxql/ast.ts";
import type { Select } from "../../src/influxql/ast-select.ts";
import { isRaw, timeDimension } from "../../src/query/sharded/functions.ts";
import type { ParsedResult, ParsedSeries } from "./answer-compare.ts";

/** What the planner refuses, by the words of the refusal, as docs/sharding-queries.md tells. */
export const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^the subquery's groups have points on several shards: /, "subquery over groups of several shards"],
  [/^\* and regular expressions over a subquery on several shards: /, "wildcard over a subquery"],
  [/^intervals of a subquery that begin before the time range around it/, "early intervals"],
  [/^EXPLAIN tells of one server, /, "EXPLAIN"],
  [/^fill\(previous\) of points on several shards: /, "fill(previous) of raw rows"],
  [/^\w+\(\) cannot be computed over several shards: /, "function"],
  [/^\w+\(\) of values merged from several shards is not computed to the last digit: /, "mathematics"],
  [/^\w+\(\) in an expression cannot be merged over several shards: /, "top() in an expression"],
  [
    /^\w+\(\) with LIMIT or OFFSET over several shards would cut another part /,
    "LIMIT of distinct() or top()",
  ],
  [/^SLIMIT with ORDER BY time DESC over several shards: /, "SLIMIT with ORDER BY time DESC"],
  [/^SLIMIT or SOFFSET in a subquery over several shards: /, "SLIMIT in a subquery"],
  [/^LIMIT or OFFSET in a subquery over several shards: /, "LIMIT in a subquery"],
  [/^fill\(\) of intervals in a subquery over several shards: /, "fill() of a subquery"],
  [/^LIMIT or OFFSET of the rows of a subquery without GROUP BY time /, "LIMIT of groups of a subquery"],
  [
    /^SHOW CARDINALITY FROM a policy or another database over several shards: /,
    "cardinality of another database",
  ],
  [/^SHOW CARDINALITY FROM several names over several shards: /, "cardinality of several names"],
  [/^SHOW CARDINALITY with WHERE over several shards: /, "cardinality WHERE"],
  [/^SHOW MEASUREMENTS over several shards takes WHERE with = and OR only/, "SHOW MEASUREMENTS WHERE"],
  [/^SHOW [A-Z ]+ is about one server: /, "SHOW of one server"],
  [/^SHOW [A-Z ]+ with ORDER BY DESC over several shards: /, "SHOW ORDER BY DESC"],
  [/^SHOW TAG KEYS with SLIMIT over several shards: /, "SHOW TAG KEYS SLIMIT"],
  [/^SHOW [A-Z ]+ with GROUP BY or LIMIT over several shards: /, "cardinality GROUP BY"],
];

/** What fails while it is computed, and says so. */
export const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/ depends on the order of points of the same time, /, "order of points of the same time"],
  [
    /^GROUP BY time with an offset over several shards needs a time to begin at: /,
    "offset without a beginning",
  ],
  [/^GROUP BY time with an offset and tz\(\) over several shards: /, "offset with tz()"],
  [/^a field in WHERE does not choose among the series of several shards: /, "SHOW WHERE a field"],
  [/^a shard's answer is not InfluxDB's: json: error calling MarshalJSON /, "infinity"],
  [/^unable to find time zone Local$/, "time zone of the server"],
];

/** What InfluxDB says where a number is infinite, which JSON cannot carry: in plain text, with status 200. */
export const INFINITE = "json: error";

/** Where another answer than InfluxDB's is right. */
export interface Deviation {
  readonly reason: string;
  readonly applies: (statement: Statement) => boolean;
  /** A statement whose answer by InfluxDB is right; `cut` is what is missing then, where it may be ours by chance. */
  readonly instead?: (statement: Statement) => Statement;
  readonly cut?: (result: ParsedResult, statement: Statement, ours: ParsedResult) => ParsedResult;
  /** If InfluxDB cannot be asked for the right answer. */
  readonly isRight?: (ours: ParsedResult, theirs: ParsedResult) => boolean;
}

const isSelect = (statement: Statement): statement is Select => statement.kind === "select";
const limitsSeries = (statement: Statement) =>
  isSelect(statement) && ((statement.seriesLimit ?? 0) > 0 || (statement.seriesOffset ?? 0) > 0);
const hasOnlyOffset = (statement: Statement) =>
  isSelect(statement) && isRaw(statement) && (statement.offset ?? 0) > 0 && (statement.limit ?? 0) === 0;
const EVERYTHING = 1_000_000;
const cutsSubquery = (statement: Statement) =>
  isSelect(statement) &&
  isRaw(statement) &&
  statement.from.some(({ kind }) => kind === "subquery") &&
  ((statement.limit ?? 0) > 0 || (statement.offset ?? 0) > 0);

const hasTimelessGroups = ({ from }: Select): boolean =>
  from.some((source) => {
    if (source.kind !== "subquery") return false;
    const { select } = source;
    return isRaw(select) ? hasTimelessGroups(select) : timeDimension(select) === undefined;
  });

const hasFilledSubquery = ({ from }: Select): boolean =>
  from.some(
    (source) =>
      source.kind === "subquery" && (source.select.fill !== undefined || hasFilledSubquery(source.select)),
  );

export const DEVIATIONS: readonly Deviation[] = [
  {
    reason: "LIMIT and OFFSET cut others of the rows of a subquery that have the same time",
    applies: cutsSubquery,
    instead: (statement) => ({
      ...(statement as Select),
      limit: undefined,
      offset: undefined,
      seriesLimit: undefined,
      seriesOffset: undefined,
    }),
    cut: (result, statement, ours) =>
      cutTies(cutSeries(result, statement as Select), statement as Select, ours),
  },
  {
    reason: "SLIMIT and SOFFSET count series, not those of each time shard",
    applies: limitsSeries,
    instead: (statement) => {
      const select = { ...(statement as Select), seriesLimit: undefined, seriesOffset: undefined };
      return hasOnlyOffset(select) ? { ...select, limit: EVERYTHING } : select;
    },
    cut: (result, statement) => cutSeries(result, statement as Select),
  },
  {
    reason: "OFFSET without LIMIT leaves out so many rows, instead of nearly all of them",
    applies: hasOnlyOffset,
    instead: (statement) => ({ ...(statement as Select), limit: EVERYTHING }),
  },
  {
    reason: "measurements are counted, under the condition, not estimated",
    applies: (statement) => statement.kind === "show-cardinality" && !statement.exact,
    instead: (statement) => ({ ...statement, exact: true }) as Statement,
  },
  {
    reason: "an outer interval over fill() of a subquery is there once, not once for each of its series",
    applies: (statement) =>
      isSelect(statement) && timeDimension(statement) !== undefined && hasFilledSubquery(statement),
    isRight: (ours, theirs) => !repeatsTimes(ours) && repeatsTimes(theirs),
  },
  {
    reason: "rows of a subquery of functions without intervals come in another order",
    applies: (statement) => isSelect(statement) && isRaw(statement) && hasTimelessGroups(statement),
    isRight: (ours, theirs) => isDeepStrictEqual(sortedRows(ours), sortedRows(theirs)),
  },
  {
    reason: "rows of a subquery with fill() come in the order of time, not one series after the other",
    applies: (statement) => isSelect(statement) && isRaw(statement) && hasFilledSubquery(statement),
    isRight: (ours, theirs) => isDeepStrictEqual(sortedRows(ours), sortedRows(theirs)),
  },
];

/**
 * What Go calls a type of its own is of no use to a client. Of several functions that do not take a type InfluxDB
 * names any.
 */
export const withoutGoType = (error: string | undefined) =>
  error?.replace(
    /^unsupported \w+( iterator type: \*query\.(?:float|integer|string|boolean))\w+$/,
    "unsupported$1",
  );

const sortedRows = ({ series = [] }: ParsedResult) =>
  series.map(({ name, tags, columns, values = [] }) => [
    name,
    tags,
    columns,
    values.map((row) => row.join("\0")).sort(),
  ]);

/** Those of each measurement that SLIMIT and SOFFSET leave, counted in their order, which ORDER BY time DESC reverses. */
function cutSeries(result: ParsedResult, { seriesLimit, seriesOffset, order }: Select): ParsedResult {
  const inOrder = (list: readonly ParsedSeries[]) => (order === "desc" ? list.toReversed() : list);
  const from = seriesOffset ?? 0;
  const to = (seriesLimit ?? 0) === 0 ? undefined : from + (seriesLimit ?? 0);
  const groups = Map.groupBy(inOrder(result.series ?? []), ({ name }) => name);
  const series = inOrder([...groups.values()].flatMap((group) => group.slice(from, to)));
  const { series: _, ...rest } = result;
  return series.length === 0 ? rest : { ...rest, series };
}

/** The rows that LIMIT and OFFSET leave of each series: ours, if they are some of its rows at just those times. */
function cutTies(result: ParsedResult, { limit = 0, offset = 0 }: Select, ours: ParsedResult): ParsedResult {
  const series = (result.series ?? []).flatMap((whole): ParsedSeries[] => {
    const { name, tags, values = [] } = whole;
    const cut = values.slice(offset, limit > 0 ? offset + limit : undefined);
    const mine =
      ours.series?.find((one) => one.name === name && isDeepStrictEqual(one.tags, tags))?.values ?? [];
    const times = (rows: typeof values) => rows.map(([time]) => time);
    const isChoice = isDeepStrictEqual(times(mine), times(cut)) && isPartOf(mine, values);
    return cut.length === 0 ? [] : [{ ...whole, values: isChoice ? mine : cut }];
  });
  const { series: _, ...rest } = result;
  return series.length === 0 ? rest : { ...rest, series };
}

/** Each row as often at most. */
function isPartOf(some: readonly (readonly unknown[])[], all: readonly (readonly unknown[])[]): boolean {
  const left = new Map<string, number>();
  for (const row of all) left.set(row.join("\0"), (left.get(row.join("\0")) ?? 0) + 1);
  return some.every((row) => {
    const count = left.get(row.join("\0")) ?? 0;
    left.set(row.join("\0"), count - 1);
    return count > 0;
  });
}

const repeatsTimes = ({ series = [] }: ParsedResult) =>
  series.some(({ values = [] }) => new Set(values.map(([time]) => time)).size < values.length);
