import type { ByteSink } from "./byte-sink.ts";
import type { ResultWriter } from "./result-writer.ts";
import { bySeries, byTime, type RowOrder, type RowSource } from "./row-source.ts";
import type { SeriesHead } from "./series.ts";
import { StatementError } from "./shard-answer.ts";
import type { TimePrinter } from "./time-text.ts";

/** So many bytes are merged before they go on to the client. */
const PIECE = 64 * 1024;

export interface RowMergeOptions {
  readonly descending: boolean;
  /** The columns that tell rows of the same time apart, in that order. */
  readonly tieColumns: readonly number[];
  /** Rows of each series that are left out, and the most that follow; 0 for all. */
  readonly offset: number;
  readonly limit: number;
  /** The same of the series of each measurement. */
  readonly seriesOffset: number;
  readonly seriesLimit: number;
  readonly time: TimePrinter;
}

/**
 * Merges the rows of several shards into a writer: series by series, and in each by time. Rows are copied as they came
 * but for their time. Holds no more than a document of each shard.
 */
export class RowMerge {
  readonly #sources: RowSource[];
  readonly #options: RowMergeOptions;
  readonly #writer: ResultWriter;
  readonly #sink: ByteSink;
  readonly #bySeries: RowOrder;
  readonly #byTime: RowOrder;
  /** Those with rows of the current series, in the order of the shards. */
  #active: RowSource[] = [];
  #name: string | undefined;
  #seriesSeen = 0;
  #isShown = false;
  #rows = 0;

  /** @param sources in the order of the shards; each at its first row */
  constructor(sources: readonly RowSource[], options: RowMergeOptions, writer: ResultWriter, sink: ByteSink) {
    // Among rows that nothing tells apart, the order of the shards is turned round with all else.
    this.#sources = options.descending ? sources.toReversed() : [...sources];
    this.#options = options;
    this.#writer = writer;
    this.#sink = sink;
    this.#bySeries = bySeries(options.descending);
    this.#byTime = byTime(options.descending, options.tieColumns);
  }

  /** Merges until there is a piece for the client; false when all is merged. */
  async merge(): Promise<boolean> {
    while (this.#sink.length < PIECE) {
      if (this.#active.length === 0 && !this.#beginSeries()) return false;
      const source = this.#first();
      const text = source.headText;
      this.#write(source);
      if (!source.tryNext()) await source.next();
      if (source.headText !== text || source.head === undefined) {
        this.#active.splice(this.#active.indexOf(source), 1);
      }
    }
    return true;
  }

  #beginSeries(): boolean {
    const left = this.#sources.filter(({ head }) => head !== undefined);
    const [first, ...others] = left;
    if (first === undefined) return false;
    const least = others.reduce((a, b) => (this.#bySeries(b, a) < 0 ? b : a), first);
    this.#active = left.filter((source) => this.#bySeries(source, least) === 0);
    const head = least.head as SeriesHead;
    if (this.#active.some((source) => !sameColumns(source.head as SeriesHead, head))) {
      throw new StatementError("the shards' answers have different columns");
    }
    this.#seriesSeen = head.name === this.#name ? this.#seriesSeen + 1 : 1;
    this.#name = head.name;
    const { seriesOffset, seriesLimit } = this.#options;
    const isBeyond = seriesLimit > 0 && this.#seriesSeen > seriesOffset + seriesLimit;
    this.#isShown = this.#seriesSeen > seriesOffset && !isBeyond;
    this.#rows = 0;
    return true;
  }

  #first(): RowSource {
    const active = this.#active;
    let first = active[0] as RowSource;
    for (let at = 1; at < active.length; at++) {
      const other = active[at] as RowSource;
      if (this.#byTime(other, first) < 0) first = other;
    }
    return first;
  }

  #write(source: RowSource): void {
    const { offset, limit, time } = this.#options;
    const row = ++this.#rows;
    if (!this.#isShown || row <= offset || (limit > 0 && row > offset + limit)) return;
    if (row === offset + 1) this.#writer.beginSeries(source.head as SeriesHead, source.headText);
    const sink = this.#writer.beginRow();
    time(source.seconds, source.nanoseconds, sink);
    sink.bytes(source.bytes, source.rest, source.end);
    this.#writer.endRow();
  }
}

function sameColumns(a: SeriesHead, b: SeriesHead): boolean {
  return a.columns.length === b.columns.length && a.columns.every((column, at) => column === b.columns[at]);
}
