import type { Expression } from "../../influxql/ast-expression.ts";
import type { Show, ShowCardinality } from "../../influxql/ast-show.ts";
import { print } from "../../influxql/print.ts";
import { rewriteStatement } from "../../influxql/rewrite.ts";
import { walk } from "../../influxql/walk.ts";
import { goJson } from "../../write/go-json.ts";
import { compareFields, compareTexts, fetchLists, type ListSeries, unite } from "./lists.ts";
import type { MergeList } from "./plan.ts";
import { hasUntyped } from "./resolve-names.ts";
import type { RunContext, Running } from "./run-context.ts";
import { StatementError } from "./shard-answer.ts";

/** Answers a SHOW with what all shards list. */
export async function* runList({ show: written, shards }: MergeList, context: RunContext): Running {
  const show = await withTypes(written, shards, context);
  const lists = await (show.kind === "show-cardinality"
    ? countLists(show, shards, context)
    : uniteLists(show, shards, context));
  const { writer, sink } = context;
  for (const { head, text, rows } of lists) {
    writer.beginSeries(head, text);
    const isNumber = show.kind === "show-cardinality";
    for (const row of rows) {
      const target = writer.beginRow();
      target.text(`${row.map((cell) => (isNumber ? cell : goJson(cell))).join(",")}]`);
      writer.endRow();
    }
    if (sink.length > 64 * 1024) yield;
  }
}

/**
 * A condition of a field leaves out no series. A shard that does not know the field would take its name for a tag that
 * all of its series lack: there it has to be told.
 */
async function withTypes(show: Show, shards: readonly number[], context: RunContext): Promise<Show> {
  if (!("where" in show) || !("from" in show) || !hasUntyped(show.where)) return show;
  const page = { order: undefined, limit: undefined, offset: undefined };
  const q = print({ kind: "show-field-keys", database: show.database, from: show.from, ...page });
  const lists = await fetchLists(q, shards, context);
  const names: ReadonlySet<string | undefined> = new Set(
    lists.flat().flatMap(({ rows }) => rows.map(([name]) => name)),
  );
  // There influxd does not look at a type.
  if (show.kind !== "show-tag-values" && show.kind !== "show-tag-keys" && namesAny(show.where, names)) {
    throw new StatementError(
      "a field in WHERE does not choose among the series of several shards: leave it out",
    );
  }
  return rewriteStatement(show, {
    expression: (expression, clause): Expression =>
      clause === "where" &&
      expression.kind === "reference" &&
      expression.type === undefined &&
      names.has(expression.name)
        ? { ...expression, type: "field" }
        : expression,
  }) as Show;
}

function namesAny(where: Expression | undefined, names: ReadonlySet<string | undefined>): boolean {
  let found = false;
  if (where === undefined) return found;
  walk(where, (node) => {
    found ||= node.kind === "reference" && names.has(node.name);
    return !found;
  });
  return found;
}

async function uniteLists(
  show: Exclude<Show, ShowCardinality>,
  shards: readonly number[],
  context: RunContext,
): Promise<readonly ListSeries[]> {
  const { limit = 0, offset = 0 } = "limit" in show ? show : {};
  // A shard's first rows are enough, if they are so many as all together may take.
  const asked =
    limit > 0 ? { ...show, limit: limit + offset, offset: undefined } : { ...show, offset: undefined };
  const q = print("limit" in show ? (asked as Show) : show);
  const lists = await fetchLists(q, shards, context);
  const isSorted = show.kind !== "show-databases" && show.kind !== "show-continuous-queries";
  const compare = !isSorted ? undefined : show.kind === "show-field-keys" ? compareFields : compareTexts;
  const united = unite(lists, compare);
  const isCut = limit > 0 || offset > 0;
  if (!isCut) return united;
  const cut = united.map((list) => ({
    ...list,
    rows: list.rows.slice(offset, limit > 0 ? offset + limit : undefined),
  }));
  return cut.filter(({ rows }) => rows.length > 0);
}

/** Series are of one shard each, so that their numbers add up; all else is listed, and counted here. */
async function countLists(
  show: ShowCardinality,
  shards: readonly number[],
  context: RunContext,
): Promise<readonly ListSeries[]> {
  if (show.of === "series") return addUp(await fetchLists(print(show), shards, context));
  const { list, column } = listingOf(show);
  const united = unite(await fetchLists(print(list), shards, context), compareTexts);
  // Each shard has nothing, or says that there is no such database.
  if (united.length === 0) return (await fetchLists(print(show), shards.slice(0, 1), context)).flat();
  if (show.of !== "measurement") return united.map((series) => counted(series, distinct([series], column)));
  const isEstimate = !show.exact && show.from.length === 0 && show.where === undefined;
  const columns = [isEstimate ? "cardinality estimation" : "count"];
  const text = `"columns":${JSON.stringify(columns)}`;
  const rows = [[String(distinct(united, column))]];
  return [{ head: { name: undefined, tags: undefined, columns }, text, rows }];
}

function counted({ head }: ListSeries, count: number): ListSeries {
  const columns = ["count"];
  const text = `"name":${goJson(head.name ?? "")},"columns":["count"]`;
  return { head: { ...head, columns }, text, rows: [[String(count)]] };
}

const distinct = (lists: readonly ListSeries[], column: number): number =>
  new Set(lists.flatMap(({ rows }) => rows.map((row) => row[column]))).size;

/** The list whose distinct entries of a column are what a statement counts. */
function listingOf(show: ShowCardinality): { readonly list: Show; readonly column: number } {
  const { database, from, where, withKey } = show;
  const page = { order: undefined, limit: undefined, offset: undefined };
  switch (show.of) {
    case "field-key":
      if (where !== undefined)
        throw new StatementError("SHOW FIELD KEY CARDINALITY with WHERE over several shards");
      return { list: { kind: "show-field-keys", database, from, ...page }, column: 0 };
    case "tag-key":
      return {
        list: {
          ...{ kind: "show-tag-keys", database, from, where, withKey: undefined, ...page },
          ...{ seriesLimit: undefined, seriesOffset: undefined },
        },
        column: 0,
      };
    case "tag-values":
      if (withKey === undefined) throw new StatementError("SHOW TAG VALUES CARDINALITY without a key");
      return { list: { kind: "show-tag-values", database, from, where, withKey, ...page }, column: 1 };
    default: {
      return {
        list: { kind: "show-measurements", database, measurement: from[0], where, ...page },
        column: 0,
      };
    }
  }
}

function addUp(lists: readonly (readonly ListSeries[])[]): readonly ListSeries[] {
  const sums = new Map<string, { series: ListSeries; sum: bigint }>();
  for (const series of lists.flat()) {
    const entry = sums.get(series.text) ?? { series, sum: 0n };
    sums.set(series.text, entry);
    for (const [count] of series.rows) entry.sum += BigInt(count ?? 0);
  }
  const all = [...sums.values()].map(({ series, sum }) => ({ ...series, rows: [[String(sum)]] }));
  return all.sort((a, b) => compareTexts([a.head.name ?? ""], [b.head.name ?? ""]));
}
