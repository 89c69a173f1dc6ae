import { crc32c } from "../spool/crc32c.ts";
import { scanFields, splitFields } from "../write/point-fields.ts";
import { byteString, readable } from "./bytes.ts";
import { compareSeries, LineSource } from "./line-source.ts";
import { equalBytes, isSaid, type LineSeries } from "./line-writer.ts";
import { type Ask, inPieces } from "./share.ts";
import { joinSlices, type Slice, sliceValues } from "./sums.ts";
import { type Pair, rowsQuery, seriesOf, type Unit } from "./unit.ts";
import { earliest, type SizedSpan, type Span } from "./windows.ts";

/** Parts of a span that are told apart. */
const GRID = 256n;
/** Rows that are remembered one by one. */
const MAX_ROWS = 20_000;
const MAX_SAMPLES = 5;
const MAX_SAMPLE_BYTES = 500;

export type RowDifference = "missing" | "changed" | "extra";

/** A row that only the target has, or with a field that the source's lacks. */
export interface ExtraRow {
  readonly series: LineSeries;
  readonly time: bigint;
}

export interface Diff {
  /** Rows that were looked at on the source. */
  readonly rows: number;
  readonly missing: number;
  readonly changed: number;
  readonly extra: number;
  /**
   * Each differing row as `kind key time`, and for one that is changed a checksum of what the target has: a row that follows
   * the source's writes is another one at the next look. Undefined if there are too many to remember.
   */
  readonly ids: ReadonlySet<string> | undefined;
  /** Where rows differ, ordered by time. */
  readonly slices: readonly Slice[];
  /** Where rows are missing or changed. */
  readonly toCopy: readonly Slice[];
  /** A few of them, for people. */
  readonly samples: readonly string[];
}

export interface DiffOptions {
  /** Is told of each row of the target, in its order; `extra` as in {@link ExtraRow}. */
  readonly onTarget?: (row: ExtraRow, extra: boolean) => void;
}

/** Compares all rows of a span, with their types: exact, and in memory that does not depend on how many there are. */
export async function diffRows(
  pair: Pair,
  unit: Unit,
  span: SizedSpan,
  signal: AbortSignal,
  options: DiffOptions = {},
): Promise<Diff> {
  const tally = new Tally(span, sliceValues(pair), options);
  await inPieces(pair.share, `rows ${seriesOf(unit)}`, span, (piece, ask) =>
    tallyRows(pair, unit, piece, tally, pair.share && ask, signal),
  );
  return tally.result();
}

async function tallyRows(
  pair: Pair,
  unit: Unit,
  span: Span,
  tally: Tally,
  ask: Ask | undefined,
  signal: AbortSignal,
): Promise<void> {
  const open = (server: Pair["source"], exists: boolean) =>
    exists
      ? new LineSource(server, rowsQuery(unit, span), unit.db, unit.measurement, signal, ask)
      : undefined;
  const source = open(pair.source, unit.onSource);
  const target = open(pair.target, unit.onTarget);
  try {
    await merge(source, target, tally);
  } finally {
    await Promise.allSettled([source?.close(), target?.close()]);
  }
}

async function merge(
  source: LineSource | undefined,
  target: LineSource | undefined,
  tally: Tally,
): Promise<void> {
  let [ours, theirs] = await Promise.all([source?.next() ?? false, target?.next() ?? false]);
  while (ours || theirs) {
    const order = !ours ? 1 : !theirs ? -1 : compareRows(source as LineSource, target as LineSource);
    if (order < 0) tally.only("missing", source as LineSource);
    else if (order > 0) tally.only("extra", target as LineSource);
    else tally.pair(source as LineSource, target as LineSource);
    if (order <= 0) {
      const next = (source as LineSource).next();
      ours = next === true || (await next);
    }
    if (order >= 0) {
      const next = (target as LineSource).next();
      theirs = next === true || (await next);
    }
  }
}

