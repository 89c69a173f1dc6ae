import type { Backend } from "../backend/backend.ts";
import type { RecoveryConfig } from "../config/config.ts";
import { RelayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Platform, Timer } from "../platform.ts";
import { checkPair, type Finding } from "./check-pair.ts";
import { RecoveryError } from "./errors.ts";
import { isQuiet } from "./quiet.ts";
import { Server } from "./server.ts";
import { Share } from "./share.ts";

/** Between two looks whether a check is due, in milliseconds. */
const LOOK_MS = 1_000;
/** The first check does not come while everything else starts as well. */
const FIRST_AFTER_MS = 60_000;
/** Of the time of the servers. */
const PERCENT = 5;
/** Findings that are told. */
const MAX_TOLD = 100;

/** What the last check found, as `/status` shows it. */
export interface CheckStatus {
  readonly running: boolean;
  /** When the last one ended, in milliseconds since 1970. */
  readonly endedAtMs?: number;
  readonly findings: readonly Finding[];
  /** Findings that are not shown because there are too many. */
  readonly omitted: number;
  /** Pairs of servers that could not be compared, with the last reason. */
  readonly skipped: number;
  readonly error?: string;
}

interface ScheduledCheckOptions {
  readonly platform: Platform;
  readonly log: Log;
  readonly config: () => RecoveryConfig;
  readonly sets: () => readonly (readonly Backend[])[];
}

/**
 * Looks now and then whether replicas have the same numbers of points, for differences of which nothing is known: those of a
 * relay that died with what it had kept, for one. Nothing is done about them but to tell.
 */
export class ScheduledCheck {
  readonly #options: ScheduledCheckOptions;
  #status: Omit<CheckStatus, "running"> = { findings: [], omitted: 0, skipped: 0 };
  #dueFromMs: number;
  #abort: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: ScheduledCheckOptions) {
    this.#options = options;
    this.#dueFromMs = options.platform.clock.monotonic();
  }

  get status(): CheckStatus {
    return { running: this.#abort !== undefined, ...this.#status };
  }

  start(): void {
    const { clock } = this.#options.platform;
    const firstMs = Math.min(FIRST_AFTER_MS, this.#options.config().checkEveryMs);
    this.#dueFromMs = clock.monotonic() + firstMs - this.#options.config().checkEveryMs;
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#abort?.abort(new RecoveryError("ABORTED", "the relay stops"));
    await this.#ended;
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.platform.clock.after(LOOK_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { config, platform } = this.#options;
    const { checkEveryMs, quietHours } = config();
    const may = checkEveryMs > 0 && !isQuiet(quietHours, platform.clock.now());
    if (this.#abort !== undefined) {
      if (!may) this.#abort.abort(new RecoveryError("ABORTED", "these are quiet hours"));
    } else if (may && platform.clock.monotonic() - this.#dueFromMs >= checkEveryMs) {
      const abort = new AbortController();
      this.#abort = abort;
      this.#ended = this.#check(abort.signal).then(() => {
        this.#abort = undefined;
        this.#dueFromMs = platform.clock.monotonic();
      });
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { platform, sets } = this.#options;
    const findings: Finding[] = [];
    let skipped = 0;
    let error: string | undefined;
    for (const [first, ...others] of distinct(sets())) {
      for (const other of others) {
        try {
          findings.push(...(await this.#pair(first as Backend, other, signal)));
        } catch (reason) {
          if (signal.aborted) return;
          skipped++;
          error = reason instanceof RelayError ? reason.message : "internal error";
        }
      }
    }
    const omitted = Math.max(0, findings.length - MAX_TOLD);
    const endedAtMs = platform.clock.now();
    this.#status = {
      ...{ endedAtMs, findings: findings.slice(0, MAX_TOLD), omitted, skipped },
      ...(error !== undefined && { error }),
    };
    this.#alarm();
  }

  async #pair(first: Backend, other: Backend, signal: AbortSignal): Promise<Finding[]> {
    const { platform } = this.#options;
    const notReady = [first, other].find(({ health, drained }) => !health.up || drained);
    if (notReady !== undefined) throw new RecoveryError("NO_SOURCE", `${notReady.name} is down or drained`);
    const pair = { source: new Server(first.output, platform), target: new Server(other.output, platform) };
    const share = new Share(platform.clock, PERCENT, signal);
    // Of what a backend is known to lack something is done anyway.
    const wanted = (db: string) => [first, other].every((each) => !each.isBehind(db) && !hasRanges(each, db));
    try {
      return await checkPair(pair, { clock: platform.clock, share, wanted }, signal);
    } finally {
      await Promise.all([pair.source.close(), pair.target.close()]);
    }
  }

  #alarm(): void {
    const { findings, omitted } = this.#status;
    const [first] = findings;
    if (first === undefined) return;
    const { db, rp, measurement, points } = first;
    this.#options.log.throttled("error", "replicas-differ", {
      ...{ db, rp, measurement },
      points: Object.entries(points)
        .map(([name, count]) => `${name}: ${count}`)
        .join(", "),
      places: findings.length + omitted,
      next: "a person has to choose which one is right: see influxdb-relay status and docs/recovery.md",
    });
  }
}

const hasRanges = ({ handoff: { lost, suspect } }: Backend, db: string): boolean =>
  lost.has(db) || suspect.has(db);

/** Each set once: listeners may share their backends. */
function distinct(sets: readonly (readonly Backend[])[]): (readonly Backend[])[] {
  const keyOf = (set: readonly Backend[]) => JSON.stringify(set.map(({ name }) => name).sort());
  return [...new Map(sets.map((set) => [keyOf(set), set])).values()];
}
