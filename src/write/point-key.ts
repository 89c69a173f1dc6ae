import { BACKSLASH, COMMA, EQUALS, SPACE } from "./line-bytes.ts";

/** Why InfluxDB refuses a line, in its own words. */
export class LineError extends Error {}

/** InfluxDB's limit for measurement and tags, and for them with a field key and 4 bytes between. */
export const MAX_KEY_LENGTH = 65_535;

interface Tag {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The first part of a line, still escaped. */
export interface Key {
  readonly measurement: Uint8Array;
  /** Sorted by the bytes of the key. */
  readonly tags: readonly Tag[];
  /** Where the key ends in the line, which is also its length. */
  readonly end: number;
}

/** A byte that ends something unless a backslash stands before it, even an escaped backslash. */
export const isBare = (line: Uint8Array, i: number, byte: number): boolean =>
  line[i] === byte && line[i - 1] !== BACKSLASH;

/**
 * Reads measurement and tags of a line whose first byte is not blank.
 * @throws {LineError}
 */
export function scanKey(line: Uint8Array): Key {
  let end = measurementEnd(line);
  const measurement = line.subarray(0, end);
  const tags: Tag[] = [];
  while (line[end] === COMMA) {
    const start = end + 1;
    const equals = tagKeyEnd(line, start);
    end = tagValueEnd(line, equals + 1);
    tags.push({ key: line.subarray(start, equals), value: line.subarray(equals + 1, end) });
  }
  tags.sort((a, b) => compareBytes(a.key, b.key));
  for (const [i, tag] of tags.entries()) {
    const next = tags[i + 1];
    if (next !== undefined && compareBytes(tag.key, next.key) === 0) throw new LineError("duplicate tags");
  }
  if (end > MAX_KEY_LENGTH) throw tooLong(end);
  return { measurement, tags, end };
}

export const tooLong = (length: number): LineError =>
  new LineError(`max key length exceeded: ${length} > ${MAX_KEY_LENGTH}`);

function measurementEnd(line: Uint8Array): number {
  if (line[0] === COMMA) throw new LineError("missing measurement");
  for (let i = 1; i < line.length; i++) {
    if (isBare(line, i, COMMA) || isBare(line, i, SPACE)) return i;
  }
  throw new LineError("missing fields");
}

function tagKeyEnd(line: Uint8Array, start: number): number {
  const first = line[start];
  if (first === undefined || first === SPACE || first === COMMA || first === EQUALS) {
    throw new LineError("missing tag key");
  }
  for (let i = start + 1; i < line.length; i++) {
    if (isBare(line, i, EQUALS)) return i;
    if (isBare(line, i, SPACE) || isBare(line, i, COMMA)) break;
  }
  throw new LineError("missing tag value");
}

function tagValueEnd(line: Uint8Array, start: number): number {
  const first = line[start];
  if (first === undefined || first === COMMA || first === SPACE) throw new LineError("missing tag value");
  for (let i = start + 1; i < line.length; i++) {
    if (isBare(line, i, EQUALS)) throw new LineError("invalid tag format");
    if (isBare(line, i, COMMA) || isBare(line, i, SPACE)) return i;
  }
  throw new LineError("missing fields");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
