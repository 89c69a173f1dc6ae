/** Texts for people, in a terminal and on the status page. */

/** Nanoseconds since 1970 beyond which a range is one of all times: the bounds of InfluxDB's. */
const FIRST_NS = -(2n ** 63n);
const LAST_NS = 2n ** 63n - 1n;

/** A retention policy. */
export function policy(rp: string): string {
  return rp === "" ? "default" : rp;
}

/** The types that a field has, by backend. */
export function typesText(types: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(types)
    .map(([backend, known]) => `${backend}: ${known.join(" and ")}`)
    .join(", ");
}

/** Nanoseconds since 1970, as a bound of a range. */
export function time(ns: bigint): string {
  if (ns <= FIRST_NS) return "the beginning";
  if (ns >= LAST_NS) return "the end";
  return new Date(Number(ns / 1_000_000n)).toISOString();
}

/** Bytes. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** How long, in two units. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

/** What comes from servers and their clients a terminal must not obey. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
