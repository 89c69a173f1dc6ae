import { examine } from "./examine.ts";
import type { Patience } from "./patience.ts";
import { type Place, unitsOf } from "./places.ts";
import type { Meter } from "./progress.ts";
import { countPoints, type Slice } from "./sums.ts";
import type { Pair, Unit } from "./unit.ts";
import { earliest, latest, type Span } from "./windows.ts";

/** Units that are compared at a time, so that both servers always have something to do. */
const AT_A_TIME = 3;
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
  const todo = unitsToCompare(places, options);
  meter.begin(
    "comparing",
    places.reduce((sum, place) => sum + place.windows.length * place.measurements.length, 0),
  );

  async function work(): Promise<void> {
    for (const { place, unit } of todo) {
      meter.place = `${unit.db}.${unit.rp}.${unit.measurement}`;
      const live = liveSpan(place, unit, options.nowNs());
      if (live.start > unit.start) {
        expired += await patience.with(() => expiredPoints(pair, unit, live, signal), signal);
      }
      if (live.start < live.end) {
        const slices = await patience.with(
          () => examine(pair, unit, live, options.deep(place, unit), signal),
          signal,
        );
        if (slices.length > 0) differing.push({ place, unit, slices });
      }
      units++;
      meter.done++;
    }
  }

  const stop = (error: unknown) => {
    todo.return(undefined);
    throw error;
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_A_TIME }, () => work().catch(stop)));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return { differing, units, expired };
}

/** One iterator for all workers. */
function* unitsToCompare(places: readonly Place[], { wanted }: SurveyOptions) {
  for (const place of places) {
    for (const window of place.windows) {
      for (const unit of unitsOf(place, window)) if (wanted(place, unit)) yield { place, unit };
    }
  }
}

/** The part of a unit that the target's policy keeps. */
export function liveSpan({ policy, onTarget }: Place, span: Span, nowNs: bigint): Span {
  if (policy.durationNs === 0n || !onTarget) return { start: span.start, end: span.end };
  const start = latest(span.start, nowNs - policy.durationNs + EXPIRY_MARGIN_NS);
  return { start, end: span.end };
}

async function expiredPoints(
  { source, target }: Pair,
  unit: Unit,
  live: Span,
  signal: AbortSignal,
): Promise<number> {
  const span = { start: unit.start, end: earliest(live.start, unit.end) };
  const [ours, theirs] = await Promise.all([
    unit.onSource ? countPoints(source, unit, span, signal) : 0,
    unit.onTarget ? countPoints(target, unit, span, signal) : 0,
  ]);
  return Math.max(0, ours - theirs);
}
