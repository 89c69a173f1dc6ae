import type { SeriesHead } from "./series.ts";
import { StatementError } from "./shard-answer.ts";
import { compareText } from "./value.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const PREFIX = new TextEncoder().encode('{"results":[{"statement_id":0');
const SERIES = new TextEncoder().encode(',"series":[');
const decoder = new TextDecoder();

/**
 * Reads one document of influxd's JSON, of one statement's result and in the form that influxd prints it: in a fixed
 * order and without space. The rows are found, not read.
 */
export class JsonDocument {
  readonly bytes: Uint8Array;
  /** Behind the last byte. */
  readonly #end: number;
  #at: number;
  /** The current row: from its bracket to behind the closing one. */
  rowStart = 0;
  rowEnd = 0;

  /** @throws StatementError if the statement failed, or for something that influxd does not print. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.#end = end;
    this.#at = start + PREFIX.length;
    if (!this.#has(PREFIX, start)) throw notInfluxdb(decoder.decode(bytes.subarray(start, end)));
    if (!this.#has(SERIES, this.#at)) {
      this.#readTail();
      return;
    }
    this.#at += SERIES.length;
  }

  /** The next series; undefined if there is none. Its rows must have been read. */
  nextSeries(): { readonly head: SeriesHead; readonly text: string } | undefined {
    if (this.#at >= this.#end) return undefined;
    if (this.bytes[this.#at] === COMMA) this.#at++;
    const start = this.#at;
    if (this.bytes[start] !== OPEN_BRACE) throw notInfluxdb("a series");
    for (;;) {
      // Behind a brace or a comma: a key.
      const key = this.#at + 1;
      const keyEnd = this.#skipString(key);
      const name = decoder.decode(this.bytes.subarray(key + 1, keyEnd - 1));
      if (name === "values") {
        const text = decoder.decode(this.bytes.subarray(start + 1, this.#at));
        this.#at = keyEnd + 2;
        return { head: headOf(text), text };
      }
      this.#at = this.#skipValue(keyEnd + 1);
      if (this.bytes[this.#at] !== CLOSE_BRACE) continue;
      // No values at all.
      const text = decoder.decode(this.bytes.subarray(start + 1, this.#at));
      this.#at++;
      this.#afterSeries();
      return { head: headOf(text), text };
    }
  }

  /** Finds the next row of the series; false if it has no more. */
  nextRow(): boolean {
    const { bytes } = this;
    let at = this.#at;
    if (at >= this.#end) return false;
    if (bytes[at] === COMMA) at++;
    if (bytes[at] !== OPEN) {
      if (bytes[at] === CLOSE) this.#endSeries(at);
      return false;
    }
    this.rowStart = at;
    for (at++; ; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) at = this.#skipString(at) - 1;
      else if (byte === CLOSE) break;
      else if (byte === undefined) throw notInfluxdb("a row");
    }
    this.rowEnd = at + 1;
    this.#at = at + 1;
    return true;
  }

  #endSeries(close: number): void {
    this.#at = close + 1;
    while (this.bytes[this.#at] === COMMA) {
      // `"partial":true`: the series goes on in the next document.
      this.#at = this.#skipValue(this.#skipString(this.#at + 1) + 1);
    }
    this.#at++;
    this.#afterSeries();
  }

  #afterSeries(): void {
    if (this.bytes[this.#at] !== CLOSE) return;
    this.#at++;
    this.#readTail();
  }

  /** What stands behind the series, of which an error counts. */
  #readTail(): void {
    const tail = decoder.decode(this.bytes.subarray(this.#at, this.#end));
    this.#at = this.#end;
    if (tail.startsWith("}]}")) return;
    const { error } = parse(`{"_":0${tail.trimEnd().slice(0, -2)}`) as { readonly error?: string };
    if (error !== undefined) throw new StatementError(error);
  }

  #has(text: Uint8Array, at: number): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text[i]) return false;
    return true;
  }

  /** Behind the string that begins at a quote. */
  #skipString(at: number): number {
    const { bytes } = this;
    for (let i = at + 1; i < this.#end; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) return i + 1;
    }
    throw notInfluxdb("a text");
  }

  /** Behind the value at a position: the comma or bracket that follows. */
  #skipValue(at: number): number {
    let depth = 0;
    for (let i = at; i < this.#end; i++) {
      const byte = this.bytes[i];
      if (byte === QUOTE) i = this.#skipString(i) - 1;
      else if (byte === OPEN || byte === OPEN_BRACE) depth++;
      else if (byte === CLOSE || byte === CLOSE_BRACE) {
        if (depth-- === 0) return i;
      } else if (byte === COMMA && depth === 0) return i;
    }
    throw notInfluxdb("a value");
  }
}

interface HeadJson {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns?: readonly string[];
}

function headOf(text: string): SeriesHead {
  const { name, tags, columns = [] } = parse(`{${text}}`) as HeadJson;
  return { name, tags: tags && Object.entries(tags).sort(([a], [b]) => compareText(a, b)), columns };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw notInfluxdb(json);
  }
}

function notInfluxdb(what: string): StatementError {
  return new StatementError(`a shard's answer is not InfluxDB's: ${what.slice(0, 100)}`);
}
