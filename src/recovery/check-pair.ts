import type { Clock } from "../platform.ts";
import { readable } from "./bytes.ts";
import { lookAtSums } from "./look.ts";
import { findPlaces, type Place, unitsOf } from "./places.ts";
import { readSchema } from "./schema.ts";
import type { Share } from "./share.ts";
import { sleep } from "./sleep.ts";
import { differingSlices, type Part, type Slice } from "./sums.ts";
import { liveSpan } from "./survey.ts";
import type { Pair } from "./unit.ts";
import { earliest } from "./windows.ts";

/** Points that are younger may be on their way, and only what differs after so long again is told. */
const IDLE_MS = 60_000;
/** Measurements that one question asks about. */
const PORTION = 20;
/** Parts that are looked at once more. */
const MAX_DOUBTS = 1_000;

/** Numbers of points that were not the same, twice, with a minute in between in which they did not change. */
export interface Finding {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
  /** Nanoseconds since 1970; the end does not belong to it. */
  readonly start: string;
  readonly end: string;
  /** Points by backend. */
  readonly points: Readonly<Record<string, number>>;
}

interface Doubt {
  readonly part: Part;
  readonly slices: readonly Slice[];
}

export interface CheckPorts {
  readonly clock: Clock;
  readonly share: Share;
  /** False for databases that are not to be looked at. Plain text. */
  readonly wanted: (db: string) => boolean;
}

/**
 * Compares numbers of points: cheap, and blind for values that differ.
 * @throws {ServerError}
 */
export async function checkPair(
  servers: Pair,
  { clock, share, wanted }: CheckPorts,
  signal: AbortSignal,
): Promise<Finding[]> {
  const pair = { ...servers, share };
  const places = await share.ask(async () => {
    const schemas = await Promise.all([
      readSchema(pair.source, {}, signal),
      readSchema(pair.target, {}, signal),
    ]);
    return await findPlaces(pair, schemas, {}, signal, () => {});
  });
  const doubts: Doubt[] = [];
  for (const parts of portions(places, clock.nowNs(), wanted)) {
    const found = await slicesOf(pair, parts, signal);
    for (const [i, part] of parts.entries()) {
      const slices = (found[i] ?? []).filter(countsDiffer);
      if (slices.length > 0 && doubts.length < MAX_DOUBTS) doubts.push({ part, slices });
    }
  }
  if (doubts.length > 0) await sleep(clock, IDLE_MS, signal);
  const findings: Finding[] = [];
  for (const { part, slices } of doubts) {
    if (!wanted(readable(part.unit.db))) continue;
    const [again = []] = await slicesOf(pair, [part], signal);
    const idle = slices.filter((slice) => again.some((other) => isSame(slice, other)));
    findings.push(...idle.map((slice) => findingOf(pair, part, slice)));
  }
  return findings;
}

/** Where the sums of each part differ. */
async function slicesOf(pair: Pair, parts: readonly Part[], signal: AbortSignal): Promise<Slice[][]> {
  const looked = await lookAtSums(pair, parts, signal);
  const found: Slice[][] = [];
  for (const [i, { whole, equal }] of looked.entries()) {
    const { unit } = parts[i] as Part;
    // In the same slices each time: pieces that were looked at are not.
    found.push(equal ? [] : await differingSlices(pair, unit, { whole, equal }, signal));
  }
  return found;
}

/** Measurements of one policy and window at a time, up to a minute ago. */
function* portions(places: readonly Place[], nowNs: bigint, wanted: CheckPorts["wanted"]): Generator<Part[]> {
  const until = nowNs - BigInt(IDLE_MS) * 1_000_000n;
  for (const place of places) {
    // A policy that only one of them has is not a matter of numbers.
    if (!place.onSource || !place.onTarget || !wanted(readable(place.db))) continue;
    for (const window of place.windows) {
      const span = { start: window.start, end: earliest(window.end, until) };
      // What is just about to expire may be gone on one of them.
      if (span.start >= span.end || liveSpan(place, span, nowNs).start > span.start) continue;
      const parts = unitsOf(place, window).map((unit) => ({ unit, span }));
      for (let at = 0; at < parts.length; at += PORTION) yield parts.slice(at, at + PORTION);
    }
  }
}

/** Sums of floats may differ where nothing else does. */
const countsDiffer = ({ sourcePoints, targetPoints }: Slice): boolean => sourcePoints !== targetPoints;

const isSame = (a: Slice, b: Slice): boolean =>
  a.start === b.start &&
  a.end === b.end &&
  a.sourcePoints === b.sourcePoints &&
  a.targetPoints === b.targetPoints;

function findingOf(pair: Pair, { unit }: Part, slice: Slice): Finding {
  const { db, rp, measurement } = unit;
  return {
    ...{ db: readable(db), rp: readable(rp), measurement: readable(measurement) },
    ...{ start: `${slice.start}`, end: `${slice.end}` },
    points: { [pair.source.name]: slice.sourcePoints, [pair.target.name]: slice.targetPoints },
  };
}
