import { AnswerReader, type Series } from "./answer.ts";
import { ByteBuffer } from "./bytes.ts";
import { ServerError } from "./errors.ts";
import { compareText, type LineSeries, lineSeries, writeRow } from "./line-writer.ts";
import type { Row } from "./msgpack.ts";
import type { Turn } from "./parallel.ts";
import type { Server } from "./server.ts";

const FIRST_BYTES = 128 * 1024;

/** A row of the {@link LineSource}; the fields are those of the row that it stands at. */
export class LineSource {
  readonly #pieces: AsyncGenerator<undefined>;
  readonly #measurement: string;
  readonly #server: string;
  readonly #buffer = new ByteBuffer(FIRST_BYTES);
  /** Of each row that was read and not passed: its series, its time, and where its line begins. */
  #allSeries: LineSeries[] = [];
  #times: bigint[] = [];
  #starts: number[] = [];
  #at = -1;
  #reading: LineSeries | undefined;
  #skipping = false;
  #last: { readonly series: LineSeries; readonly time: bigint } | undefined;

  /** Reads the answer as it is needed; with `ask`, as fast as it comes. */
  constructor(server: Server, q: string, db: string, measurement: string, signal: AbortSignal, ask?: Turn) {
    const sink = { series: (series: Series) => this.#begin(series), row: (row: Row) => this.#add(row) };
    this.#measurement = measurement;
    this.#server = server.name;
    this.#pieces = server.pieces(q, new AnswerReader(sink), signal, db, ask);
  }

  get series(): LineSeries {
    return this.#allSeries[this.#at] as LineSeries;
  }

  get time(): bigint {
    return this.#times[this.#at] as bigint;
  }

  get bytes(): Uint8Array {
    return this.#buffer.bytes;
  }

  /** Where the line is in `bytes`. */
  get start(): number {
    return this.#starts[this.#at] as number;
  }

  get end(): number {
    return this.#starts[this.#at + 1] ?? this.#buffer.length;
  }

  /** Goes to the next row; true if it is there, a promise if it must be waited for. */
  next(): boolean | Promise<boolean> {
    if (++this.#at < this.#times.length) return true;
    return this.#read();
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  async #read(): Promise<boolean> {
    do {
      this.#buffer.length = 0;
      this.#allSeries = [];
      this.#times = [];
      this.#starts = [];
      this.#at = 0;
      if ((await this.#pieces.next()).done) return this.#times.length > 0;
    } while (this.#times.length === 0);
    return true;
  }

  #begin(series: Series): void {
    // A pattern that stands for a name may match others.
    this.#skipping = series.name !== this.#measurement;
    if (!this.#skipping) this.#reading = lineSeries(series);
  }

  #add(row: Row): void {
    const series = this.#reading;
    if (this.#skipping || series === undefined) return;
    const start = this.#buffer.length;
    if (!writeRow(this.#buffer, series, row)) return;
    const time = row.integers[0] as bigint;
    this.#checkOrder(series, time);
    this.#allSeries.push(series);
    this.#times.push(time);
    this.#starts.push(start);
  }

  /** Two answers can be compared side by side only if both have the order that is expected of them. */
  #checkOrder(series: LineSeries, time: bigint): void {
    const last = this.#last;
    this.#last = { series, time };
    if (last === undefined) return;
    const order = last.series === series ? 0 : compareSeries(last.series, series);
    if (order < 0 || (order === 0 && last.time <= time)) return;
    throw new ServerError(this.#server, "query", `rows of ${series.key} come in no known order`);
  }
}

/**
 * The order in which InfluxDB gives series: by the values of their tags, those in the order of their keys; a tag that a
 * series lacks counts as empty. It joins them by NUL, which matters where a value has one.
 */
export function compareSeries(a: LineSeries, b: LineSeries): number {
  if (a.key === b.key) return 0;
  if (a.key.includes("\0") || b.key.includes("\0")) return compareJoined(a, b) || compareText(a.key, b.key);
  let i = 0;
  let j = 0;
  while (i < a.tags.length || j < b.tags.length) {
    const [keyA, valueA] = a.tags[i] ?? [undefined, ""];
    const [keyB, valueB] = b.tags[j] ?? [undefined, ""];
    if (keyA === keyB) {
      const order = compareText(valueA, valueB);
      if (order !== 0) return order;
      i++;
      j++;
    } else {
      // The one whose key comes first has a value where the other one has none.
      return keyB === undefined || (keyA !== undefined && keyA < keyB) ? 1 : -1;
    }
  }
  return 0;
}

function compareJoined(a: LineSeries, b: LineSeries): number {
  const keys = [a, b].flatMap(({ tags, absent }) => [...tags.map(([key]) => key), ...absent]);
  const sorted = [...new Set(keys)].sort(compareText);
  const [ours, theirs] = [a, b].map(({ tags }) => {
    const values = new Map(tags);
    return sorted.map((key) => values.get(key) ?? "").join("\0");
  }) as [string, string];
  return compareText(ours, theirs);
}
