export const CASES = ["append", "open", "drain", "healthy", "outage", "live"] as const;

export interface SpoolOptions {
  readonly rounds: number;
  /** Counted time of one measurement. */
  readonly seconds: number;
  /** Line protocol in a backlog, in MB. */
  readonly backlogMb: number;
  readonly outageSeconds: number;
  readonly segments: number;
  /** Values of `drain-max-mb-per-second`. */
  readonly drainMb: readonly number[];
  /** The relays write CPU profiles here. */
  readonly profile: string | undefined;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** The median of each round's quotient: what else the machine did hit both alike. */
export function ratio(values: readonly number[], others: readonly number[]): string {
  return median(values.map((value, i) => value / (others[i] ?? Number.NaN))).toFixed(2);
}

/** Three digits are all that such a measurement is good for. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "n/a";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: Math.min(digits, 2) });
}
