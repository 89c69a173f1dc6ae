import type { Backend } from "../backend/backend.ts";
import type { RecoveryConfig } from "../config/config.ts";
import { RelayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Platform, Timer } from "../platform.ts";
import { planFor, rangesOf, type Task } from "./auto-plan.ts";
import type { Outcome, RunTask } from "./auto-run.ts";
import type { Alarm, AutoStatus, LastRecovery } from "./auto-status.ts";
import { Ended } from "./ended-counts.ts";
import { RecoveryError } from "./errors.ts";
import { Meter } from "./progress.ts";
import { isQuiet } from "./quiet.ts";
import { type LeaseRepair, RepairedElsewhereError } from "./repair-lease.ts";
import { Settlement } from "./settlement.ts";

/** Between two looks at what there is to do, in milliseconds. */
const LOOK_MS = 1_000;
/** What failed is tried again after so long, twice as long each time. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 600_000;
/** While another relay repairs a backend, that relay is asked again about this often. */
const ELSEWHERE_RETRY_MS = 5_000;
/** What differs waits for a person; whether he has done something is looked at after so long. */
const DIFFERS_RETRY_MS = 1_800_000;

interface AutoRecoveryOptions {
  readonly platform: Pick<Platform, "clock" | "random">;
  readonly log: Log;
  readonly config: () => RecoveryConfig;
  /** The backends that have the same data, set by set. */
  readonly sets: () => readonly (readonly Backend[])[];
  readonly run: RunTask;
  readonly lease: LeaseRepair;
  /** Whether a backend lacks whole databases. */
  readonly missing: {
    /** Begins to look. Each one comes with its replicas. */
    look(sets: ReadonlyMap<Backend, readonly Backend[]>): void;
    /** Why that is not known yet, in words; undefined if it is. */
    unknown(backend: Backend): string | undefined;
  };
}

/** What is remembered of the ranges of one database of a backend. */
interface Attempts {
  failures: number;
  /** Not again before (monotonic). */
  notBefore: number;
  /** Why not, if nothing failed. */
  why?: string;
  settlement?: Settlement;
}

interface Running {
  readonly task: Task<Backend>;
  readonly meter: Meter;
  readonly abort: AbortController;
}

/**
 * Repairs backends in the ranges in which they are known to differ from their replicas, one at a time. It never copies
 * into a backend for another reason, and never deletes: where it is not known who is right, a person is.
 */
export class AutoRecovery {
  readonly #options: AutoRecoveryOptions;
  readonly #attempts = new Map<string, Attempts>();
  readonly #alarms = new Map<string, Alarm>();
  readonly #last = new Map<string, LastRecovery>();
  readonly ended = new Ended();
  #waiting = new Map<string, string>();
  #running: Running | undefined;
  #ended: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  readonly #stopping = new AbortController();

  constructor(options: AutoRecoveryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lookLater();
  }

