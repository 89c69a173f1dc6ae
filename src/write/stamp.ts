import { isEscaped, isPointLine } from "./line-bytes.ts";
import { isPlain, lineEnd } from "./line-scan.ts";
import { stampPosition } from "./untimed.ts";

const UNDERSCORE = 0x5f;
const encoder = new TextEncoder();

export interface Stamped {
  readonly body: Uint8Array;
  /** How many lines of it are neither blank nor comments. */
  readonly lines: number;
}

/**
 * Gives each point that has no time the time `timestampText`, so that every replica stores it at the same one.
 * Everything else stays byte for byte; a body in which nothing was missing is returned itself.
 *
 * One byte is replaced: a string value can end in a stray backslash only at the end of a line (`v="a"\`), where it
 * would escape the space before the time. InfluxDB drops the last byte of such a value, whatever it is.
 */
export function stamp(body: Uint8Array, timestampText: string): Stamped {
  const { positions, lines } = findUntimed(body);
  if (positions.length === 0) return { body, lines };
  const suffix = encoder.encode(` ${timestampText}`);
  const stamped = new Uint8Array(body.length + positions.length * suffix.length);
  let from = 0;
  let to = 0;
  for (const position of positions) {
    stamped.set(body.subarray(from, position), to);
    to += position - from;
    if (isEscaped(body, from, position)) stamped[to - 1] = UNDERSCORE;
    stamped.set(suffix, to);
    to += suffix.length;
    from = position;
  }
  stamped.set(body.subarray(from), to);
  return { body: stamped, lines };
}

function findUntimed(body: Uint8Array): { readonly positions: number[]; readonly lines: number } {
  const plain = isPlain(body);
  const positions: number[] = [];
  let lines = 0;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    const position = stampPosition(body, start, end);
    if (position >= 0) positions.push(position);
    if (isPointLine(body, start, end)) lines++;
    start = end + 1;
  }
  return { positions, lines };
}
