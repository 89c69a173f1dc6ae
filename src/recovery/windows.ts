import type { Policy } from "./schema.ts";
import type { Table } from "./server.ts";

/** From `start` to before `end`, in nanoseconds since 1970. */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

/** One of which is known about how many values of fields there are in it. */
export interface SizedSpan extends Span {
  readonly values?: number;
}

/** The times that a point may have for InfluxDB. */
export const ALL_TIME: Span = { start: -(2n ** 63n) + 2n, end: 2n ** 63n - 1n };

/** Go counts the beginning of time shards from the year 1, not from 1970. */
const YEAR_1_NS = -62_135_596_800n * 1_000_000_000n;

/** The time shards of one database and policy in the answers to SHOW SHARDS. */
export function shardsOf(tables: readonly Table[], db: string, rp: string): Span[] {
  return tables.flatMap(({ columns, rows }) => {
    const [database, policy, start, end] = ["database", "retention_policy", "start_time", "end_time"].map(
      (name) => columns.indexOf(name),
    ) as [number, number, number, number];
    return rows
      .filter((row) => row[database] === db && row[policy] === rp)
      .map((row) => ({ start: timeOf(String(row[start])), end: timeOf(String(row[end])) }));
  });
}

/**
 * Spans of time that lie in one time shard at most on each server, oldest first: the shards of both, cut at the
 * boundaries of each other. Only so a statement gets every value with its type: over two shards in which a field has
 * different types InfluxDB leaves out values without a word. Two servers cut time differently after
 * ALTER RETENTION POLICY ... SHARD DURATION, or when a shard was dropped.
 */
export function windowsOf(shards: readonly Span[], within: Span = ALL_TIME): Span[] {
  const cuts = [...new Set(shards.flatMap(({ start, end }) => [start, end]))].sort(compareTimes);
  return cuts
    .slice(0, -1)
    .map((start, i) => ({ start, end: cuts[i + 1] as bigint }))
    .filter((window) => shards.some((shard) => shard.start <= window.start && shard.end >= window.end))
    .map((window) => intersection(window, within))
    .filter((window) => window.start < window.end);
}

/** What lies in more than one of them. */
export function overlapsOf(shards: readonly Span[]): Span[] {
  const overlaps: Span[] = [];
  let end = ALL_TIME.start;
  for (const shard of shards.toSorted((a, b) => compareTimes(a.start, b.start))) {
    if (shard.start < end) overlaps.push({ start: shard.start, end: earliest(end, shard.end) });
    end = latest(end, shard.end);
  }
  return overlaps;
}

export const intersection = (a: Span, b: Span): Span => ({
  start: latest(a.start, b.start),
  end: earliest(a.end, b.end),
});

export function latest(a: bigint, b: bigint): bigint {
  if (a < b) return b;
  return a;
}

export function earliest(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export const compareTimes = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The time shard that InfluxDB puts a point into if the policy's shard duration was never changed. */
export function shardAt(timeNs: bigint, { shardNs }: Pick<Policy, "shardNs">): Span {
  const offset = (((timeNs - YEAR_1_NS) % shardNs) + shardNs) % shardNs;
  return { start: timeNs - offset, end: timeNs - offset + shardNs };
}

/** Nanoseconds of a time as Go writes it: `2026-08-01T00:00:00.000000001Z`. */
export function timeOf(text: string): bigint {
  const [, seconds = "", fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
