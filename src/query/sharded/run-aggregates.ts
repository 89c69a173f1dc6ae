import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { print } from "../../influxql/print.ts";
import { goJson } from "../../write/go-json.ts";
import { ANY_TYPE, NodeBuilder } from "./call-nodes.ts";
import { columnNames, shownFields } from "./column-names.ts";
import { symbolOf } from "./evaluate.ts";
import { defaultOf } from "./fill-default.ts";
import { asCall, callsIn, MERGEABLE, RANKS, referencesIn, SELECTORS, timeDimension } from "./functions.ts";
import { JsonLines } from "./json-lines.ts";
import type { MergeAggregates } from "./plan.ts";
import type { TimeFrame } from "./points.ts";
import { Allowance, type PullBase } from "./pulls.ts";
import { RankPull } from "./rank-pull.ts";
import { resolveNames } from "./resolve-names.ts";
import { type OutputRow, rowsOf } from "./row-join.ts";
import { askRows, type RunContext, type Running } from "./run-context.ts";
import { runPass } from "./run-pass.ts";
import type { SeriesHead } from "./series.ts";
import { allSeries } from "./series-map.ts";
import { StatementError } from "./shard-answer.ts";
import { evaluateMoment, MAX_TIME, MIN_TIME, splitCondition } from "./time-range.ts";
import { timeParts, timePrinter } from "./time-text.ts";
import { formatNumber, type Value } from "./value.ts";
import type { Interval } from "./window.ts";
import { type Zone, zoneOf } from "./zone.ts";

/** So many bytes are printed before they go on to the client. */
const PIECE = 64 * 1024;
/** What a point costs that stands in for none, in bytes. */
const FILLED_BYTES = 64;

/** Answers a query whose values are computed here, from what the shards say of their points. */
export async function* runAggregates(
  { shards, select: written }: MergeAggregates,
  context: RunContext,
): Running {
  const resolved = await resolveNames(written, shards, context);
  if (shownFields(resolved).length === 0)
    return yield* runPass(shards[0] as number, print(written), context.epoch, context);
  // A server finds the words for what is wrong with the query, of which the shards are asked only parts.
  const checked = check(`EXPLAIN ${print(resolved)}`, shards[0] as number, context);
  const select = withoutEmptyInterval(resolved);
  const computing = computeSeries(select, shards, context);
  const rows = await withItsWords(checked, computing, resolved, shards, context);
  // Where no row meets the condition, points of a type that a function does not take were not seen.
  if (rows.length === 0 && readsPoints(select)) await askAll(resolved, shards, context);
  const { writer, sink } = context;
  const time = timePrinter(context.epoch, select.timeZone);
  const columns = columnNames(select);
  for (const { head, rows: series } of cutSeries(rows, select)) {
    let begun = false;
    for (const { at, values } of series()) {
      if (!begun) {
        // The columns that `top()` brings along are named by the shards.
        const shown = columns.length === values.length + 1 ? { ...head, columns } : head;
        writer.beginSeries(shown, headText(shown));
      }
      begun = true;
      const target = writer.beginRow();
      const { seconds, nanoseconds } = timeParts(at);
      time(seconds, nanoseconds, target);
      target.text(`,${values.map(printValue).join(",")}]`);
      writer.endRow();
      if (sink.length > PIECE) yield;
    }
  }
}

interface Frame {
  readonly base: PullBase;
  readonly time: TimeFrame;
  readonly interval: Interval | undefined;
}

interface OutputSeries {
  readonly head: SeriesHead;
  readonly rows: () => Iterable<OutputRow>;
}

function frameOf(select: Select, shards: readonly number[], context: RunContext): Frame {
  const zone = zoneOf(select.timeZone);
  const condition = splitCondition(select.where, zone);
  if (condition === undefined)
    throw new StatementError("the times in WHERE are not understood, so that shards cannot be merged");
  const interval = intervalOf(select, zone);
  const start = condition.min ?? MIN_TIME;
  if (interval !== undefined && interval.offset !== 0n && start === MIN_TIME) {
    // InfluxDB begins to fill at the beginning of time, and does not end.
    throw new StatementError(
      "GROUP BY time with an offset over several shards needs a time to begin at: add time >= ... to WHERE",
    );
  }
  const time = { start, end: condition.max ?? MAX_TIME, ascending: select.order !== "desc" };
  const allowance = new Allowance(context);
  return { base: { select, condition: condition.rest, shards, context, allowance }, time, interval };
}

function intervalOf(select: Select, zone: Zone | undefined): Interval | undefined {
  const call = timeDimension(select);
  if (call === undefined) return undefined;
  const [length, shift] = call.args;
  const duration = length?.kind === "duration" ? length.nanoseconds : 0n;
  if (duration <= 0n)
    throw new StatementError(
      "the interval of GROUP BY time is not understood, so that shards cannot be merged",
    );
  if (shift === undefined) return { duration, offset: 0n, zone };
  // Where clocks are put back, such intervals begin elsewhere on a shard that has no point in their first part.
  if (zone !== undefined) {
    throw new StatementError(
      "GROUP BY time with an offset and tz() over several shards: leave one of them out",
    );
  }
  const moment = evaluateMoment(shift, zone);
  if (moment === undefined || moment.kind === "integer") {
    throw new StatementError(
      "the offset of GROUP BY time is not understood, so that shards cannot be merged",
    );
  }
  return {
    duration,
    offset: moment.kind === "duration" ? moment.ns % duration : sinceYearOne(moment.ns) % duration,
    zone,
  };
}

/** Go divides time from the year 1 on. */
const sinceYearOne = (ns: bigint): bigint => ns + 62_135_596_800n * 1_000_000_000n;

