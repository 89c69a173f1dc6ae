import { type Blurred, blurredDifference } from "./blurred.ts";
import { fromReadable, readable } from "./bytes.ts";
import type { CompareOptions, RecoveryPorts } from "./compare.ts";
import { type SuspectRange, suspectsText } from "./control.ts";
import { compareText } from "./line-writer.ts";
import { inParallel } from "./parallel.ts";
import { Patience } from "./patience.ts";
import { findPlaces, type Place, type Scope } from "./places.ts";
import { RateLimit, type RateLimits } from "./rate-limit.ts";
import { type Damage, type Remaining, Repair } from "./repair.ts";
import { Listed, pointDifference, type RecoverReport, readableSchema } from "./report.ts";
import { compareSchemas, readSchema, repairStatements, type Schema } from "./schema.ts";
import { NO_TOTALS, State, type StateStore } from "./state.ts";
import { sliceValues } from "./sums.ts";
import { type Differing, type Surveyed, survey } from "./survey.ts";
import type { Pair, Unit } from "./unit.ts";
import { ALL_TIME, compareTimes, earliest, latest } from "./windows.ts";

/** After so many looks at the windows that live writes go to, what still differs there is told. */
const ROUNDS = 5;
/** One is copied while the one before is compared; where only a share of the servers' time is taken there is nothing to win. */
const GROUPS_AT_A_TIME = 2;

export interface RecoverOptions extends CompareOptions {
  /** Nothing is changed; the report says what would be. */
  readonly dryRun: boolean;
  /** Rows that only the target has are deleted. */
  readonly prune: boolean;
  readonly limits: RateLimits;
  /** Only where the target is suspect. */
  readonly suspectsOnly: boolean;
}

/** Makes the target the same as the source, while both take writes. */
export class Recovery {
  readonly #pair: Pair;
  readonly #options: RecoverOptions;
  readonly #ports: RecoveryPorts;
  readonly #store: StateStore;
  readonly #patience: Patience;
  readonly #notices: string[] = [];
  #suspects: readonly SuspectRange[] = [];

  constructor(pair: Pair, options: RecoverOptions, ports: RecoveryPorts, store: StateStore) {
    this.#pair = pair;
    this.#options = options;
    this.#ports = ports;
    this.#store = store;
    this.#patience = new Patience(ports.clock, ports.random, options.patienceMs);
  }

  /**
   * The target is out of queries from the beginning on, and gets them again only if it is the same in the end.
   * @throws {ServerError} What was done stays, and the next recovery goes on from there.
   */
  async run(signal: AbortSignal): Promise<RecoverReport> {
    const { clock, control } = this.#ports;
    const { dryRun } = this.#options;
    const target = this.#pair.target.name;
    const startedAt = clock.monotonic();
    this.#suspects = await control.suspects(target);
    if (!dryRun) await control.drain(target);
    const result = await (dryRun ? this.#plan(signal) : this.#repair(signal));
    if (!dryRun && result.equal) {
      await control.repaired(
        target,
        this.#suspects.flatMap((range) => this.#covered(range)),
      );
      await control.resume(target);
    }
    return {
      ...result,
      source: this.#pair.source.name,
      target,
      dryRun,
      notices: this.#notices,
      ms: Math.round(clock.monotonic() - startedAt),
    };
  }

  async #plan(signal: AbortSignal) {
    const schemas = await this.#schemas(signal);
    const places = await this.#places(schemas, signal);
    const surveyed = await this.#survey(places, signal);
    const listed = this.#blurred(places);
    for (const { unit, slices } of coldFirst(surveyed.differing)) {
      for (const slice of slices) listed.add(pointDifference(unit, slice));
    }
    const schema = compareSchemas(...schemas).map(readableSchema);
    return {
      equal: schema.length === 0 && listed.empty,
      schema,
      differences: listed.differences,
      omitted: listed.omitted,
      units: surveyed.units,
      expired: surveyed.expired,
      copied: NO_TOTALS,
      continued: false,
      statements: repairStatements(...schemas).map(readable),
      differing: surveyed.differing.length,
      pointsToCopy: pointsOf(surveyed.differing),
    };
  }