function compareRows(a: LineSource, b: LineSource): number {
  const order = compareSeries(a.series, b.series);
  if (order !== 0) return order;
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

/** A part of the span. */
interface Cell {
  /** Points. */
  source: number;
  target: number;
  /** Of the source, at most. */
  values: number;
  differs: boolean;
  /** The target lacks something of the source's. */
  lacks: boolean;
}

/** Counts what {@link merge} finds. */
class Tally {
  readonly #span: Span;
  readonly #width: bigint;
  readonly #sliceValues: number;
  readonly #onTarget: DiffOptions["onTarget"];
  readonly #counts: Record<RowDifference, number> = { missing: 0, changed: 0, extra: 0 };
  readonly #ids = new Set<string>();
  readonly #cells = new Map<bigint, Cell>();
  readonly #samples: string[] = [];
  #overflow = false;
  #rows = 0;

  constructor(span: Span, most: number, { onTarget }: DiffOptions) {
    this.#span = span;
    this.#sliceValues = most;
    this.#width = (span.end - span.start + GRID - 1n) / GRID;
    this.#onTarget = onTarget;
  }

  only(kind: "missing" | "extra", row: LineSource): void {
    const cell = this.#cell(row);
    cell.differs = true;
    if (kind === "missing") {
      cell.lacks = true;
      this.#addSource(cell, row);
    } else {
      cell.target++;
      this.#onTarget?.(row, true);
    }
    this.#add(kind, row);
  }

  pair(source: LineSource, target: LineSource): void {
    const cell = this.#cell(source);
    cell.target++;
    this.#addSource(cell, source);
    const line = source.bytes.subarray(source.start, source.end);
    const other = target.bytes.subarray(target.start, target.end);
    const equal = equalBytes(line, other);
    if (this.#onTarget !== undefined) {
      // What could not be written again must not be deleted.
      const replaceable = !equal && isSaid(source.series, line) && isSaid(target.series, other);
      this.#onTarget(target, replaceable && hasMoreFields(other, line, target.series.keyBytes.length));
    }
    if (equal) return;
    cell.differs = true;
    cell.lacks = true;
    this.#add("changed", target);
  }

  result(): Diff {
    return {
      ...this.#counts,
      rows: this.#rows,
      ids: this.#overflow ? undefined : this.#ids,
      slices: this.#slices(({ differs }) => differs),
      toCopy: this.#slices(({ lacks }) => lacks),
      samples: this.#samples,
    };
  }

  #slices(belongs: (cell: Cell) => boolean): Slice[] {
    const slices = [...this.#cells]
      .filter(([, cell]) => belongs(cell))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([at, { source, target, values }]) => ({
        start: this.#span.start + at * this.#width,
        end: earliest(this.#span.start + (at + 1n) * this.#width, this.#span.end),
        sourcePoints: source,
        targetPoints: target,
        values,
      }));
    return joinSlices(slices, this.#sliceValues);
  }

  #addSource(cell: Cell, row: LineSource): void {
    this.#rows++;
    cell.source++;
    cell.values += row.series.columns.length - 1;
  }

  #add(kind: RowDifference, row: LineSource): void {
    this.#counts[kind]++;
    if (this.#samples.length < MAX_SAMPLES) {
      const line = byteString(row.bytes, row.start, Math.min(row.end, row.start + MAX_SAMPLE_BYTES));
      this.#samples.push(`${kind}: ${readable(line)}`);
    }
    if (this.#ids.size >= MAX_ROWS) this.#overflow = true;
    else this.#ids.add(`${kind} ${row.series.key} ${row.time} ${kind === "changed" ? checksum(row) : ""}`);
  }

  #cell(row: LineSource): Cell {
    const at = (row.time - this.#span.start) / this.#width;
    let cell = this.#cells.get(at);
    if (cell === undefined) {
      cell = { source: 0, target: 0, values: 0, differs: false, lacks: false };
      this.#cells.set(at, cell);
    }
    return cell;
  }
}

const checksum = (row: LineSource): number => crc32c(row.bytes.subarray(row.start, row.end));

/** True if a line has a field of a name that the other line has not. */
function hasMoreFields(line: Uint8Array, other: Uint8Array, keyLength: number): boolean {
  const names = (bytes: Uint8Array) => {
    const start = keyLength + 1;
    const fields = splitFields(bytes, start, scanFields(bytes, start));
    return fields.map(({ key }) => byteString(key, 0, key.length));
  };
  const known = new Set(names(other));
  return names(line).some((name) => !known.has(name));
}
