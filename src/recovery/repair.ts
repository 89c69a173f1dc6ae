import { answeredBy } from "./answered.ts";
import { BatchWriter } from "./batch-writer.ts";
import { readable } from "./bytes.ts";
import type { RecoveryPorts } from "./compare.ts";
import { HoldLostError } from "./control.ts";
import { copySpan } from "./copy.ts";
import { diffRows } from "./diff.ts";
import { type Confirmed, lookTwice } from "./examine.ts";
import { inParallel } from "./parallel.ts";
import type { Patience } from "./patience.ts";
import type { Place } from "./places.ts";
import { pruneSpan } from "./prune.ts";
import type { RateLimit } from "./rate-limit.ts";
import { type PointDifference, pointDifference } from "./report.ts";
import type { Server } from "./server.ts";
import type { State } from "./state.ts";
import type { Slice } from "./sums.ts";
import { liveSpan } from "./survey.ts";
import type { Pair, Unit } from "./unit.ts";
import type { SizedSpan } from "./windows.ts";

/** Slices that are read, written or compared at a time: most are small, and then it is waiting that takes the time. */
const AT_A_TIME = 3;
/** After so many rounds what still differs is told. */
const ROUNDS = 5;
/** The target is not held for longer at a time, in milliseconds, until the source has taken what was written before. */
const HELD_LIMIT_MS = 15_000;

export interface RepairOptions {
  readonly prune: boolean;
  readonly limit: RateLimit;
  readonly state: State;
  readonly patience: Patience;
}

/** A slice that differs. */
export interface Damage {
  readonly place: Place;
  readonly unit: Unit;
  readonly slice: Slice;
}

/** What could not be repaired. */
export interface Remaining {
  readonly unit: Unit;
  readonly difference: PointDifference;
}

interface Patient extends Damage {
  /** What is to be copied next; undefined if that is not known yet. */
  parts: readonly Slice[] | undefined;
  /** Why something could not be repaired. */
  reason: string | undefined;
}

/** Copies what differs and proves it. */
export class Repair {
  readonly #pair: Pair;
  readonly #ports: RecoveryPorts;
  readonly #options: RepairOptions;

