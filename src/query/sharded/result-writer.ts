import type { ByteSink } from "./byte-sink.ts";
import type { SeriesHead } from "./series.ts";

/** Prints the results of a request's statements as influxd does. */
export interface ResultWriter {
  readonly contentType: string;
  /** The next statement; `id` is its place in the request. */
  beginResult(id: number): void;
  /** The next series of the statement. @param text the JSON of its name, tags and columns */
  beginSeries(head: SeriesHead, text: string): void;
  /** A row begins. What is printed into the sink before `endRow` is its JSON, without the bracket before it. */
  beginRow(): ByteSink;
  endRow(): void;
  /** @param error and `messages` are JSON */
  endResult(error?: string, messages?: string): void;
  /** The end of the request. */
  end(): void;
}

/** What comes behind the series of a result. */
function endOf(error: string | undefined, messages: string | undefined): string {
  const said = messages === undefined ? "" : `,"messages":${messages}`;
  return error === undefined ? said : `${said},"error":${error}`;
}

/** Rows of a series in a chunk, where the request does not say how many. */
export const CHUNK_SIZE = 10_000;

/** One document with all results. */
export class JsonWriter implements ResultWriter {
  readonly contentType = "application/json";
  readonly #sink: ByteSink;
  #results = 0;
  #series = 0;
  #rows = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    sink.text('{"results":[');
  }

  beginResult(id: number): void {
    this.#sink.text(`${this.#results++ > 0 ? "," : ""}{"statement_id":${id}`);
    this.#series = 0;
  }

  beginSeries(_head: SeriesHead, text: string): void {
    if (this.#series++ === 0) this.#sink.text(',"series":[');
    else this.#endSeries(",");
    this.#sink.text(`{${text}`);
    this.#rows = 0;
  }

  beginRow(): ByteSink {
    this.#sink.text(this.#rows++ === 0 ? ',"values":[[' : ",[");
    return this.#sink;
  }

  endRow(): void {}

  endResult(error?: string, messages?: string): void {
    if (this.#series > 0) this.#endSeries("]");
    this.#sink.text(`${endOf(error, messages)}}`);
  }

  end(): void {
    this.#sink.text("]}\n");
  }

  #endSeries(then: string): void {
    // influxd collects the chunks of a series, and leaves the mark of the first that there are more.
    const mark = this.#rows > CHUNK_SIZE ? ',"partial":true' : "";
    this.#sink.text(`${this.#rows > 0 ? "]" : ""}${mark}}${then}`);
  }
}

/** A document for each part of a series that has so many rows, with marks where the series and the result go on. */
export class ChunkedJsonWriter implements ResultWriter {
  readonly contentType = "application/json";
  readonly #sink: ByteSink;
  readonly #chunkSize: number;
  #id = 0;
  #head = "";
  #open = false;
  #rows = 0;

  constructor(sink: ByteSink, chunkSize: number) {
    this.#sink = sink;
    this.#chunkSize = chunkSize;
  }

  beginResult(id: number): void {
    this.#id = id;
    this.#open = false;
  }

  beginSeries(_head: SeriesHead, text: string): void {
    if (this.#open) this.#endDocument('}],"partial":true');
    this.#head = text;
    this.#beginDocument();
  }

  beginRow(): ByteSink {
    if (this.#rows === this.#chunkSize) {
      this.#endDocument(',"partial":true}],"partial":true');
      this.#beginDocument();
    }
    this.#sink.text(this.#rows++ === 0 ? ',"values":[[' : ",[");
    return this.#sink;
  }

  endRow(): void {}

  endResult(error?: string, messages?: string): void {
    const end = endOf(error, messages);
    if (this.#open) this.#endDocument(error === undefined ? `}]${end}` : '}],"partial":true');
    if (this.#open && error === undefined) return;
    this.#sink.text(`{"results":[{"statement_id":${this.#id}${end}}]}\n`);
  }

  end(): void {}

  #beginDocument(): void {
    this.#sink.text(`{"results":[{"statement_id":${this.#id},"series":[{${this.#head}`);
    this.#open = true;
    this.#rows = 0;
  }

  #endDocument(tail: string): void {
    this.#sink.text(`${this.#rows > 0 ? "]" : ""}${tail}}]}\n`);
  }
}
