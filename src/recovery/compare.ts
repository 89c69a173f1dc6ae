import type { Clock } from "../platform.ts";
import { answeredBy } from "./answered.ts";
import { blurredDifference } from "./blurred.ts";
import type { RelayControl } from "./control.ts";
import { lookTwice } from "./examine.ts";
import { Patience } from "./patience.ts";
import { findPlaces, type Scope } from "./places.ts";
import type { Meter } from "./progress.ts";
import { type CompareReport, Listed, pointDifference, readableSchema } from "./report.ts";
import { compareSchemas, readSchema } from "./schema.ts";
import { SLICE_VALUES, type Slice } from "./sums.ts";
import { type Differing, survey } from "./survey.ts";
import type { Pair } from "./unit.ts";

export interface CompareOptions {
  readonly scope: Scope;
  /** Every row is compared; otherwise numbers of points and sums of values are. */
  readonly deep: boolean;
  /** How long a server may be away before that ends the comparison, in milliseconds. */
  readonly patienceMs: number;
}

/** What a comparison or recovery needs of its surroundings. */
export interface RecoveryPorts {
  readonly clock: Clock;
  random(): number;
  readonly control: RelayControl;
  readonly meter: Meter;
}

/**
 * Compares two servers: what they have beside points, then the points. Nothing is changed.
 * @throws {ServerError}
 */
export async function compareServers(
  pair: Pair,
  { scope, deep, patienceMs }: CompareOptions,
  ports: RecoveryPorts,
  signal: AbortSignal,
): Promise<CompareReport> {
  const { clock, random, meter } = ports;
  const startedAt = clock.monotonic();
  const patience = new Patience(clock, random, patienceMs);
  const schemas = await patience.with(
    () => Promise.all([readSchema(pair.source, scope, signal), readSchema(pair.target, scope, signal)]),
    signal,
  );
  const notices: string[] = [];
  const notice = (text: string) => void notices.push(text);
  const places = await patience.with(() => findPlaces(pair, schemas, scope, signal, notice), signal);
  const surveyed = await survey(
    pair,
    places,
    {
      deep: (place, { measurement }) => deep || place.oddTypes.has(measurement),
      wanted: () => true,
      nowNs: () => clock.nowNs(),
    },
    { patience, meter },
    signal,
  );
  const listed = new Listed();
  for (const blurred of places.flatMap((place) => place.blurred)) listed.add(blurredDifference(blurred));
  for (const differing of surveyed.differing) {
    for (const slice of differing.slices) {
      await patience.with(() => confirm(pair, differing, slice, deep, ports, listed, signal), signal);
    }
  }
  const schema = compareSchemas(...schemas).map(readableSchema);
  return {
    source: pair.source.name,
    target: pair.target.name,
    equal: schema.length === 0 && listed.empty,
    schema,
    differences: listed.differences,
    omitted: listed.omitted,
    units: surveyed.units,
    expired: surveyed.expired,
    notices,
    ms: Math.round(clock.monotonic() - startedAt),
  };
}

/** What differs at the first look may only be on its way: rows that both servers have some of are looked at again. */
async function confirm(
  pair: Pair,
  { unit }: Differing,
  slice: Slice,
  deep: boolean,
  ports: RecoveryPorts,
  listed: Listed,
  signal: AbortSignal,
): Promise<void> {
  const one = slice.sourcePoints === 0 || slice.targetPoints === 0;
  if (one && !deep) return listed.add(pointDifference(unit, slice));
  const large = slice.values > SLICE_VALUES && !deep;
  if (large) return listed.add(pointDifference(unit, slice));
  const settled = async () => {
    await answeredBy(pair.source, unit.db, ports, signal);
    await answeredBy(pair.target, unit.db, ports, signal);
  };
  const { slices, missing, changed, extra, samples } = await lookTwice(pair, unit, slice, settled, signal);
  if (slices.length === 0) return;
  listed.add(pointDifference(unit, slice, { rows: { missing, changed, extra }, samples }));
}
