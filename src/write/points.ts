import { decodeValue, type FieldValue } from "./point-fields.ts";
import { LineError } from "./point-key.ts";
import { pointLines, type RawPoint, scanPoint } from "./point-scan.ts";
import { nsPerUnit, timestampText } from "./precision.ts";

export { timeRange } from "./time-range.ts";

/** One point, unescaped. Bytes that are not UTF-8 became U+FFFD. */
export interface Point {
  readonly measurement: string;
  /** Sorted by key, as InfluxDB sorts them: by the bytes of the escaped form. */
  readonly tags: readonly (readonly [string, string])[];
  /** In the order of the line; of two fields with one name the last value. */
  readonly fields: Map<string, FieldValue>;
  readonly timeNs: bigint;
}

export interface Parsed {
  readonly points: Point[];
  /** One per line that InfluxDB refuses, in its words: `unable to parse '...': missing fields`. */
  readonly errors: string[];
}

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Reads a body as InfluxDB 1.6 does: the same points, the same errors. A point without a time gets `defaultTimeNs`,
 * rounded down to `precision`. What InfluxDB checks later, against its schema, is not checked here.
 */
export function parsePoints(body: Uint8Array, precision: string, defaultTimeNs: bigint): Parsed {
  const points: Point[] = [];
  const errors: string[] = [];
  const now = BigInt(timestampText(defaultTimeNs, precision)) * nsPerUnit(precision);
  for (const line of pointLines(body)) {
    try {
      points.push(decode(scanPoint(line, precision), now));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      errors.push(`unable to parse '${utf8.decode(line)}': ${error.message}`);
    }
  }
  return { points, errors };
}

function decode({ key, fields, timeNs }: RawPoint, now: bigint): Point {
  const values = new Map<string, FieldValue>();
  for (const field of fields) values.set(unescapeName(field.key), decodeValue(field.value));
  return {
    measurement: unescapeName(key.measurement),
    tags: key.tags.map((tag) => [unescapeTag(tag.key), unescapeTag(tag.value)] as const),
    fields: values,
    timeNs: timeNs ?? now,
  };
}

const unescapeName = (bytes: Uint8Array): string => utf8.decode(bytes).replace(/\\([," =])/g, "$1");
const unescapeTag = (bytes: Uint8Array): string => utf8.decode(bytes).replace(/\\([, =])/g, "$1");
