import { BACKSLASH, COMMA, EQUALS, isPointLine, LF, QUOTE, SPACE } from "./line-bytes.ts";
import { looksUntimed, stampPosition } from "./untimed.ts";

export interface Survey {
  /** At least one line is neither blank nor a comment. */
  readonly hasLines: boolean;
  /** How many such lines there are; of an untimed body maybe only some of them: `stamp` counts all. */
  readonly lines: number;
  /** At least one line is a point without a time: the body needs `stamp`. */
  readonly untimed: boolean;
  /**
   * A newline and another body may follow, and InfluxDB reads both as it would read each alone. False for a body
   * that ends inside a string or after a backslash, also in a comment: it would swallow its neighbour's first line.
   */
  readonly closed: boolean;
}

/**
 * Where the line that begins at `start` ends for InfluxDB 1.x and 2.x: at the index of its newline, or at
 * `body.length`. A newline inside a string or after a backslash is part of the line. Comments are no exception:
 * `# x v="` swallows what follows up to the next quote.
 */
export function scanLine(body: Uint8Array, start: number): number {
  const end = scan(body, start, body.length);
  return end < 0 ? ~end : end;
}

/** As {@link scanLine}, but for a body without quotes and backslashes simply the next newline. */
export function lineEnd(body: Uint8Array, start: number, plain: boolean): number {
  if (!plain) return scanLine(body, start);
  const newline = body.indexOf(LF, start);
  return newline < 0 ? body.length : newline;
}

/** True when the body has no byte that could hide a newline. Two native searches: cheap beside any scan. */
export const isPlain = (body: Uint8Array): boolean => body.indexOf(QUOTE) < 0 && body.indexOf(BACKSLASH) < 0;

/** Start and end of each line of a body that is neither blank nor a comment, one after the other. */
export function pointLineBounds(body: Uint8Array): number[] {
  const plain = isPlain(body);
  const bounds: number[] = [];
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    if (isPointLine(body, start, end)) bounds.push(start, end);
    start = end + 1;
  }
  return bounds;
}

/**
 * What the relay must know of a body before it sends it. One pass, no copy. `bounds` gets what {@link pointLineBounds}
 * tells, unless the body is untimed.
 */
export function survey(body: Uint8Array, bounds?: number[]): Survey {
  return isPlain(body) ? surveyPlain(body, bounds) : surveyAny(body, bounds);
}

function surveyPlain(body: Uint8Array, bounds: number[] | undefined): Survey {
  let lines = 0;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, true);
    if (isPointLine(body, start, end)) {
      lines++;
      bounds?.push(start, end);
    }
    if (looksUntimed(body, start, end) && stampPosition(body, start, end) >= 0) {
      return { hasLines: true, lines, untimed: true, closed: true };
    }
    start = end + 1;
  }
  return { hasLines: lines > 0, lines, untimed: false, closed: true };
}

function surveyAny(body: Uint8Array, bounds: number[] | undefined): Survey {
  let lines = 0;
  let untimed = false;
  let last = 0;
  for (let start = 0; start < body.length; ) {
    const end = scanLine(body, start);
    if (isPointLine(body, start, end)) {
      lines++;
      bounds?.push(start, end);
    }
    untimed ||= stampPosition(body, start, end) >= 0;
    last = start;
    start = end + 1;
  }
  return { hasLines: lines > 0, lines, untimed, closed: isClosed(body, last) };
}

/** Reads the last line once more, this time as InfluxDB would with another body behind it. */
function isClosed(body: Uint8Array, lastLine: number): boolean {
  const end = scan(body, lastLine, body.length + 2);
  if (end < 0 || end > body.length) return false;
  return end < body.length || body[body.length - 1] !== LF;
}

/**
 * InfluxDB's own rule. Quotes count only after the first space and while there are more `=` than commas. A backslash
 * takes the next byte with it, unless that byte is the last one of `size`: so the end of a body is read differently
 * when more follows. Returns the end, or its complement if the body ends inside a string; it is `body.length + 1` when
 * a backslash at the very end takes the byte that would follow.
 */
function scan(body: Uint8Array, start: number, size: number): number {
  const { length } = body;
  let afterKey = false;
  let quoted = false;
  let equals = 0;
  let commas = 0;
  let i = start;
  for (; i < length; i++) {
    switch (body[i]) {
      case BACKSLASH:
        if (i + 2 < size) i++;
        break;
      case SPACE:
        afterKey = true;
        break;
      case EQUALS:
        if (afterKey && !quoted) equals++;
        break;
      case COMMA:
        if (afterKey && !quoted) commas++;
        break;
      case QUOTE:
        if (equals > commas) quoted = !quoted;
        break;
      case LF:
        if (!quoted) return i;
        break;
    }
  }
  return quoted ? ~i : i;
}
