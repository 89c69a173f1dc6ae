import type { Clock } from "../platform.ts";

const NS_PER_UNIT: ReadonlyMap<string, bigint> = new Map([
  ["u", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

/** A larger step back is a clock that was set, not one that is coarse. */
const MAX_STEP_BACK_NS = 1_000_000_000n;

/**
 * Nanoseconds in one unit of a write's `precision`. Everything but `u`, `ms`, `s`, `m` and `h` is nanoseconds, as
 * InfluxDB up to 1.7 takes it, also `us` and `d`; 1.8 answers 400 to what it does not know.
 */
export const nsPerUnit = (precision: string): bigint => NS_PER_UNIT.get(precision) ?? 1n;

/** `ns` in units of `precision`, rounded down as InfluxDB does with its own clock. */
export function timestampText(ns: bigint, precision: string): string {
  const unit = nsPerUnit(precision);
  const units = ns / unit;
  return String(ns < 0n && ns % unit !== 0n ? units - 1n : units);
}

/**
 * The clock for points without a time: each call gives a larger number of nanoseconds since 1970 than the one before,
 * however coarse `clock` is, so that points of one series in two requests do not overwrite each other. A clock that
 * steps back more than 1 s is followed.
 */
export function createStampClock(clock: Pick<Clock, "nowNs">): () => bigint {
  let last: bigint | undefined;
  return () => {
    const now = clock.nowNs();
    last = last !== undefined && now <= last && last - now <= MAX_STEP_BACK_NS ? last + 1n : now;
    return last;
  };
}
