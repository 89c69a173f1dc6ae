/**
 * Durations as Go's `time.ParseDuration` reads and `time.Duration.String` prints them: the form of the original
 * relay's and of InfluxDB's config files.
 */

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5, micro sign
  μs: 1e3, // U+03BC, Greek mu
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const WHOLE = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds (with a fraction, and a sign if there is one) of a text such as `1m30s`; undefined if it is none. */
export function parseGoDuration(text: string): number | undefined {
  // Go allows a zero, and only a zero, without a unit.
  if (/^[+-]?0$/.test(text)) return 0;
  const [, sign, parts] = WHOLE.exec(text) ?? [];
  if (parts === undefined) return undefined;
  let nanoseconds = 0;
  for (const [, amount, unit] of parts.matchAll(PART)) {
    // Rounded part by part, so that a decimal fraction such as 1.1s is the nanoseconds that it says.
    nanoseconds += Math.round(Number(amount) * (NANOSECONDS[unit as string] as number));
  }
  return (sign === "-" ? -nanoseconds : nanoseconds) / 1e6;
}

/**
 * `ms` as Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `500ms`, `0s`. Exact from 0 to 2^31 - 1 down to a nanosecond, and to
 * 2^39 (17 years) in whole milliseconds.
 */
export function formatGoDuration(ms: number): string {
  const nanoseconds = Math.round(ms * 1e6);
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 3)}µs`;
  if (nanoseconds < 1e9) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal(nanoseconds % 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/** `value` / 10^`places`, exactly and without trailing zeros: no binary fraction is rounded. */
function decimal(value: number, places: number): string {
  const digits = String(value).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}
