/** A value of InfluxDB: a float is a number, an integer a bigint. */
export type Value = number | bigint | string | boolean | null;

/** A number as Go's JSON prints it, which JavaScript does too but for the sign of zero. */
export function formatNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  // influxd's own way for what JSON has no form of.
  return Number.isFinite(value) ? String(value) : "null";
}

export const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);

/** Compares as Go compares strings: by their bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** In UTF-8 what UTF-16 writes in two halves comes last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

/** The order of values of one type, which is that of influxd. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  return compareValues(Number(a), Number(b));
}
