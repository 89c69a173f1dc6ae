import { isPointLine } from "./line-bytes.ts";
import { isPlain, lineEnd } from "./line-scan.ts";

/**
 * Cuts a body at InfluxDB's line ends into parts of at most `maxBytes`, in order and without copying; the newline
 * between two parts, and one at the end, is left out. A line that is longer alone is a part of its own: the caller
 * decides what becomes of it. A body that fits is returned itself.
 */
export function splitLines(body: Uint8Array, maxBytes: number): Uint8Array[] {
  if (body.length <= maxBytes) return [body];
  const plain = isPlain(body);
  const parts: Uint8Array[] = [];
  let from = 0;
  let to = 0;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    if (end - from > maxBytes && start > from) {
      parts.push(body.subarray(from, to));
      from = start;
    }
    to = end;
    start = end + 1;
  }
  parts.push(body.subarray(from, to));
  return parts;
}

/** How many lines InfluxDB would try to read as points: those that are neither blank nor a comment. */
export function countLines(body: Uint8Array): number {
  const plain = isPlain(body);
  let lines = 0;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    if (isPointLine(body, start, end)) lines++;
    start = end + 1;
  }
  return lines;
}
