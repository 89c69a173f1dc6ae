/** The bytes that mean something in line protocol. */
export const NUL = 0x00;
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const COMMA = 0x2c;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;

/** What InfluxDB skips before a measurement, the fields and the time. Only a space also ends them. */
export const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB || byte === NUL;

/** The first index in `[start, end)` that is not blank, else `end`. */
export function skipBlanks(body: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isBlank(body[i])) i++;
  return i;
}

/** True when `[start, end)` is neither blank nor a comment, so that InfluxDB tries to read a point in it. */
export function isPointLine(body: Uint8Array, start: number, end: number): boolean {
  // All that is blank or begins a comment is smaller.
  if (start < end && (body[start] as number) > HASH) return true;
  const first = skipBlanks(body, start, end);
  return first < end && body[first] !== HASH;
}

/** True when the byte at `end` would be escaped: an odd number of backslashes stands right before it. */
export function isEscaped(body: Uint8Array, start: number, end: number): boolean {
  let i = end;
  while (i > start && body[i - 1] === BACKSLASH) i--;
  return (end - i) % 2 === 1;
}
