import type { Value } from "./msgpack.ts";
import type { Server, Table } from "./server.ts";
import { type Ask, asked } from "./share.ts";
import { fromClause, type Pair, type Unit, whereTime } from "./unit.ts";
import { earliest, latest, type Span } from "./windows.ts";

/** What is copied at a time, so that the target's live writes are not held for long, in values of fields. */
export const SLICE_VALUES = 500_000;
/** The same where a share of the servers' time is taken, so that it takes longer. */
const SHARED_SLICE_VALUES = 100_000;
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

/** A part of a unit that is to be compared. */
export interface Part {
  readonly unit: Unit;
  readonly span: Span;
}

/** What the sums of a part say. */
export interface Looked {
  readonly whole: Slice;
  readonly equal: boolean;
  /** Where they differ, if that is known already. */
  readonly slices?: readonly Slice[];
}

export const sliceValues = ({ share }: Pair): number =>
  share === undefined ? SLICE_VALUES : SHARED_SLICE_VALUES;

/**
 * Compares the number of points and the sum of their values, of each part: cheap, because nothing is read that has not to
 * be, but strings and booleans that were changed are not seen. All parts are of one policy.
 */
export async function askForSums(
  pair: Pair,
  parts: readonly Part[],
  ask: Ask,
  signal: AbortSignal,
): Promise<Looked[]> {
  const first = parts[0];
  if (first === undefined) return [];
  const [source, target] = await both(
    pair,
    first.unit,
    (server) => ask(() => sumsOf(server, parts, signal)),
    [],
  );
  return parts.map(({ span }, i) => {
    const [ours, theirs] = [source[i] ?? NONE, target[i] ?? NONE];
    return { whole: slice(span, ours, theirs), equal: ours.text === theirs.text };
  });
}

/**
 * Where the points of a part differ by their sums, ordered by time. No slice has many more than {@link sliceValues} values
 * unless they are of one instant.
 */
export async function differingSlices(
  pair: Pair,
  unit: Unit,
  { whole, slices = [whole] }: Looked,
  signal: AbortSignal,
): Promise<Slice[]> {
  const divided: Slice[] = [];
  for (const slice of slices) divided.push(...(await divide(pair, unit, slice, signal)));
  return joinSlices(divided, sliceValues(pair));
}

async function divide(pair: Pair, unit: Unit, whole: Slice, signal: AbortSignal): Promise<Slice[]> {
  const size = whole.end - whole.start;
  const values = Math.max(whole.values, whole.targetPoints);
  const most = sliceValues(pair);
  if (values <= most || size <= SMALLEST_NS) return [whole];
  const parts = BigInt(Math.min(MAX_BUCKETS, Math.ceil((values / most) * 4)));
  const width = (size + parts - 1n) / parts;
  const [source, target] = await both(
    pair,
    unit,
    (server) => asked(pair.share, () => bucketsOf(server, unit, whole, width, signal)),
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
export function joinSlices(slices: readonly Slice[], most = SLICE_VALUES): Slice[] {
  const joined: Slice[] = [];
  for (const next of slices) {
    const last = joined.at(-1);
    if (last === undefined || last.end !== next.start || last.values + next.values > most) {
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

/** For each part; in one request, because most parts are small. */
async function sumsOf(server: Server, parts: readonly Part[], signal: AbortSignal): Promise<Sums[]> {
  const statements = parts.map(({ unit, span }) => sumsQuery(unit, span));
  const tables = await server.table(statements.join("; "), signal, parts[0]?.unit.db);
  return parts.map(({ unit }, i) => {
    const own = tables.filter(({ statement }) => statement === i);
    const [sums = NONE] = readSums(own, unit).values();
    return sums;
  });
}

/** At most, as {@link Sums.points}. */
export async function countPoints(
  server: Server,
  unit: Unit,
  span: Span,
  signal: AbortSignal,
): Promise<number> {
  const [sums = NONE] = await sumsOf(server, [{ unit, span }], signal);
  return sums.points;
}

const sumsQuery = (unit: Unit, span: Span): string =>
  `SELECT count(*), sum(*) FROM ${fromClause(unit)} WHERE ${whereTime(span)}`;

async function bucketsOf(
  server: Server,
  unit: Unit,
  span: Span,
  width: bigint,
  signal: AbortSignal,
): Promise<Map<bigint, Sums>> {
  const q = `${sumsQuery(unit, span)} GROUP BY time(${width}ns) fill(none)`;
  return readSums(await server.table(q, signal, unit.db), unit);
}

/** One entry a row, by its time. */
function readSums(tables: readonly Table[], { measurement }: Unit): Map<bigint, Sums> {
  const found = new Map<bigint, Sums>();
  for (const { name, columns, rows } of tables) {
    if (name !== measurement) continue;
    for (const row of rows) found.set(row[0] as bigint, sumsIn(columns, row));
  }
  return found;
}

function sumsIn(columns: readonly string[], row: readonly Value[]): Sums {
  let points = 0;
  let values = 0;
  let text = "";
  for (const [at, column] of columns.entries()) {
    const value = row[at] ?? null;
    // A field that no point here has: the server may only know it from other times.
    if (at === 0 || value === null || value === 0n) continue;
    if (column.startsWith("count_")) {
      points = Math.max(points, Number(value));
      values += Number(value);
    }
    text += `${column}=${typeof value === "bigint" ? `${value}i` : Object.is(value, -0) ? "-0" : value}\n`;
  }
  return { points, values, text };
}