  /** Resolves when nothing is being copied any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new RecoveryError("ABORTED", "the relay stops"));
    this.#timer?.cancel();
    this.#running?.abort.abort(new RecoveryError("ABORTED", "the relay stops"));
    await this.#ended;
  }

  status(): AutoStatus[] {
    return [...this.#sets().keys()].map((backend) => {
      const { name } = backend;
      const task = this.#running?.task.target === backend ? this.#running.task : undefined;
      const waiting = this.#waiting.get(name);
      const alarms = [...this.#alarms].filter(([key]) => nameIn(key) === name).map(([, alarm]) => alarm);
      return {
        name,
        state: task === undefined ? (waiting === undefined ? "idle" : "waiting") : stateOf(task),
        ...(task === undefined && waiting !== undefined && { waiting }),
        ...(task !== undefined && { from: task.other.name, progress: this.#progress() }),
        alarms,
        ...(this.#last.has(name) && { last: this.#last.get(name) as LastRecovery }),
      };
    });
  }

  #progress(): Required<AutoStatus>["progress"] {
    const { phase, done, total, points, pointsToCopy, pointsPerSecond, leftMs } = (
      this.#running as Running
    ).meter.read();
    return {
      ...{ phase, done, total, points, pointsToCopy, pointsPerSecond: Math.round(pointsPerSecond) },
      ...(leftMs !== undefined && { leftSeconds: Math.ceil(leftMs / 1_000) }),
    };
  }

  #lookLater(): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = this.#options.platform.clock.after(LOOK_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const sets = this.#sets();
    this.#options.missing.look(sets);
    this.#forget(sets);
    if (this.#running !== undefined) this.#supervise(this.#running);
    this.#waiting = new Map();
    for (const [target, replicas] of sets) {
      const task = this.#next(target, replicas);
      if (task !== undefined && this.#running === undefined) this.#begin(task);
    }
  }

  /** Each backend with its replicas, of which one may be in several sets. */
  #sets(): Map<Backend, Backend[]> {
    const found = new Map<Backend, Backend[]>();
    for (const set of this.#options.sets()) {
      for (const backend of set) {
        const known = found.get(backend) ?? [];
        found.set(backend, [...new Set([...known, ...set.filter((other) => other !== backend)])]);
      }
    }
    return found;
  }

  /** What may be begun for a backend; notes what it waits for if there is something and it may not. */
  #next(target: Backend, replicas: readonly Backend[]): Task<Backend> | undefined {
    const databases = new Set(rangesOf(target).map(({ db }) => db));
    if (databases.size === 0 || this.#running?.task.target === target) return undefined;
    // A repair makes the database for what it copies, and the rest of it would never be missed.
    const held = this.#heldUp() ?? this.#options.missing.unknown(target);
    let why = held;
    for (const db of held === undefined ? databases : []) {
      const { notBefore = 0, why: before, settlement } = this.#attempts.get(keyOf(target, db)) ?? {};
      const plan = planFor(target, db, replicas);
      if (plan.kind === "wait") why ??= plan.why;
      else if (this.#options.platform.clock.monotonic() < notBefore) {
        why ??= before ?? this.#retryText(notBefore);
        settlement?.look();
      } else if (this.#running === undefined) return plan;
      else why ??= `${this.#running.task.target.name} is being looked after first`;
    }
    if (why !== undefined) this.#waiting.set(target.name, why);
    return undefined;
  }

  /** Why nothing may be begun at all. */
  #heldUp(): string | undefined {
    const { config, platform } = this.#options;
    const { mode, quietHours } = config();
    if (mode === "manual") return "[recovery] mode is manual";
    return isQuiet(quietHours, platform.clock.now()) ? "these are quiet hours" : undefined;
  }

  #retryText(notBefore: number): string {
    const seconds = Math.ceil((notBefore - this.#options.platform.clock.monotonic()) / 1_000);
    return `it is tried again in ${seconds} s`;
  }

  /** Ends what runs if it may not go on: an operator, or quiet hours, come first. */
  #supervise({ task, abort }: Running): void {
    const drained = [task.target, task.other].flatMap(({ name, drainedBy }) =>
      drainedBy.map((by) => `${name} was drained by ${by}`),
    );
    const down = [task.target, task.other].filter(({ health }) => !health.up);
    const why = this.#heldUp() ?? drained[0] ?? down.map(({ name }) => `${name} is down`)[0];
    if (why !== undefined) abort.abort(new RecoveryError("ABORTED", why));
  }

  #begin(task: Task<Backend>): void {
    const running = { task, meter: new Meter(this.#options.platform.clock), abort: new AbortController() };
    this.#running = running;
    this.#ended = this.#leased(running).finally(() => {
      this.#running = undefined;
    });
  }

  /** Leaves it to another relay if that one is at it. */
  async #leased(running: Running): Promise<void> {
    const { lease, platform, log } = this.#options;
    const { target, db } = running.task;
    try {
      const release = await lease(target.name, target.handoff.lackedDatabases());
      await this.#run(running).finally(release);
    } catch (error) {
      const elsewhere = error instanceof RepairedElsewhereError;
      if (!elsewhere) log.error("recovery-failed", { backend: target.name, error: String(error) });
      const why = elsewhere ? error.message : "internal error";
      const { failures } = this.#attempts.get(keyOf(target, db)) ?? { failures: 0 };
      // Not all relays at the same moment.
      const waitMs = ELSEWHERE_RETRY_MS * (0.5 + platform.random());
      const notBefore = platform.clock.monotonic() + waitMs;
      this.#attempts.set(keyOf(target, db), { failures, notBefore, why });
    }
  }

  async #run({ task, meter, abort: { signal } }: Running): Promise<void> {
    const { config, log, platform, run } = this.#options;
    const { kind, target, other, db } = task;
    log.info("recovery-begins", { backend: target.name, from: other.name, db, kind });
    const startedAt = platform.clock.monotonic();
    const ended = (last: Pick<LastRecovery, "result" | "points"> & { error?: string }) => {
      const seconds = Math.round((platform.clock.monotonic() - startedAt) / 1_000);
      const result = { kind, from: other.name, db, ...last, seconds, endedAtMs: platform.clock.now() };
      this.#last.set(target.name, result);
      this.ended.add(target.name, last.result, last.points);
      const { result: how, points, error } = last;
      log.info("recovery-ended", { backend: target.name, from: other.name, db, result: how, points, error });
    };
    try {
      signal.throwIfAborted();
      const { points, differs, settled } = await run(task, config(), meter, signal);
      if (differs === undefined) await this.#equal(task);
      else this.#differs(task, differs);
      if (settled !== undefined) this.#awaitSettlement(task, settled);
      ended({ result: differs === undefined ? "equal" : "different", points });
    } catch (error) {
      const isKnown = error instanceof RelayError;
      this.#retry(task, FIRST_RETRY_MS, LAST_RETRY_MS);
      const text = isKnown ? error.message : "internal error";
      if (!isKnown) log.error("recovery-failed", { backend: target.name, error: String(error) });
      ended({ result: "failed", points: meter.read().points, error: text });
    }
  }

  /** The points are equal: what is missing beside them ends the matter once it is there. */
  #awaitSettlement(task: Task<Backend>, ask: Required<Outcome>["settled"]): void {
    const { platform, log } = this.#options;
    const { target, other, db } = task;
    const attempts = this.#attempts.get(keyOf(target, db)) as Attempts;
    attempts.settlement = new Settlement(platform.clock, async () => {
      const settled = await ask(this.#stopping.signal);
      // Somebody else may have settled it.
      if (this.#attempts.get(keyOf(target, db)) !== attempts || settled === "no") return;
      if (settled === "again") return void this.#attempts.delete(keyOf(target, db));
      await this.#equal(task);
      const last = this.#last.get(target.name);
      if (last?.db === db) this.#last.set(target.name, { ...last, result: "equal" });
      log.info("recovery-settled", { backend: target.name, from: other.name, db });
    });
  }

  /** What was not touched since the task was made is forgotten; whatever was is looked at again. */
  async #equal({ target, other, db, known, othersKnown }: Task<Backend>): Promise<void> {
    const key = keyOf(target, db);
    await target.handoff.repaired(known.ranges, known.revisions);
    if (othersKnown.ranges.length > 0)
      await other.handoff.repaired(othersKnown.ranges, othersKnown.revisions);
    this.#attempts.delete(key);
    this.#alarms.delete(key);
  }

  #differs(task: Task<Backend>, what: string): void {
    const { clock } = this.#options.platform;
    const { kind, target, other, db } = task;
    this.#retry(task, DIFFERS_RETRY_MS, DIFFERS_RETRY_MS);
    const limit = db === "*" ? [] : ["--db", db];
    const command = ["compare", "--from", other.name, "--to", target.name, ...limit, "--deep"];
    const alarm: Alarm = {
      db,
      what,
      command,
      from: other.name,
      bothDiffer: kind === "compare",
      atMs: clock.now(),
    };
    this.#alarms.set(keyOf(target, db), alarm);
    this.#options.log.throttled(
      "error",
      "replicas-differ",
      {
        ...{ backend: target.name, from: other.name, db, what },
        next: "a person has to choose which one is right: see influxdb-relay status and docs/recovery.md",
      },
      `replicas-differ ${target.name} ${db}`,
    );
  }

  #retry({ target, db }: Task<Backend>, firstMs: number, lastMs: number): void {
    const key = keyOf(target, db);
    const { failures } = this.#attempts.get(key) ?? { failures: 0 };
    const waitMs = Math.min(lastMs, firstMs * 2 ** Math.min(failures, 20));
    this.#attempts.set(key, {
      failures: failures + 1,
      notBefore: this.#options.platform.clock.monotonic() + waitMs,
    });
  }

  /** What somebody else has settled, or what left the config, is over. */
  #forget(sets: ReadonlyMap<Backend, unknown>): void {
    const wanted = new Set(
      [...sets.keys()].flatMap((backend) => rangesOf(backend).map(({ db }) => keyOf(backend, db))),
    );
    for (const key of this.#alarms.keys()) if (!wanted.has(key)) this.#alarms.delete(key);
    for (const key of this.#attempts.keys()) if (!wanted.has(key)) this.#attempts.delete(key);
  }
}

const keyOf = ({ name }: Backend, db: string): string => `${name}\0${db}`;
const nameIn = (key: string): string => key.slice(0, key.indexOf("\0"));

const stateOf = ({ kind }: Task): AutoStatus["state"] => (kind === "repair" ? "repairing" : "comparing");
