import { REMOTE_WRITE } from "../writer.ts";
import { isPlain, lineEnd } from "./line-scan.ts";
import { LineError } from "./point-key.ts";
import { pointLines, pointText, scanPoint } from "./point-scan.ts";
import { timeStart, trimNewline } from "./untimed.ts";

/** Nanoseconds since 1970, both inclusive. */
export interface TimeRange {
  readonly minNs: bigint;
  readonly maxNs: bigint;
}

/** The digits behind the fields of a line as `high * 1e9 + low`: exact in numbers, which are faster than bigint. */
interface LineTime {
  readonly high: number;
  readonly low: number;
  readonly line: readonly [start: number, end: number];
}

const MINUS = 0x2d;
const ZERO = 0x30;

/** What InfluxDB can store. */
const ALWAYS: TimeRange = { minNs: -9_223_372_036_854_775_806n, maxNs: 9_223_372_036_854_775_806n };

/**
 * The least and greatest time of the points in a body that have one; undefined if none has. Lines that InfluxDB
 * refuses do not count. Of a body that is not read here, all that there is.
 */
export function timeRange(body: Uint8Array, precision: string): TimeRange | undefined {
  if (precision === REMOTE_WRITE) return ALWAYS;
  const outermost = findOutermost(body);
  if (outermost === undefined) return undefined;
  const [minNs, maxNs] = outermost.map(({ line }) => timeOf(pointText(body, ...line), precision));
  // What looked like a time may stand in a line that InfluxDB refuses. Then each line must be read in full.
  return minNs === undefined || maxNs === undefined ? readAll(body, precision) : { minNs, maxNs };
}

/** The lines with the least and the greatest time, found without checking anything else in them. */
function findOutermost(body: Uint8Array): readonly [min: LineTime, max: LineTime] | undefined {
  const plain = isPlain(body);
  let min: LineTime | undefined;
  let max: LineTime | undefined;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    const time = lineTime(body, start, end);
    if (time !== undefined) {
      if (min === undefined || compare(time, min) < 0) min = time;
      if (max === undefined || compare(time, max) > 0) max = time;
    }
    start = end + 1;
  }
  return min === undefined || max === undefined ? undefined : [min, max];
}

const compare = (a: LineTime, b: LineTime): number => (a.high === b.high ? a.low - b.low : a.high - b.high);

function lineTime(body: Uint8Array, start: number, end: number): LineTime | undefined {
  const last = trimNewline(body, end);
  const time = timeStart(body, start, last);
  if (time < 0) return undefined;
  const sign = body[time] === MINUS ? -1 : 1;
  const first = sign < 0 ? time + 1 : time;
  let stop = first;
  while (stop < last && isDigit(body[stop])) stop++;
  if (stop === first) return undefined;
  let high = 0;
  let low = 0;
  for (let i = first; i < stop; i++) {
    const digit = (body[i] as number) - ZERO;
    if (stop - i > 9) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  return { high: sign * high, low: sign * low, line: [start, end] };
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= ZERO + 9;

function readAll(body: Uint8Array, precision: string): TimeRange | undefined {
  let range: { minNs: bigint; maxNs: bigint } | undefined;
  for (const line of pointLines(body)) {
    const timeNs = timeOf(line, precision);
    if (timeNs === undefined) continue;
    range ??= { minNs: timeNs, maxNs: timeNs };
    if (timeNs < range.minNs) range.minNs = timeNs;
    if (timeNs > range.maxNs) range.maxNs = timeNs;
  }
  return range;
}

function timeOf(line: Uint8Array, precision: string): bigint | undefined {
  try {
    return scanPoint(line, precision).timeNs;
  } catch (error) {
    if (error instanceof LineError) return undefined;
    throw error;
  }
}
