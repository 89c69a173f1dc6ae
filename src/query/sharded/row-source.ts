import type { JsonDocument } from "./json-document.ts";
import type { JsonLines } from "./json-lines.ts";
import { compareSeries, type SeriesHead } from "./series.ts";
import { StatementError } from "./shard-answer.ts";
import { compareText } from "./value.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const COMMA = 0x2c;
const decoder = new TextDecoder();

/**
 * The rows of one shard's chunked answer, one after the other: the current one is there to be compared and copied. Its
 * first column is the time in nanoseconds.
 */
export class RowSource {
  /** Of the current row; undefined behind the last. */
  head: SeriesHead | undefined;
  /** The JSON of the series' name, tags and columns. */
  headText = "";
  /** The time, as {@link TimeParts}. */
  seconds = 0;
  nanoseconds = 0;
  /** The bytes of the row, and where in them what follows its time begins and ends, brackets and all. */
  bytes = new Uint8Array(0);
  rest = 0;
  end = 0;
  readonly #lines: JsonLines;
  #document: JsonDocument | undefined;
  #values: readonly unknown[] | undefined;

  constructor(lines: JsonLines) {
    this.#lines = lines;
  }

  /** Moves to the next row if that is at hand; false if the next document has to be waited for. */
  tryNext(): boolean {
    const document = this.#document;
    if (document === undefined) return false;
    this.#values = undefined;
    for (;;) {
      if (document.nextRow()) {
        this.#readTime(document);
        return true;
      }
      const series = document.nextSeries();
      if (series === undefined) {
        this.#document = undefined;
        return false;
      }
      if (series.text !== this.headText || this.head === undefined) {
        this.#begin(series.head, series.text);
      }
    }
  }

  /** Moves to the next row, or behind the last. */
  async next(): Promise<void> {
    while (!this.tryNext()) {
      this.#document = await this.#lines.next();
      if (this.#document === undefined) {
        this.head = undefined;
        return;
      }
    }
  }

  /** A column of the current row, as JSON.parse has it. */
  value(column: number): unknown {
    this.#values ??= JSON.parse(`[0${decoder.decode(this.bytes.subarray(this.rest, this.end))}`) as unknown[];
    return this.#values[column];
  }

  cancel(): void {
    this.#lines.cancel();
  }

  #begin(head: SeriesHead, text: string): void {
    this.head = head;
    this.headText = text;
  }

  #readTime(document: JsonDocument): void {
    const { bytes, rowStart, rowEnd } = document;
    let at = rowStart + 1;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const start = at;
    while ((bytes[at] as number) >= ZERO) at++;
    const split = at - 9;
    let seconds = 0;
    let nanoseconds = 0;
    for (let i = start; i < split; i++) seconds = seconds * 10 + (bytes[i] as number) - ZERO;
    for (let i = Math.max(start, split); i < at; i++)
      nanoseconds = nanoseconds * 10 + (bytes[i] as number) - ZERO;
    if (at === start || (bytes[at] !== COMMA && at !== rowEnd - 1))
      throw new StatementError("a row without a time");
    this.seconds = negative ? -seconds : seconds;
    this.nanoseconds = negative ? -nanoseconds : nanoseconds;
    this.bytes = bytes as Uint8Array<ArrayBuffer>;
    this.rest = at;
    this.end = rowEnd;
  }
}

/** The order of rows within an answer. */
export type RowOrder = (a: RowSource, b: RowSource) => number;

/** Of the series that they are of. */
export const bySeries = (descending: boolean): RowOrder => {
  const sign = descending ? -1 : 1;
  return (a, b) =>
    a.headText === b.headText ? 0 : sign * compareSeries(a.head as SeriesHead, b.head as SeriesHead);
};

/**
 * Of rows of one series: by time, and at the same time by the columns that are texts, in the order of `columns`, up to
 * the first that is none in one of them: so influxd compares rows that it merges.
 */
export function byTime(descending: boolean, columns: readonly number[]): RowOrder {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    if (a.seconds !== b.seconds) return sign * (a.seconds - b.seconds);
    if (a.nanoseconds !== b.nanoseconds) return sign * (a.nanoseconds - b.nanoseconds);
    for (const column of columns) {
      const x = a.value(column);
      const y = b.value(column);
      if (typeof x !== "string" || typeof y !== "string") return 0;
      const order = compareText(x, y);
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}
