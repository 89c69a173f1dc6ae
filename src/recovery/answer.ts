import { AnswerError } from "./errors.ts";
import { MsgpackBuffer, Row } from "./msgpack.ts";

/** What rows belong to. Names and values are byte strings. */
export interface Series {
  /** Which statement of the request it belongs to; the first is 0. */
  readonly statement: number;
  readonly name: string;
  /** In any order: InfluxDB's is random. A tag that the series lacks has an empty value. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly columns: readonly string[];
}

/** Gets the parts of an answer in their order. */
export interface AnswerSink {
  /** Also when a series goes on in the next chunk. */
  series(series: Series): void;
  /** The row is valid only during the call. */
  row(row: Row): void;
}

/** What is being read. */
const STEPS = { top: 0, topKey: 1, result: 2, resultKey: 3, series: 4, seriesKey: 5, row: 6 } as const;
type Step = (typeof STEPS)[keyof typeof STEPS];

/**
 * Reads the answer of InfluxDB's /query in the form `application/x-msgpack`: with `chunked=true` one object behind the
 * other. `values` come after `name`, `tags` and `columns` of their series, as InfluxDB's encoder writes them.
 */
export class AnswerReader {
  readonly #sink: AnswerSink;
  readonly #input = new MsgpackBuffer();
  readonly #row = new Row();
  #step: Step = STEPS.top;
  /** Of each map or array that is open: how many keys or items are left. */
  #topKeys = 0;
  #results = 0;
  #resultKeys = 0;
  #statement = 0;
  #seriesLeft = 0;
  #seriesKeys = 0;
  #rows = 0;
  #name = "";
  #tags: (readonly [string, string])[] = [];
  #columns: readonly string[] = [];
  /** The last result that came said that more of it follows. */
  #partial = false;
  #any = false;
  /** InfluxDB's words when it gave up; what came before is incomplete then. */
  error: string | undefined;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** @throws {AnswerError} for what is not such an answer. */
  push(piece: Uint8Array): void {
    this.#input.push(piece);
    const read = () => this.#read();
    while (!this.#input.empty || this.#step !== STEPS.top) {
      if (this.#step === STEPS.row && !this.#readRows()) return;
      if (this.#step !== STEPS.row && !this.#input.attempt(read)) return;
    }
  }

  /** True when the answer ends here. */
  get complete(): boolean {
    return this.#any && this.#step === STEPS.top && this.#input.empty && !this.#partial;
  }

  #readRows(): boolean {
    const row = this.#row;
    const read = () => this.#input.row(row);
    while (this.#rows > 0) {
      if (!this.#input.attempt(read)) return false;
      this.#rows--;
      this.#sink.row(row);
    }
    this.#step = STEPS.seriesKey;
    return true;
  }

  /** Reads one item, or closes what has nothing left. All of what it changes comes after what it reads. */
  #read(): void {
    switch (this.#step) {
      case STEPS.top:
        this.#topKeys = this.#input.size();
        this.#any = true;
        this.#step = STEPS.topKey;
        break;
      case STEPS.topKey:
        if (this.#topKeys === 0) this.#step = STEPS.top;
        else this.#topKey();
        break;
      case STEPS.result:
        if (this.#results === 0) this.#step = STEPS.topKey;
        else this.#result();
        break;
      case STEPS.resultKey:
        if (this.#resultKeys === 0) this.#step = STEPS.result;
        else this.#resultKey();
        break;
      case STEPS.series:
        if (this.#seriesLeft === 0) this.#step = STEPS.resultKey;
        else this.#series();
        break;
      case STEPS.seriesKey:
        if (this.#seriesKeys === 0) this.#step = STEPS.series;
        else this.#seriesKey();
        break;
    }
  }

  #topKey(): void {
    const key = this.#input.text();
    if (key === "results") {
      this.#results = this.#input.size();
      this.#step = STEPS.result;
    } else if (key === "error") {
      this.#fail(this.#input.text());
    } else {
      this.#input.skip();
    }
    this.#topKeys--;
  }

  #result(): void {
    this.#resultKeys = this.#input.size();
    this.#results--;
    this.#partial = false;
    this.#step = STEPS.resultKey;
  }

  #resultKey(): void {
    const key = this.#input.text();
    if (key === "series") {
      this.#seriesLeft = this.#input.size();
      this.#step = STEPS.series;
    } else if (key === "statement_id") {
      this.#statement = this.#input.number();
    } else if (key === "error") {
      this.#fail(this.#input.text());
    } else if (key === "partial") {
      this.#partial = this.#input.boolean();
    } else {
      this.#input.skip();
    }
    this.#resultKeys--;
  }

  /** The first words tell why; of statements behind it InfluxDB only says "not executed". */
  #fail(words: string): void {
    this.error ??= words;
  }

  #series(): void {
    this.#seriesKeys = this.#input.size();
    this.#seriesLeft--;
    this.#name = "";
    this.#tags = [];
    this.#columns = [];
    this.#step = STEPS.seriesKey;
  }

  #seriesKey(): void {
    const key = this.#input.text();
    switch (key) {
      case "name":
        this.#name = this.#input.text();
        break;
      case "tags": {
        const tags: [string, string][] = [];
        for (let left = this.#input.size(); left > 0; left--)
          tags.push([this.#input.text(), this.#input.text()]);
        this.#tags = tags;
        break;
      }
      case "columns": {
        const columns: string[] = [];
        for (let left = this.#input.size(); left > 0; left--) columns.push(this.#input.text());
        this.#columns = columns;
        break;
      }
      case "values":
        this.#rows = this.#input.size();
        if (this.#columns.length === 0) throw new AnswerError("values came before their columns");
        this.#sink.series({
          statement: this.#statement,
          name: this.#name,
          tags: this.#tags,
          columns: this.#columns,
        });
        this.#step = STEPS.row;
        break;
      default:
        this.#input.skip();
    }
    this.#seriesKeys--;
  }
}
