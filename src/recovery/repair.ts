import { readable } from "./bytes.ts";
import type { RecoveryPorts } from "./compare.ts";
import { copySpan } from "./copy.ts";
import { diffRows } from "./diff.ts";
import { type Confirmed, lookTwice } from "./examine.ts";
import type { Patience } from "./patience.ts";
import type { Place } from "./places.ts";
import { pruneSpan } from "./prune.ts";
import type { RateLimit } from "./rate-limit.ts";
import { type PointDifference, pointDifference } from "./report.ts";
import type { State } from "./state.ts";
import type { Slice } from "./sums.ts";
import { type Differing, liveSpan } from "./survey.ts";
import type { Pair, Unit } from "./unit.ts";
import type { Span } from "./windows.ts";

export interface RepairOptions {
  readonly prune: boolean;
  readonly limit: RateLimit;
  readonly state: State;
  readonly patience: Patience;
}

/** Copies what differs, slice by slice, and proves it. */
export class Repair {
  readonly #pair: Pair;
  readonly #ports: RecoveryPorts;
  readonly #options: RepairOptions;

  constructor(pair: Pair, ports: RecoveryPorts, options: RepairOptions) {
    this.#pair = pair;
    this.#ports = ports;
    this.#options = options;
  }

  /** Returns what still differs after so many rounds. */
  async unit(
    { place, unit, slices }: Differing,
    rounds: number,
    signal: AbortSignal,
  ): Promise<PointDifference[]> {
    const left: PointDifference[] = [];
    for (const slice of slices) {
      const difference = await this.#slice(place, unit, slice, rounds, signal);
      if (difference !== undefined) left.push(difference);
    }
    return left;
  }

  async #slice(
    place: Place,
    unit: Unit,
    slice: Slice,
    rounds: number,
    signal: AbortSignal,
  ): Promise<PointDifference | undefined> {
    let todo: readonly Slice[] =
      slice.targetPoints === 0 ? [slice] : await this.#toCopy(place, unit, slice, signal);
    for (let round = 1; ; round++) {
      let reason: string | undefined;
      for (const part of todo) reason = (await this.#copy(place, unit, part, signal)) ?? reason;
      const seen = await this.#look(place, unit, slice, signal);
      const pruned = this.#options.prune && seen.extra + seen.changed > 0;
      const kept = pruned ? await this.#prune(place, unit, slice, signal) : 0;
      if (kept > 0) reason ??= `${kept} rows cannot be deleted without those of another retention policy`;
      const equal = seen.missing + seen.changed + seen.extra === 0;
      const hopeless = !pruned && (seen.toCopy.length === 0 || (reason !== undefined && round > 1));
      if (equal || hopeless || round >= rounds) {
        await this.#options.state.end(unit, slice, equal);
        return equal ? undefined : difference(unit, slice, seen, reason);
      }
      todo = pruned ? await this.#toCopy(place, unit, slice, signal) : seen.toCopy;
    }
  }

  async #toCopy(place: Place, unit: Unit, slice: Span, signal: AbortSignal): Promise<readonly Slice[]> {
    const span = liveSpan(place, slice, this.#ports.clock.nowNs());
    if (span.start >= span.end) return [];
    const diff = await this.#options.patience.with(() => diffRows(this.#pair, unit, span, signal), signal);
    return diff.toCopy;
  }

  async #look(place: Place, unit: Unit, slice: Span, signal: AbortSignal): Promise<Confirmed> {
    const span = liveSpan(place, slice, this.#ports.clock.nowNs());
    if (span.start >= span.end) return NOTHING;
    const look = () => lookTwice(this.#pair, unit, span, () => this.#settled(unit), signal);
    return await this.#options.patience.with(look, signal);
  }

  /**
   * Copies one slice while the target gets no live writes of this database and policy, so that no older value lands on a
   * newer one. Returns why not all could be copied.
   */
  async #copy(place: Place, unit: Unit, slice: Slice, signal: AbortSignal): Promise<string | undefined> {
    const { clock, control, meter } = this.#ports;
    const { limit, state, patience } = this.#options;
    const span = liveSpan(place, slice, clock.nowNs());
    if (span.start >= span.end) return undefined;
    await state.begin(unit, slice);
    const ports = {
      clock,
      random: this.#ports.random,
      pace: (points: number, bytes: number, aborted: AbortSignal) => limit.pass(points, bytes, aborted),
      progress: (points: number, bytes: number) => meter.stored(points, bytes),
    };
    const copied = await patience.with(async () => {
      const release = await control.hold(this.#pair.target.name, readable(unit.db), readable(unit.rp));
      try {
        await control.answered(this.#pair.source.name, readable(unit.db));
        return await copySpan(this.#pair, unit, span, ports, signal);
      } finally {
        await release();
      }
    }, signal);
    const { words, ...totals } = copied;
    state.add(totals);
    if (copied.unwritable > 0) return `${copied.unwritable} points of series that line protocol cannot name`;
    return words;
  }

  /** Rows that had to be kept. */
  async #prune(place: Place, unit: Unit, slice: Span, signal: AbortSignal): Promise<number> {
    const { control } = this.#ports;
    const release = await control.hold(this.#pair.target.name, readable(unit.db), readable(unit.rp));
    try {
      await control.answered(this.#pair.source.name, readable(unit.db));
      const { rows, kept } = await pruneSpan(this.#pair, unit, slice, place.otherPolicies, signal);
      this.#options.state.add({ pruned: rows });
      return kept;
    } finally {
      await release();
    }
  }

  async #settled({ db }: Unit): Promise<void> {
    const { control } = this.#ports;
    await control.answered(this.#pair.source.name, readable(db));
    await control.answered(this.#pair.target.name, readable(db));
  }
}

const NOTHING: Confirmed = { missing: 0, changed: 0, extra: 0, rows: 0, slices: [], toCopy: [], samples: [] };

function difference(unit: Unit, slice: Slice, seen: Confirmed, reason: string | undefined): PointDifference {
  const { missing, changed, extra, rows, samples } = seen;
  const points = { sourcePoints: rows, targetPoints: rows - missing + extra };
  return pointDifference(
    unit,
    { ...slice, ...points },
    { rows: { missing, changed, extra }, samples, ...(reason !== undefined && { reason }) },
  );
}