/** @throws StatementError with the words of a server if it does not take a query */
async function check(q: string, shard: number, context: RunContext): Promise<void> {
  const lines = new JsonLines(await askRows(context, shard, q));
  try {
    await lines.next();
  } finally {
    lines.cancel();
  }
}

/** What was computed, or why a server would not do so: a shard that was asked for a sum speaks of no mean. */
async function withItsWords<T>(
  checked: Promise<void>,
  computing: Promise<T>,
  select: Select,
  shards: readonly number[],
  context: RunContext,
): Promise<T> {
  const [words, computed] = await Promise.allSettled([checked, computing]);
  if (words.status === "rejected") throw words.reason;
  if (computed.status === "fulfilled") return computed.value;
  if (computed.reason instanceof StatementError && computed.reason.message.startsWith("unsupported ")) {
    await askAll(select, shards, context);
  }
  throw computed.reason;
}

/** @throws StatementError with the words of the first server that does not take a query */
async function askAll(select: Select, shards: readonly number[], context: RunContext): Promise<void> {
  for (const shard of shards) await check(print(select), shard, context);
}

/** @throws StatementError */
async function computeSeries(
  select: Select,
  shards: readonly number[],
  context: RunContext,
): Promise<readonly OutputSeries[]> {
  return compute(select, frameOf(select, shards, context));
}

/** Some function is computed from points, and takes not those of every type. */
const readsPoints = ({ fields }: Select): boolean =>
  fields.some(({ expression }) =>
    callsIn(expression).some(({ name }) => !MERGEABLE.has(name) && !ANY_TYPE.has(name)),
  );

/** An interval of no length is none for influxd. */
function withoutEmptyInterval(select: Select): Select {
  const length = timeDimension(select)?.args[0];
  const isEmpty = length?.kind === "duration" && length.nanoseconds === 0n;
  return isEmpty ? { ...select, groupBy: select.groupBy.filter(({ kind }) => kind !== "call") } : select;
}

async function compute(select: Select, frame: Frame): Promise<readonly OutputSeries[]> {
  const rank = shownFields(select).findIndex(({ expression }) => RANKS.has(asCall(expression)?.name ?? ""));
  return rank >= 0 ? computeRanks(select, frame, rank) : computeCalls(select, frame);
}

async function computeRanks(
  select: Select,
  { base, time, interval }: Frame,
  rank: number,
): Promise<readonly OutputSeries[]> {
  const call = shownFields(select)[rank]?.expression as Call;
  const pull = new RankPull(base, time, call, rank + 1);
  await pull.run();
  const best = pull.best(interval, time.ascending);
  return allSeries([best], !time.ascending).map((head) => ({
    head,
    rows: () => cutRows(best.get(head) ?? [], select).map(([at, ...values]) => ({ at, values })),
  }));
}

async function computeCalls(
  select: Select,
  { base, time, interval }: Frame,
): Promise<readonly OutputSeries[]> {
  const fields = shownFields(select).map(({ expression }) => expression);
  const calls = unique(fields.flatMap(callsIn));
  const others = unique(fields.flatMap(referencesIn));
  const alone = calls.length === 1 && SELECTORS.has(calls[0]?.name ?? "");
  const fill = select.fill ?? ({ kind: "null" } as const);
  const maxFilled = Math.floor(base.context.limits.maxHeldBytes / FILLED_BYTES);
  const builder = new NodeBuilder({ base, interval, fill, maxFilled });
  const nodes = calls.map((call) => builder.build(call, time, alone, others));
  await Promise.all([...builder.pulls.values()].map((pull) => pull.run()));
  const all = nodes.map((node) => node().map((points) => cutRows(points, select)));
  const symbols = calls.map(symbolOf);
  const missing = calls.map((call) => defaultOf(call, select));
  return allSeries(all, !time.ascending).map((head) => ({
    head,
    rows: () =>
      rowsOf({
        calls: all.map((points, at) => ({
          symbol: symbols[at] as string,
          points: points.get(head) ?? [],
          missing: missing[at],
        })),
        others: others.map((other) => ({ symbol: symbolOf(other), missing: defaultOf(other, select) })),
        fields,
        ascending: time.ascending,
      }),
  }));
}

function unique<T extends Expression>(expressions: readonly T[]): readonly T[] {
  return [...new Map(expressions.map((expression) => [symbolOf(expression), expression])).values()];
}

/** influxd cuts the points of each call, not the rows. */
function cutRows<T>(rows: readonly T[], { limit = 0, offset = 0 }: Select): readonly T[] {
  return limit > 0 || offset > 0 ? rows.slice(offset, limit > 0 ? offset + limit : undefined) : rows;
}

/** Counts the series of each measurement, in their own order also where the answer has them backwards. */
function cutSeries(rows: readonly OutputSeries[], select: Select): readonly OutputSeries[] {
  const { seriesLimit = 0, seriesOffset = 0, order } = select;
  if (seriesLimit === 0 && seriesOffset === 0) return rows;
  const ascending = order === "desc" ? rows.toReversed() : rows;
  const seen = new Map<string | undefined, number>();
  const shown = ascending.filter(({ head: { name } }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count > seriesOffset && (seriesLimit === 0 || count <= seriesOffset + seriesLimit);
  });
  return order === "desc" ? shown.toReversed() : shown;
}

function headText({ name, tags, columns }: SeriesHead): string {
  const parts = [
    name === undefined ? "" : `"name":${goJson(name)}`,
    tags === undefined
      ? ""
      : `"tags":{${tags.map(([key, value]) => `${goJson(key)}:${goJson(value)}`).join(",")}}`,
    `"columns":[${columns.map(goJson).join(",")}]`,
  ];
  return parts.filter((part) => part !== "").join(",");
}

function printValue(value: Value): string {
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "string" ? goJson(value) : String(value);
}