  constructor(pair: Pair, ports: RecoveryPorts, options: RepairOptions) {
    this.#pair = pair;
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * Repairs slices of one database and policy, round by round: while the target gets no live writes of theirs, so that no
   * older value lands on a newer one, they are copied; then their rows are compared. Returns what still differs.
   */
  async run(group: readonly Damage[], signal: AbortSignal): Promise<Remaining[]> {
    const left: Remaining[] = [];
    let sick: readonly Patient[] = group.map((damage) => ({
      ...damage,
      parts: undefined,
      reason: undefined,
    }));
    for (let round = 1; sick.length > 0; round++) {
      await inParallel(sick, AT_A_TIME, (patient) => this.#prepare(patient, signal));
      const copied = sick.filter(({ parts }) => parts?.length !== 0);
      if (copied.length > 0) await this.#held(copied, signal, () => this.#copy(copied, signal));
      const still: Patient[] = [];
      await inParallel(sick, AT_A_TIME, async (patient) => {
        const seen = await this.#look(patient, signal);
        if (seen.slices.length === 0) return;
        const more = await this.#goOn(patient, seen, round, signal);
        if (more === undefined) left.push({ unit: patient.unit, difference: difference(patient, seen) });
        else still.push(more);
      });
      sick = still;
    }
    return left;
  }

  /** What to do in the next round; undefined if nothing helps. */
  async #goOn(
    patient: Patient,
    seen: Confirmed,
    round: number,
    signal: AbortSignal,
  ): Promise<Patient | undefined> {
    if (round >= ROUNDS) return undefined;
    const mayPrune = this.#options.prune && seen.extra + seen.changed > 0;
    if (mayPrune && (await this.#prune(patient, signal))) return { ...patient, parts: undefined };
    // A second try may help where live writes came in between, but not against what the target refuses.
    if (seen.toCopy.length === 0 || (patient.reason !== undefined && round > 1)) return undefined;
    return { ...patient, parts: seen.toCopy };
  }

  async #prepare(patient: Patient, signal: AbortSignal): Promise<void> {
    const { slice } = patient;
    if (patient.parts !== undefined) return;
    if (slice.targetPoints === 0) {
      patient.parts = [slice];
      return;
    }
    const span = this.#live(patient, slice);
    const look = () => diffRows(this.#pair, patient.unit, span, signal);
    patient.parts = span.start < span.end ? (await this.#options.patience.with(look, signal)).toCopy : [];
  }

  async #copy(patients: readonly Patient[], signal: AbortSignal): Promise<void> {
    const { clock, random, meter } = this.#ports;
    const { limit, state } = this.#options;
    const ports = {
      clock,
      random,
      share: this.#pair.share,
      pace: (points: number, bytes: number, aborted: AbortSignal) => limit.pass(points, bytes, aborted),
      progress: (points: number, bytes: number) => meter.stored(points, bytes),
    };
    const { unit } = patients[0] as Patient;
    const writer = new BatchWriter(this.#pair.target, unit, ports, signal);
    try {
      await inParallel(patients, AT_A_TIME, (patient) => this.#read(patient, writer));
      const { words, ...totals } = await writer.finish();
      state.add(totals);
      for (const patient of patients) patient.reason ??= words;
    } finally {
      await writer.giveUp();
    }
  }

  async #read(patient: Patient, writer: BatchWriter): Promise<void> {
    let unwritable = 0;
    for (const part of patient.parts ?? []) {
      const span = this.#live(patient, part);
      if (span.start >= span.end) continue;
      const copy = () => copySpan(this.#pair, patient.unit, span, writer);
      unwritable += await this.#options.patience.with(copy, writer.signal);
    }
    this.#options.state.add({ unwritable });
    if (unwritable > 0) patient.reason = `${unwritable} points of series that line protocol cannot name`;
  }

  async #look(patient: Patient, signal: AbortSignal): Promise<Confirmed> {
    const { unit, slice } = patient;
    const span = this.#live(patient, slice);
    if (span.start >= span.end) return NOTHING;
    const look = () => lookTwice(this.#pair, unit, span, () => this.#settled(unit, signal), signal);
    return await this.#options.patience.with(look, signal);
  }

  /** True if something was deleted. */
  async #prune(patient: Patient, signal: AbortSignal): Promise<boolean> {
    const { place, unit, slice } = patient;
    const prune = () => pruneSpan(this.#pair, unit, this.#live(patient, slice), place.others, signal);
    // A deletion reaches all policies, so nothing may be written to any between the look at them and it.
    const { rows, kept } = await this.#held([patient], signal, prune, "database");
    this.#options.state.add({ pruned: rows });
    if (kept > 0) patient.reason = `${kept} rows cannot be deleted without those of another retention policy`;
    return rows > 0;
  }

  /** Runs while the target gets no live writes of the database and policy, or of all policies; once more if it turns out that it got some. */
  async #held<T>(
    group: readonly Patient[],
    signal: AbortSignal,
    run: () => Promise<T>,
    what: "policy" | "database" = "policy",
  ): Promise<T> {
    const { unit } = group[0] as Patient;
    const rp = what === "policy" ? readable(unit.rp) : undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#heldOnce(unit, rp, signal, run);
      } catch (error) {
        if (!(error instanceof HoldLostError) || attempt >= ROUNDS) throw error;
      }
    }
  }

  /** The source has answered all of its writes by then: one that only the target took is not lost. */
  async #heldOnce<T>(
    unit: Unit,
    rp: string | undefined,
    signal: AbortSignal,
    run: () => Promise<T>,
  ): Promise<T> {
    const { source, target } = this.#pair;
    // What it lacks by now may take long, and only what came since is waited for while the target is held.
    await this.#answered(source, unit, signal);
    const release = await this.#ports.control.hold(target.name, readable(unit.db), rp, signal);
    try {
      await this.#answered(source, unit, signal, HELD_LIMIT_MS);
      signal.throwIfAborted();
      return await run();
    } finally {
      await release();
    }
  }

  async #settled(unit: Unit, signal: AbortSignal): Promise<void> {
    await this.#answered(this.#pair.source, unit, signal);
    await this.#answered(this.#pair.target, unit, signal);
  }

  async #answered(server: Server, { db }: Unit, signal: AbortSignal, limitMs?: number): Promise<void> {
    const answered = () => answeredBy(server, db, this.#ports, signal, limitMs);
    await this.#options.patience.with(answered, signal);
  }

  #live({ place }: Damage, span: SizedSpan): SizedSpan {
    return liveSpan(place, span, this.#ports.clock.nowNs());
  }
}

const NOTHING: Confirmed = { missing: 0, changed: 0, extra: 0, rows: 0, slices: [], toCopy: [], samples: [] };

function difference({ unit, slice, reason }: Patient, seen: Confirmed): PointDifference {
  const { missing, changed, extra, rows, samples } = seen;
  const points = { sourcePoints: rows, targetPoints: rows - missing + extra };
  return pointDifference(
    unit,
    { ...slice, ...points },
    { rows: { missing, changed, extra }, samples, ...(reason !== undefined && { reason }) },
  );
}
