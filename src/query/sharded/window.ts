import { MAX_TIME, MIN_TIME } from "./time-range.ts";
import type { Zone } from "./zone.ts";

/** Intervals of GROUP BY time. Nanoseconds. */
export interface Interval {
  readonly duration: bigint;
  readonly offset: bigint;
  readonly zone: Zone | undefined;
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/**
 * Where the interval begins that a time lies in, as InfluxDB divides time: by the clock of the zone, and where clocks
 * are changed by less than an interval, the interval is longer or shorter.
 */
export function windowStart(time: bigint, { duration, offset, zone }: Interval): bigint {
  const shifted = time - offset;
  const before = zone?.offsetNs(shifted) ?? 0n;
  const into = (((shifted + before) % duration) + duration) % duration;
  let start = MIN_TIME + into >= shifted ? MIN_TIME : shifted - into;
  if (zone !== undefined) {
    const change = before - zone.offsetNs(start);
    if (change !== 0n && abs(change) < duration) start += change;
  }
  return start + offset;
}

/** Where the next interval begins, of the time whose interval begins at {@link windowStart}. */
export function windowEnd(time: bigint, { duration, offset, zone }: Interval): bigint {
  const shifted = time - offset;
  const before = zone?.offsetNs(shifted) ?? 0n;
  const left = duration - ((((shifted + before) % duration) + duration) % duration);
  let end = MAX_TIME - left <= shifted ? MAX_TIME : shifted + left;
  if (zone !== undefined) {
    const after = zone.offsetNs(end);
    const change = before - after;
    // Time that a clock gains belongs to the interval before; what it skips, only if it does so in this interval.
    const applies = change > 0n || (change < 0n && zone.offsetNs(end + change) === after);
    if (applies && abs(change) < duration) end += change;
  }
  return end + offset;
}

/** Walks from one interval to the next, as InfluxDB does where it fills them. */
export class WindowWalk {
  time: bigint;
  readonly #interval: Interval;
  readonly #step: bigint;
  #offset: bigint;

  constructor(start: bigint, interval: Interval, ascending: boolean) {
    this.time = start;
    this.#interval = interval;
    this.#step = ascending ? interval.duration : -interval.duration;
    this.#offset = interval.zone?.offsetNs(start) ?? 0n;
  }

  next(): void {
    this.time += this.#step;
    const { zone, duration } = this.#interval;
    if (zone === undefined) return;
    const offset = zone.offsetNs(this.time - 1n);
    if (offset === this.#offset) return;
    const change = this.#offset - offset;
    if (abs(change) < duration) this.time += change;
    this.#offset = offset;
  }
}