  async #repair(signal: AbortSignal) {
    const { clock, meter } = this.#ports;
    const { source, target } = this.#pair;
    const { deep } = this.#options;
    const state = await State.open(this.#store, clock, {
      ...{ source: source.name, target: target.name, deep },
      suspects: suspectsText(this.#suspects),
    });
    const startedNs = clock.nowNs();
    const before = await this.#schemas(signal);
    const statements = repairStatements(...before);
    for (const q of statements) await target.table(q, signal);
    const schemas: [Schema, Schema] = [before[0], await readSchema(target, this.#options.scope, signal)];
    const places = await this.#places(schemas, signal);
    const surveyed = await this.#survey(places, signal, state);
    const limit = new RateLimit(clock, this.#options.limits);
    const options = { prune: this.#options.prune, limit, state, patience: this.#patience };
    const repair = new Repair(this.#pair, this.#ports, options);
    meter.pointsToCopy = pointsOf(surveyed.differing);
    let left = await this.#repairAll(repair, state, surveyed.differing, signal);
    // What was written meanwhile went to both, or so it should have; also into time shards that were not there before.
    for (let round = 1; round < ROUNDS; round++) {
      const hot = await this.#survey(await this.#places(schemas, signal), signal, state, startedNs);
      const fresh = hot.differing.filter(({ unit }) => !left.some((one) => isSame(one.unit, unit)));
      if (fresh.length === 0) break;
      left = [...left, ...(await this.#repairAll(repair, state, fresh, signal))];
    }
    const listed = this.#blurred(places);
    for (const { difference } of left) listed.add(difference);
    const schema = compareSchemas(...schemas).map(readableSchema);
    await state.finish();
    return {
      equal: schema.length === 0 && listed.empty,
      schema,
      differences: listed.differences,
      omitted: listed.omitted,
      units: surveyed.units,
      expired: surveyed.expired + state.totals.expired,
      copied: state.totals,
      continued: state.continued,
      statements: statements.map(readable),
      differing: surveyed.differing.length,
      pointsToCopy: meter.pointsToCopy,
    };
  }

  /** Returns what still differs. */
  async #repairAll(
    repair: Repair,
    state: State,
    work: readonly Differing[],
    signal: AbortSignal,
  ): Promise<Remaining[]> {
    const { meter } = this.#ports;
    const damages = coldFirst(work).flatMap(({ place, unit, slices }) =>
      slices.map((slice) => ({ place, unit, slice })),
    );
    const left: Remaining[] = [];
    meter.begin("copying", damages.length);
    const atATime = this.#pair.share === undefined ? GROUPS_AT_A_TIME : 1;
    await inParallel(groupsOf(damages, sliceValues(this.#pair)), atATime, async (group) => {
      const { db, rp } = (group[0] as Damage).unit;
      meter.place = `${db}.${rp}`;
      const leave = await state.enter(
        group.map(({ slice: { start, end } }) => ({ db, rp, window: { start, end } })),
      );
      left.push(...(await repair.run(group, signal)));
      leave();
      meter.done += group.length;
    });
    const failed = new Set(left.map(({ unit }) => unit));
    for (const { unit } of work) if (!failed.has(unit)) await state.verified(unit, unit);
    return left;
  }

  async #schemas(signal: AbortSignal): Promise<[Schema, Schema]> {
    const { scope } = this.#options;
    const { source, target } = this.#pair;
    return await this.#patience.with(
      () => Promise.all([readSchema(source, scope, signal), readSchema(target, scope, signal)]),
      signal,
    );
  }

  async #places(schemas: [Schema, Schema], signal: AbortSignal): Promise<Place[]> {
    const notice = (text: string) => {
      if (!this.#notices.includes(text)) this.#notices.push(text);
    };
    return await this.#patience.with(
      () => findPlaces(this.#pair, schemas, this.#options.scope, signal, notice),
      signal,
    );
  }

  /** What nobody can know to be equal. */
  #blurred(places: readonly Place[]): Listed {
    const listed = new Listed();
    for (const place of places) {
      for (const blurred of place.blurred) {
        const wanted = !this.#options.suspectsOnly || this.#isSuspect(place, blurred);
        if (wanted) listed.add(blurredDifference(blurred));
      }
    }
    return listed;
  }

  #isSuspect(place: Place, part: Blurred): boolean {
    return this.#suspects.some((range) => overlaps(range, place, part));
  }

  /** @param since Units that end before are left out. */
  async #survey(
    places: readonly Place[],
    signal: AbortSignal,
    state?: State,
    since?: bigint,
  ): Promise<Surveyed> {
    const { clock, meter } = this.#ports;
    return await survey(
      this.#pair,
      places,
      {
        deep: (place, unit) =>
          state?.wasOpen(unit, unit) ||
          (this.#isSuspect(place, unit) && !state?.isSuspectVerified(unit, unit)) ||
          ((this.#options.deep || place.oddTypes.has(unit.measurement)) && !state?.isVerified(unit, unit)),
        wanted: (place, unit) =>
          (since === undefined || unit.end > since) &&
          (!this.#options.suspectsOnly || this.#isSuspect(place, unit)),
        verified: async (unit) => state?.verified(unit, unit),
        nowNs: () => clock.nowNs(),
      },
      { patience: this.#patience, meter },
      signal,
    );
  }

  /**
   * The part of a range that lies in what this recovery looked at. One of whatever database or policy lies in no single one; and
   * which policy is the default one may change, so one without a name lies in the whole database only.
   */
  #covered(range: SuspectRange): SuspectRange[] {
    const { db, rp, measurement, span }: Scope = this.#options.scope;
    if (measurement !== undefined) return [];
    if (db !== undefined && (range.db === "*" || fromReadable(range.db) !== db)) return [];
    if (rp !== undefined && (range.rp === "*" || range.rp === "" || fromReadable(range.rp) !== rp)) return [];
    if (span === undefined) return [range];
    // Beyond the times that points may have there is nothing to compare.
    const min = span.start <= ALL_TIME.start ? range.min : latest(range.min, span.start);
    const max = span.end >= ALL_TIME.end ? range.max : earliest(range.max, span.end - 1n);
    return min > max ? [] : [{ ...range, min, max }];
  }
}

function overlaps(range: SuspectRange, { policy }: Place, unit: Blurred): boolean {
  const inDatabase = range.db === "*" || fromReadable(range.db) === unit.db;
  const inPolicy =
    range.rp === "*" || (range.rp === "" ? policy.isDefault : fromReadable(range.rp) === unit.rp);
  return inDatabase && inPolicy && range.min < unit.end && range.max >= unit.start;
}

/** The windows that live writes go to come last. */
const coldFirst = (work: readonly Differing[]): Differing[] =>
  [...work].sort(
    (a, b) =>
      compareTimes(a.unit.end, b.unit.end) ||
      compareText(a.unit.db, b.unit.db) ||
      compareText(a.unit.rp, b.unit.rp),
  );

/** Neighbours of one database and policy, as many as may be copied at a time. */
function groupsOf(damages: readonly Damage[], most: number): Damage[][] {
  const groups: Damage[][] = [];
  let values = 0;
  for (const damage of damages) {
    const last = groups.at(-1);
    const { db, rp } = last?.[0]?.unit ?? {};
    values += damage.slice.values;
    if (last !== undefined && db === damage.unit.db && rp === damage.unit.rp && values <= most) {
      last.push(damage);
    } else {
      groups.push([damage]);
      values = damage.slice.values;
    }
  }
  return groups;
}

const isSame = (a: Unit, b: Unit): boolean =>
  a.db === b.db && a.rp === b.rp && a.measurement === b.measurement && a.start === b.start && a.end === b.end;

const pointsOf = (work: readonly Differing[]): number =>
  work.reduce((sum, { slices }) => sum + slices.reduce((points, slice) => points + slice.sourcePoints, 0), 0);
