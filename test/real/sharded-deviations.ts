import type { Statement } from "../../src/influxql/ast.ts";
import type { ParsedResult } from "./answer-compare.ts";

/** What the planner refuses, by the words of the refusal, as docs/sharding-queries.md tells. */
export const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^the subquery's groups have points on several shards: /, "subquery over groups of several shards"],
  [/^\* and regular expressions over a subquery on several shards: /, "wildcard over a subquery"],
  [/^EXPLAIN tells of one server, /, "EXPLAIN"],
  [/^fill\(previous\) of points on several shards: /, "fill(previous) of raw rows"],
  [/^\w+\(\) cannot be computed over several shards: /, "function"],
  [/^\w+\(\) of values merged from several shards is not computed to the last digit: /, "inexact mathematics"],
  [/^\w+\(\) in an expression cannot be merged over several shards: /, "top() in an expression"],
  [/^\w+\(\) with LIMIT or OFFSET over several shards would cut another part of the values: /, "LIMIT of several values"],
  [/^SHOW [A-Z ]+ is about one server: /, "SHOW of one server"],
  [/^SHOW [A-Z ]+ with ORDER BY DESC over several shards: /, "SHOW ORDER BY DESC"],
  [/^SHOW TAG KEYS with SLIMIT over several shards: /, "SHOW TAG KEYS SLIMIT"],
  [/^SHOW [A-Z ]+ with GROUP BY or LIMIT over several shards: /, "cardinality GROUP BY"],
];

/** What fails while it is computed, and says so. */
export const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/ depends on the order of points of the same time, /, "order of points of the same time"],
  [/^GROUP BY time with an offset over several shards needs a time to begin at: /, "offset without a beginning"],
  [/^unable to find time zone /, "time zone"],
];

/** Where another answer than InfluxDB's is right. */
export const BETTER: readonly {
  readonly reason: string;
  applies(statement: Statement, q: string, ours: ParsedResult, theirs: ParsedResult): boolean;
}[] = [];
