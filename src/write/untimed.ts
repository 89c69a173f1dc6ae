import { BACKSLASH, COMMA, EQUALS, HASH, isBlank, LF, QUOTE, SPACE, skipBlanks } from "./line-bytes.ts";

/**
 * Where ` <time>` must be inserted so that InfluxDB takes it as the time of the point in `[start, end)`, one line of
 * `body`; -1 if the line is no point, has its time (or something else in its place), or has no field part with a `=`.
 *
 * Values are not judged: a point with a bad number counts, as it stays bad. The place is the end of the line, behind a
 * carriage return, which InfluxDB reads as part of the value, with one exception. A quote in the measurement can hide a newline from InfluxDB's line scan but not
 * from its point scan, which then ignores what stands behind it. Such a line gets its time before the newline: InfluxDB
 * answers "point is invalid" instead of storing it at a time of its own on each replica.
 */
export function stampPosition(body: Uint8Array, start: number, end: number): number {
  const last = trimNewline(body, end);
  const time = timeStart(body, start, last);
  if (time < last) return time >= 0 && body[time] === LF ? time : -1;
  return last;
}

/** InfluxDB cuts one newline off the end of what its line scan gave it. */
export const trimNewline = (body: Uint8Array, end: number): number => (body[end - 1] === LF ? end - 1 : end);

/**
 * Where the time of the point in `[start, end)` begins, or whatever stands in its place; `end` if nothing does; -1 if
 * the line is no point or has no field part with a `=`. Values are not judged.
 */
export function timeStart(body: Uint8Array, start: number, end: number): number {
  const key = skipBlanks(body, start, end);
  if (key >= end || body[key] === HASH) return -1;
  const after = fieldsEnd(body, skipBlanks(body, keyEnd(body, key, end), end), end);
  return after < 0 ? -1 : skipBlanks(body, after, end);
}

/**
 * A quick first look at a line without quotes and backslashes: false if {@link stampPosition} is surely -1. Reads only
 * the last word, because a word without `=` is a time, or no time would help.
 */
export function looksUntimed(body: Uint8Array, start: number, end: number): boolean {
  let i = end - 1;
  while (i > start && isBlank(body[i])) i--;
  for (; i > start; i--) {
    const byte = body[i];
    if (byte === SPACE) return false;
    if (byte === EQUALS) return true;
  }
  return false;
}

/** The space that ends measurement and tags, else `end`. Here a backslash escapes even if it is escaped itself. */
function keyEnd(body: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (body[i] !== SPACE || body[i - 1] === BACKSLASH)) i++;
  return i;
}

/** The space that ends the fields, else `end`; -1 if no `=` is among them or a string is left open. */
function fieldsEnd(body: Uint8Array, start: number, end: number): number {
  let quoted = false;
  let equals = 0;
  let commas = 0;
  let i = start;
  for (; i < end; i++) {
    const byte = body[i];
    if (byte === BACKSLASH) {
      if (i + 1 < end) i++;
    } else if (byte === QUOTE) {
      if (equals > commas) quoted = !quoted;
    } else if (!quoted) {
      if (byte === SPACE) break;
      if (byte === EQUALS) equals++;
      else if (byte === COMMA) commas++;
    }
  }
  return quoted || equals === 0 ? -1 : i;
}
