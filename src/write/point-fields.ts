import { BACKSLASH, COMMA, EQUALS, QUOTE, SPACE } from "./line-bytes.ts";
import { isBare, LineError } from "./point-key.ts";

export type FieldValue =
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "integer"; readonly value: bigint }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "boolean"; readonly value: boolean };

/** A field as it stands in the line, still escaped. */
export interface RawField {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const FLOAT = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INTEGER = /^-?\d+i$/;
const BOOLEAN = /^([tTfF]|true|TRUE|True|false|FALSE|False)$/;
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Checks the fields that begin at `start` and finds the space that ends them, or the end of the line.
 * @throws {LineError}
 */
export function scanFields(line: Uint8Array, start: number): number {
  let quoted = false;
  let equals = 0;
  let commas = 0;
  let i = start;
  while (i < line.length) {
    const byte = line[i];
    if (byte === BACKSLASH && i + 1 < line.length) {
      i += 2;
      continue;
    }
    if (byte === QUOTE && equals > commas) {
      quoted = !quoted;
    } else if (!quoted) {
      if (byte === SPACE) break;
      if (byte === COMMA) commas++;
      if (byte === EQUALS) {
        equals++;
        checkFieldKey(line, i);
        if (line[i + 1] !== QUOTE) {
          i = scanBareValue(line, i + 1);
          continue;
        }
      }
    }
    i++;
  }
  if (quoted) throw new LineError("unbalanced quotes");
  if (equals === 0 || commas !== equals - 1) throw new LineError("invalid field format");
  return i;
}

function checkFieldKey(line: Uint8Array, equals: number): void {
  const before = line[equals - 1];
  if ((before === SPACE || before === COMMA) && line[equals - 2] !== BACKSLASH) {
    throw new LineError("missing field key");
  }
}

/** Checks a number or boolean and returns where it ends. */
function scanBareValue(line: Uint8Array, start: number): number {
  let end = start;
  while (end < line.length && line[end] !== COMMA && line[end] !== SPACE) end++;
  if (end === start) throw new LineError("missing field value");
  const text = utf8.decode(line.subarray(start, end));
  if (/^[0-9.Nn-]/.test(text)) checkNumber(text);
  else if (!BOOLEAN.test(text)) throw new LineError("invalid boolean");
  return end;
}

function checkNumber(text: string): void {
  if (INTEGER.test(text)) {
    const digits = text.slice(0, -1);
    if (parseInt64(digits) === undefined) {
      throw new LineError(`unable to parse integer ${digits}: ${goParseInt(digits, "value out of range")}`);
    }
  } else if (FLOAT.test(text) ? !Number.isFinite(Number(text)) : isMalformedExponent(text)) {
    throw new LineError("invalid float");
  } else if (!FLOAT.test(text)) {
    throw new LineError("invalid number");
  }
}

/** InfluxDB looks at the characters first, and only then tries to read what has an exponent. */
const isMalformedExponent = (text: string): boolean =>
  /^-?(?:[0-9.eE]|(?<=[eE])[+-])+$/.test(text) && /e/i.test(text) && !/\..*\./.test(text);

/** The value of decimal digits with an optional minus; undefined if 64 bits do not hold it. */
export function parseInt64(text: string): bigint | undefined {
  const short = text.replace(/^(-?)0+(?=\d)/, "$1");
  if (short.length > String(MIN_INT64).length) return undefined;
  const value = BigInt(short);
  return value >= MIN_INT64 && value <= MAX_INT64 ? value : undefined;
}

/** The words of Go's standard library. */
export const goParseInt = (text: string, problem: "value out of range" | "invalid syntax"): string =>
  `strconv.ParseInt: parsing "${text}": ${problem}`;

/**
 * Cuts checked fields apart. InfluxDB does this by other rules than it checks them: a `=` counts here unless a
 * backslash stands before it, even an escaped one.
 * @throws {LineError}
 */
export function splitFields(line: Uint8Array, start: number, end: number): RawField[] {
  const fields: RawField[] = [];
  let from = start;
  while (from < end) {
    let equals = from;
    while (equals < end && !isBare(line, equals, EQUALS)) equals++;
    const key = line.subarray(from, equals);
    if (equals > end - 2) throw new LineError(`invalid value: field-key=${utf8.decode(key)}`);
    const valueEnd = fieldValueEnd(line, equals + 1, end);
    fields.push({ key, value: line.subarray(equals + 1, valueEnd) });
    from = valueEnd + 1;
  }
  return fields;
}

function fieldValueEnd(line: Uint8Array, start: number, end: number): number {
  let quoted = false;
  let i = start;
  for (; i < end; i++) {
    const byte = line[i];
    const next = line[i + 1];
    if (byte === BACKSLASH && i + 1 < end && (next === QUOTE || next === BACKSLASH)) i++;
    else if (byte === QUOTE) quoted = !quoted;
    else if (byte === COMMA && !quoted) break;
  }
  return i;
}

/**
 * Reads the value of a field. A string ends one byte before the value does, whatever byte that is.
 * @throws {LineError} for what only the cutting made a value, as in `a\\="x,y=1",b=2`.
 */
export function decodeValue(bytes: Uint8Array): FieldValue {
  if (bytes[0] === QUOTE) {
    return { type: "string", value: utf8.decode(bytes.subarray(1, -1)).replace(/\\(["\\])/g, "$1") };
  }
  const text = utf8.decode(bytes);
  if (FLOAT.test(text)) return { type: "float", value: Number(text) };
  if (BOOLEAN.test(text)) return { type: "boolean", value: /^t/i.test(text) };
  const integer = INTEGER.test(text) ? parseInt64(text.slice(0, -1)) : undefined;
  if (integer === undefined) throw new LineError(`unable to parse value "${text}"`);
  return { type: "integer", value: integer };
}
