import { examine } from "./examine.ts";
import { inParallel, inTurn } from "./parallel.ts";
import type { Patience } from "./patience.ts";
import { type Place, unitsOf } from "./places.ts";
import type { Meter } from "./progress.ts";
import { asked } from "./share.ts";
import { countPoints, type Part, type Slice } from "./sums.ts";
import type { Pair, Unit } from "./unit.ts";
import { earliest, latest, type SizedSpan, type Span } from "./windows.ts";

/** Windows that are compared at a time, so that both servers always have something to do. */
const AT_A_TIME = 3;
/** Units that one request asks about. */
const PORTION = 50;
/** Bytes of their names, which may have 64 KiB each; the request may have 10 MB. */
const PORTION_NAMES = 100_000;
/** What a policy is about to drop may be gone on one server already, in nanoseconds. */
const EXPIRY_MARGIN_NS = 60_000_000_000n;

/** A unit that differs. */
export interface Differing {
  readonly place: Place;
  readonly unit: Unit;
  /** Ordered by time, never empty. */
  readonly slices: readonly Slice[];
}

export interface SurveyOptions {
  /** Compares row by row where it is true. */
  readonly deep: (place: Place, unit: Unit) => boolean;
  /** Leaves out units where it is false. */
  readonly wanted: (place: Place, unit: Unit) => boolean;
  /** Is told of units whose rows were compared and are the same. */
  readonly verified?: (unit: Unit) => Promise<void>;
  readonly nowNs: () => bigint;
}

export interface Surveyed {
  readonly differing: readonly Differing[];
  readonly units: number;
  /** Points of the source that the target does not have because its policy keeps none so old. */
  readonly expired: number;
}

/** Compares all units of the places. */
export async function survey(
  pair: Pair,
  places: readonly Place[],
  options: SurveyOptions,
  { patience, meter }: { readonly patience: Patience; readonly meter: Meter },
  signal: AbortSignal,
): Promise<Surveyed> {
  const differing: Differing[] = [];
  let units = 0;
  let expired = 0;
  const turn = inTurn();
  meter.begin(
    "comparing",
    sum(places, ({ windows, measurements }) => windows.length * measurements.length),
  );
  await inParallel(portions(places, options), AT_A_TIME, async ({ place, units: some }) => {
    meter.place = `${place.db}.${place.rp}`;
    const parts: Part[] = [];
    for (const unit of some) {
      const span = liveSpan(place, unit, options.nowNs());
      if (span.start > unit.start) {
        const points = await patience.with(() => expiredPoints(pair, unit, span, signal), signal);
        expired += points;
      }
      if (span.start < span.end) parts.push({ unit, span });
    }
    const found = await patience.with(
      () => examine(pair, parts, { deep: (unit) => options.deep(place, unit), turn }, signal),
      signal,
    );
    for (const [i, { unit }] of parts.entries()) {
      const slices = found[i] ?? [];
      if (slices.length > 0) differing.push({ place, unit, slices });
      else if (options.deep(place, unit)) await options.verified?.(unit);
    }
    units += some.length;
    meter.done += some.length;
  });
  return { differing, units, expired };
}

/** The units of one window at a time, and not too many. */
function* portions(places: readonly Place[], { wanted }: SurveyOptions) {
  for (const place of places) {
    for (const window of place.windows) {
      const units = unitsOf(place, window).filter((unit) => wanted(place, unit));
      for (const portion of portionsOf(units)) yield { place, units: portion };
    }
  }
}

function* portionsOf(units: readonly Unit[]): Generator<Unit[]> {
  let portion: Unit[] = [];
  let length = 0;
  for (const unit of units) {
    if (portion.length >= PORTION || length >= PORTION_NAMES) {
      yield portion;
      portion = [];
      length = 0;
    }
    portion.push(unit);
    length += unit.measurement.length;
  }
  if (portion.length > 0) yield portion;
}

const sum = <T>(items: readonly T[], figure: (item: T) => number): number =>
  items.reduce((total, item) => total + figure(item), 0);

/** The part of a unit that the target's policy keeps. */
export function liveSpan({ policy, onTarget }: Place, span: SizedSpan, nowNs: bigint): SizedSpan {
  const { values } = span;
  const sized = { start: span.start, end: span.end, ...(values !== undefined && { values }) };
  if (policy.durationNs === 0n || !onTarget) return sized;
  const start = latest(span.start, nowNs - policy.durationNs + EXPIRY_MARGIN_NS);
  return { ...sized, start };
}

async function expiredPoints(
  { source, target, share }: Pair,
  unit: Unit,
  live: Span,
  signal: AbortSignal,
): Promise<number> {
  const span = { start: unit.start, end: earliest(live.start, unit.end) };
  const count = (server: Pair["source"]) => asked(share, () => countPoints(server, unit, span, signal));
  const [ours, theirs] = await Promise.all([
    unit.onSource ? count(source) : 0,
    unit.onTarget ? count(target) : 0,
  ]);
  return Math.max(0, ours - theirs);
}
