import type { Server } from "./server.ts";
import { fromClause, type Pair, type Unit, whereTime } from "./unit.ts";
import { earliest, latest, type Span } from "./windows.ts";

/** What is copied at a time, so that the target's live writes are not held for long, in values of fields. */
export const SLICE_VALUES = 500_000;
/** Parts that a span is divided into at a time: each is a row of an answer. */
const MAX_BUCKETS = 500;
/** Below it, in nanoseconds, nothing is divided. */
const SMALLEST_NS = 1_000n;

/** How many points there are, and what their values add up to. */
interface Sums {
  /** At most: the points that have the field which most points have. */
  readonly points: number;
  readonly values: number;
  /** Equal for equal points; the sums of floats that are added in another order may differ. */
  readonly text: string;
}

/** A part of a unit that is not the same on both servers. */
export interface Slice extends Span {
  /** Points that the source has in it; as {@link Sums.points}. */
  readonly sourcePoints: number;
  readonly targetPoints: number;
  /** Values that the source has in it. */
  readonly values: number;
}

const NONE: Sums = { points: 0, values: 0, text: "" };

/**
 * Where the points of a unit differ, by their number and the sum of their values: cheap, because nothing is read that has
 * not to be, but strings and booleans that were changed are not seen. The slices are ordered by time, and none has many
 * more than {@link SLICE_VALUES} values unless they are of one instant.
 */
export async function differingSlices(
  pair: Pair,
  unit: Unit,
  span: Span,
  signal: AbortSignal,
): Promise<Slice[]> {
  const [source, target] = await both(pair, unit, (server) => sumsOf(server, unit, span, signal), NONE);
  if (source.text === target.text) return [];
  return joinSlices(await divide(pair, unit, slice(span, source, target), signal));
}

/** All of a unit in slices, whether they differ or not. */
async function divide(pair: Pair, unit: Unit, whole: Slice, signal: AbortSignal): Promise<Slice[]> {
  const size = whole.end - whole.start;
  const values = Math.max(whole.values, whole.targetPoints);
  if (values <= SLICE_VALUES || size <= SMALLEST_NS) return [whole];
  const parts = BigInt(Math.min(MAX_BUCKETS, Math.ceil((values / SLICE_VALUES) * 4)));
  const width = (size + parts - 1n) / parts;
  const [source, target] = await both(
    pair,
    unit,
    (server) => bucketsOf(server, unit, whole, width, signal),
    new Map<bigint, Sums>(),
  );
  const slices: Slice[] = [];
  for (const start of [...new Set([...source.keys(), ...target.keys()])].sort((a, b) => (a < b ? -1 : 1))) {
    const [ours, theirs] = [source.get(start) ?? NONE, target.get(start) ?? NONE];
    if (ours.text === theirs.text) continue;
    const span = { start: latest(start, whole.start), end: earliest(start + width, whole.end) };
    slices.push(...(await divide(pair, unit, slice(span, ours, theirs), signal)));
  }
  return slices;
}

const slice = (span: Span, source: Sums, target: Sums): Slice => ({
  ...span,
  sourcePoints: source.points,
  targetPoints: target.points,
  values: source.values,
});

/** Neighbours in one, as long as they are not too large together. */
export function joinSlices(slices: readonly Slice[]): Slice[] {
  const joined: Slice[] = [];
  for (const next of slices) {
    const last = joined.at(-1);
    if (last === undefined || last.end !== next.start || last.values + next.values > SLICE_VALUES) {
      joined.push(next);
      continue;
    }
    joined[joined.length - 1] = {
      start: last.start,
      end: next.end,
      sourcePoints: last.sourcePoints + next.sourcePoints,
      targetPoints: last.targetPoints + next.targetPoints,
      values: last.values + next.values,
    };
  }
  return joined;
}

/** Asks both servers at once; `none` stands for one that has no such policy. */
async function both<T>(
  { source, target }: Pair,
  { onSource, onTarget }: Unit,
  ask: (server: Server) => Promise<T>,
  none: T,
): Promise<[T, T]> {
  return await Promise.all([onSource ? ask(source) : none, onTarget ? ask(target) : none]);
}

async function sumsOf(server: Server, unit: Unit, span: Span, signal: AbortSignal): Promise<Sums> {
  const q = `SELECT count(*), sum(*) FROM ${fromClause(unit)} WHERE ${whereTime(span)}`;
  const [sums = NONE] = (await readSums(server, q, unit, signal)).values();
  return sums;
}

/** At most, as {@link Sums.points}. */
export async function countPoints(
  server: Server,
  unit: Unit,
  span: Span,
  signal: AbortSignal,
): Promise<number> {
  return (await sumsOf(server, unit, span, signal)).points;
}

async function bucketsOf(
  server: Server,
  unit: Unit,
  span: Span,
  width: bigint,
  signal: AbortSignal,
): Promise<Map<bigint, Sums>> {
  const grouping = `GROUP BY time(${width}ns) fill(none)`;
  const q = `SELECT count(*), sum(*) FROM ${fromClause(unit)} WHERE ${whereTime(span)} ${grouping}`;
  return await readSums(server, q, unit, signal);
}

/** One entry a row, by its time. */
async function readSums(
  server: Server,
  q: string,
  { db, measurement }: Unit,
  signal: AbortSignal,
): Promise<Map<bigint, Sums>> {
  const tables = await server.table(q, signal, db);
  const found = new Map<bigint, Sums>();
  for (const { name, columns, rows } of tables) {
    if (name !== measurement) continue;
    for (const row of rows) {
      let points = 0;
      let values = 0;
      let text = "";
      for (const [at, column] of columns.entries()) {
        const value = row[at] ?? null;
        // A field that no point here has: the server may only know it from other times.
        if (at === 0 || value === null) continue;
        if (column.startsWith("count_")) {
          if (value === 0n) continue;
          points = Math.max(points, Number(value));
          values += Number(value);
        }
        text += `${column}=${typeof value === "bigint" ? `${value}i` : Object.is(value, -0) ? "-0" : value}\n`;
      }
      found.set(row[0] as bigint, { points, values, text });
    }
  }
  return found;
}
