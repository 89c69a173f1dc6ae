/** Measurements that InfluxDB refuses to read by their name; what is found by a pattern it gives, but for some. */
const SYSTEM: ReadonlySet<string> = new Set(["_measurements", "_name", "_tags"]);
const HIDDEN: ReadonlySet<string> = new Set(["_fieldKeys", "_series", "_tagKeys"]);

/** True if InfluxDB takes points into a measurement and gives them to nobody. */
export const isHidden = (measurement: string): boolean => HIDDEN.has(measurement);

/**
 * A measurement, or the value of a tag, that a quoted name can say. Others InfluxQL's scanner changes: NUL ends the text, a
 * carriage return becomes a line feed, and what is no UTF-8 becomes U+FFFD.
 */
export const isQuotable = (name: string): boolean =>
  !/[\0\r]/.test(name) && !SYSTEM.has(name) && isUtf8(name);

/** Matches just this name, except that bytes which are no UTF-8 match each other. */
export function pattern(name: string): string {
  const text = utf8.decode(Uint8Array.from(name, (byte) => byte.charCodeAt(0)));
  const escaped = Array.from(text, (character) =>
    /[\w-]/.test(character) ? character : `\\x{${(character.codePointAt(0) as number).toString(16)}}`,
  );
  return `/^${escaped.join("").replaceAll("-", "\\-")}$/`;
}

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

function isUtf8(name: string): boolean {
  try {
    strict.decode(Uint8Array.from(name, (byte) => byte.charCodeAt(0)));
    return true;
  } catch {
    return false;
  }
}
