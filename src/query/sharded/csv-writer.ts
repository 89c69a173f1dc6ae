import { ByteSink } from "./byte-sink.ts";
import type { ResultWriter } from "./result-writer.ts";
import type { SeriesHead } from "./series.ts";

const decoder = new TextDecoder();

/** influxd's CSV: a table for each statement that has rows; errors and empty results leave no trace. */
export class CsvWriter implements ResultWriter {
  readonly contentType = "text/csv";
  readonly #sink: ByteSink;
  #statements = 0;
  #isNew = true;
  #prefix = "";
  #columns: readonly string[] = [];
  #row = new ByteSink();

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  beginResult(): void {
    this.#isNew = true;
  }

  beginSeries({ name, tags, columns }: SeriesHead): void {
    if (this.#isNew) {
      if (this.#statements++ > 0) this.#sink.text("\n");
      this.#header(columns);
    } else if (columns.join("\0") !== this.#columns.join("\0")) {
      this.#sink.text("\n");
      this.#header(columns);
    }
    this.#isNew = false;
    const shown = (tags ?? [])
      .filter(([, value]) => value !== "")
      .map(([key, value]) => `${escaped(key)}=${escaped(value)}`);
    this.#prefix = `${field(name ?? "")},${field(shown.join(","))},`;
  }

  beginRow(): ByteSink {
    return this.#row;
  }

  endRow(): void {
    const json = decoder.decode(this.#row.take());
    const cells = JSON.parse(`[${json}`, exact as Parameters<typeof JSON.parse>[1]) as readonly unknown[];
    this.#sink.text(
      `${this.#prefix}${cells.map((cell) => (cell === null ? "" : field(String(cell)))).join(",")}\n`,
    );
  }

  endResult(): void {}

  end(): void {}

  #header(columns: readonly string[]): void {
    this.#columns = columns;
    this.#sink.text(`${["name", "tags", ...columns].map(field).join(",")}\n`);
  }
}

/** Numbers as they are written, but floats without an exponent. */
function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context.source ?? String(value);
  return source.includes("e") ? withoutExponent(source) : source;
}

function withoutExponent(source: string): string {
  const sign = source.startsWith("-") ? "-" : "";
  const [mantissa = "", exponent = "0"] = source
    .replace("-", (minus, at) => (at === 0 ? "" : minus))
    .split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}${point < digits.length ? `.${digits.slice(point)}` : ""}`;
}

/** As in a line of the line protocol. */
const escaped = (text: string): string => text.replace(/[,= ]/g, "\\$&");

function field(text: string): string {
  const isQuoted = text === "\\." || /[",\r\n]/.test(text) || /^[\s\u0085\u00a0]/u.test(text);
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text;
}
