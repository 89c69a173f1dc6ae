import { isPointLine, LF, SPACE, skipBlanks } from "./line-bytes.ts";
import { scanLine } from "./line-scan.ts";
import { goParseInt, parseInt64, type RawField, scanFields, splitFields } from "./point-fields.ts";
import { type Key, LineError, MAX_KEY_LENGTH, scanKey, tooLong } from "./point-key.ts";
import { nsPerUnit } from "./precision.ts";
import { trimNewline } from "./untimed.ts";

/** A point that InfluxDB takes, still escaped. */
export interface RawPoint {
  readonly key: Key;
  readonly fields: readonly RawField[];
  readonly timeNs: bigint | undefined;
}

/** Nanoseconds. InfluxDB keeps the outermost values of an int64 for itself. */
const MIN_TIME = -(2n ** 63n) + 2n;
const MAX_TIME = 2n ** 63n - 2n;
const utf8 = new TextDecoder();

/** The {@link pointText} of each line that InfluxDB tries to read. */
export function* pointLines(body: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < body.length; ) {
    const end = scanLine(body, start);
    if (isPointLine(body, start, end)) yield pointText(body, start, end);
    start = end + 1;
  }
}

/** What InfluxDB reads as a point of the line in `[start, end)`. */
export const pointText = (body: Uint8Array, start: number, end: number): Uint8Array =>
  body.subarray(skipBlanks(body, start, end), trimNewline(body, end));

/**
 * Reads a {@link pointText}.
 * @throws {LineError}
 */
export function scanPoint(line: Uint8Array, precision: string): RawPoint {
  const key = scanKey(line);
  const start = skipBlanks(line, key.end, line.length);
  const end = scanFields(line, start);
  const fields = splitFields(line, start, end);
  for (const field of fields) {
    const length = key.end + 4 + field.key.length;
    if (length > MAX_KEY_LENGTH) throw tooLong(length);
  }
  return { key, fields, timeNs: scanTime(line, end, precision) };
}

/** A newline ends the time too: in a line whose measurement has a quote, one may stand there. */
function scanTime(line: Uint8Array, fieldsEnd: number, precision: string): bigint | undefined {
  const start = skipBlanks(line, fieldsEnd, line.length);
  let end = start;
  while (end < line.length && line[end] !== SPACE && line[end] !== LF) end++;
  if (end === start) return undefined;
  const text = utf8.decode(line.subarray(start, end));
  if (!/^-?\d*$/.test(text)) throw new LineError("bad timestamp");
  if (text === "-") throw new LineError(goParseInt(text, "invalid syntax"));
  const units = parseInt64(text);
  if (units === undefined) throw new LineError(goParseInt(text, "value out of range"));
  const timeNs = units * nsPerUnit(precision);
  if (timeNs < MIN_TIME || timeNs > MAX_TIME) {
    throw new LineError(`time outside range ${MIN_TIME} - ${MAX_TIME}`);
  }
  if (line.subarray(end).some((byte) => byte !== SPACE)) throw new LineError("point is invalid");
  return timeNs;
}
