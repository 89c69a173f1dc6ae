import { BACKSLASH, COMMA, HASH, LF, QUOTE, SPACE, skipBlanks } from "../write/line-bytes.ts";
import { scanLine } from "../write/line-scan.ts";
import { scanFields, splitFields } from "../write/point-fields.ts";
import { LineError, scanKey } from "../write/point-key.ts";
import type { Series } from "./answer.ts";
import { type ByteBuffer, byteString, bytesOf } from "./bytes.ts";
import { BOOLEAN, FLOAT, INTEGER, NIL, type Row, STRING } from "./msgpack.ts";

/** A series that rows are written for. */
export interface LineSeries {
  /** The tags that have a value, sorted by the bytes of their key. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** The keys of tags that other series of the measurement have. */
  readonly absent: readonly string[];
  /** Measurement and tags in line protocol. */
  readonly key: string;
  readonly keyBytes: Uint8Array;
  /** For each column `key=`; the first one, which is the time, is empty. */
  readonly columns: readonly Uint8Array[];
  /** The places of the columns, sorted by their names. */
  readonly order: readonly number[];
  /** False when line protocol cannot say these names: InfluxDB would read others. */
  readonly writable: boolean;
  /** False when it cannot say a string with a line feed behind these names. */
  readonly multiline: boolean;
}

/** What rows of a series have in common. */
export function lineSeries(series: Series): LineSeries {
  const tags = series.tags.filter(([, value]) => value !== "").sort(([a], [b]) => compareText(a, b));
  const key = [
    series.name.replace(/[, ]|(?<=\\)"/g, "\\$&"),
    ...tags.map(([name, value]) => `${escapedTag(name)}=${escapedTag(value)}`),
  ].join(",");
  const names = series.columns.slice(1);
  const keys = names.map((name) => `${name.replace(/[,= ]|(?<=\\)"/g, "\\$&")}=`);
  const order = names
    .map((name, at) => ({ name, at: at + 1 }))
    .sort((a, b) => compareText(a.name, b.name))
    .map(({ at }) => at);
  const probe = (value: string) => `${key} ${keys.map((name) => `${name}${value}`).join(",")} 0`;
  return {
    tags,
    absent: series.tags.filter(([, value]) => value === "").map(([name]) => name),
    key,
    keyBytes: bytesOf(key),
    columns: [NOTHING, ...keys.map(bytesOf)],
    order,
    writable: readsBack(probe("1"), series.name, tags, names),
    multiline: isOneLine(probe('"\n"')),
  };
}

const NOTHING = new Uint8Array(0);

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * InfluxDB's escapes, as measured: commas and spaces get a backslash, in tags and the keys of fields equals signs too,
 * and nothing else does, not even a backslash or a newline. But in a measurement and the key of a field a quote after a
 * backslash would take that away.
 */
const escapedTag = (name: string) => name.replace(/[,= ]/g, "\\$&");

/**
 * Appends one row as a line without its line feed; false, and nothing is appended, if it has no field. Fields come
 * sorted by name, so that equal rows are equal bytes on whatever server they were read.
 */
export function writeRow(out: ByteBuffer, series: LineSeries, row: Row): boolean {
  const start = out.length;
  out.append(series.keyBytes);
  let separator = SPACE;
  for (const at of series.order) {
    const kind = row.kinds[at] as number;
    if (kind === NIL) continue;
    out.byte(separator);
    separator = COMMA;
    out.append(series.columns[at] as Uint8Array);
    switch (kind) {
      case FLOAT:
        out.text(floatText(row.numbers[at] as number));
        break;
      case INTEGER:
        out.text(`${row.integers[at]}i`);
        break;
      case STRING:
        writeString(out, row.bytes, row.starts[at] as number, row.ends[at] as number);
        break;
      case BOOLEAN:
        out.text(row.numbers[at] === 1 ? "true" : "false");
        break;
    }
  }
  if (separator === SPACE) {
    out.length = start;
    return false;
  }
  out.byte(SPACE);
  out.text(`${row.integers[0]}`);
  return true;
}

/** True if line protocol has words for the row. */
export function isWritable({ writable, multiline }: LineSeries, row: Row): boolean {
  return writable && (multiline || !hasLineFeed(row));
}

/** The same of a line that {@link writeRow} made. */
export const isSaid = ({ writable, multiline }: LineSeries, line: Uint8Array): boolean =>
  writable && (multiline || !line.includes(LF));

function hasLineFeed({ size, kinds, starts, ends, bytes }: Row): boolean {
  for (let at = 0; at < size; at++) {
    if (kinds[at] === STRING && bytes.subarray(starts[at], ends[at]).includes(LF)) return true;
  }
  return false;
}

/** `String` gives the shortest text that reads back as the same float; only the sign of -0 is missing. */
const floatText = (value: number): string => (Object.is(value, -0) ? "-0" : `${value}`);

/** Quotes and backslashes get a backslash; everything else stands as it is, line feeds too. */
function writeString(out: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  out.reserve((end - start) * 2 + 2);
  const to = out.bytes;
  let length = out.length;
  to[length++] = QUOTE;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE || byte === BACKSLASH) to[length++] = BACKSLASH;
    to[length++] = byte;
  }
  to[length++] = QUOTE;
  out.length = length;
}

/** Reads a line again as InfluxDB does: there are names, as one that ends in a backslash, that no line can say. */
function readsBack(
  text: string,
  measurement: string,
  tags: LineSeries["tags"],
  names: readonly string[],
): boolean {
  if (!isOneLine(text)) return false;
  const line = bytesOf(text);
  if (skipBlanks(line, 0, line.length) > 0 || line[0] === HASH) return false;
  try {
    const key = scanKey(line);
    const start = key.end + 1;
    const fields = splitFields(line, start, scanFields(line, start));
    return (
      unescapedName(key.measurement) === measurement &&
      key.tags.length === tags.length &&
      tags.every(([name, value]) =>
        key.tags.some((tag) => unescapedTag(tag.key) === name && unescapedTag(tag.value) === value),
      ) &&
      fields.length === names.length &&
      // A blank in front of the first field is skipped, and which is the first differs from row to row.
      names.every((name) => !/^[\t\0]/.test(name)) &&
      fields.every((field, i) => unescapedName(field.key) === names[i])
    );
  } catch (error) {
    if (error instanceof LineError) return false;
    throw error;
  }
}

/** True if InfluxDB, which looks for line ends by other rules than it reads points, ends it there when more follows. */
const isOneLine = (text: string): boolean => scanLine(bytesOf(`${text}\n`), 0) === text.length;

const unescapedName = (bytes: Uint8Array) => byteString(bytes, 0, bytes.length).replace(/\\([," =])/g, "$1");
const unescapedTag = (bytes: Uint8Array) => byteString(bytes, 0, bytes.length).replace(/\\([, =])/g, "$1");

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
