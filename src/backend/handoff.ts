import type { SpoolError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock, Timer } from "../platform.ts";
import { HELD, HeldReasons } from "../spool/held-reasons.ts";
import type { SpoolFacts } from "../spool/log.ts";
import { type TimeRange, TimeRanges } from "../spool/time-ranges.ts";
import { timeRange } from "../write/points.ts";
import type { Change, Destination, Reply } from "../writer.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { isExpired, wordsOf } from "./outcome.ts";

interface Payload {
  readonly destination: Destination;
  readonly body: Uint8Array;
}

/** Why a record left without having been delivered. */
export type LossReason = "buffer-full" | "too-old" | "no-buffer" | "not-stored" | "dropped";

interface HandoffOptions {
  readonly backend: string;
  readonly facts: SpoolFacts;
  /** Absent where nothing outlives the process. */
  readonly deadLetters: DeadLetters | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The name of the ranges among the facts. */
export const RANGES = "ranges";
/** True if ranges are stored in which a backend lacks something, or may differ. */
export function hasRanges(facts: SpoolFacts): boolean {
  const stored = facts.get(RANGES);
  return ["lost", "suspect"].some((name) => {
    const ranges = new TimeRanges();
    ranges.restore(stored, name);
    return ranges.has();
  });
}

/** A range that grows is stored after so many milliseconds, together with what else happens until then. */
const STORE_AFTER_MS = 1_000;

/** What a backend did not get, or will not take: counted, told, and the ranges remembered in which it may differ. */
export class Handoff {
  readonly #options: HandoffOptions;
  /** Ranges of writes that were dropped. */
  readonly lost = new TimeRanges();
  /** Ranges in which the backend may differ from its replicas for another reason. */
  readonly suspect = new TimeRanges();
  /** Why something is held. */
  readonly heldReasons = new HeldReasons();
  readonly counters = {
    kept: 0,
    delivered: 0,
    lostRecords: 0,
    lostBytes: 0,
    rejected: 0,
    expired: 0,
    /** Records of the log that were damaged. */
    damaged: 0,
    poisoned: 0,
    /** Writes that could not be stored on disk. */
    notStored: 0,
    /** Statements that this backend executed. */
    changes: 0,
    /** Statements that it will not execute, although another one did. */
    changesFailed: 0,
    /** Statements that the others executed, and this backend is never sent: it speaks the 2.x API. */
    changesSkipped: 0,
  };
  /** Records that were lost, by why. */
  readonly lostFor: Record<LossReason | "damaged", number> = {
    "buffer-full": 0,
    "too-old": 0,
    "no-buffer": 0,
    "not-stored": 0,
    dropped: 0,
    damaged: 0,
  };
  /** Stores what has changed. */
  #storing: Timer | undefined;
  #closed = false;
  #heldChanged = false;

  constructor(options: HandoffOptions) {
    this.#options = options;
    this.lost.restore(options.facts.get(RANGES), "lost");
    this.suspect.restore(options.facts.get(RANGES), "suspect");
    this.heldReasons.restore(options.facts.get(HELD));
  }

  get hasDeadLetters(): boolean {
    return this.#options.deadLetters !== undefined;
  }

  delivered(records: number): void {
    this.counters.delivered += records;
  }

  /** A record, or several that were joined, are dropped: counted, logged, and their range remembered. */
  lose(record: Payload, reason: LossReason, records = 1): void {
    const { log, backend } = this.#options;
    this.counters.lostRecords += records;
    this.lostFor[reason] += records;
    this.counters.lostBytes += record.body.byteLength;
    this.#remember(this.lost, record);
    const fields = {
      backend,
      reason,
      lostRecords: this.counters.lostRecords,
      next: "the backend lacks this range until it is repaired; see lost in /status",
    };
    log.throttled("error", "write-lost", fields, `write-lost ${backend}`);
  }

  /** Records of the log cannot be read: what they were is not known. */
  damaged(records: number): void {
    const { log, backend } = this.#options;
    this.counters.damaged += records;
    this.counters.lostRecords += records;
    this.lostFor.damaged += records;
    if (this.lost.addUnknown()) this.#storeLater();
    const next = "what they were is not known: the backend lacks something until it is compared and repaired";
    log.throttled("error", "spool-damaged", { backend, records, next }, `spool-damaged ${backend}`);
  }

  /** The backend has no such database, and its replicas do: it lacks all that is in it. */
  lacksDatabase(db: string): void {
    const { log, backend } = this.#options;
    if (!this.lost.addUnknown(db)) return;
    this.#storeLater();
    const next = "it gets no queries for this database until it has what its replicas have";
    log.warn("database-missing", { backend, db, next });
  }

  /** Databases that it may lack as a whole. */
  lackedDatabases(): string[] {
    return this.lost.list().flatMap(({ db, rp }) => (rp === "*" && db !== "*" ? [db] : []));
  }

  /** A write could not be stored on disk. */
  notStored(error: SpoolError): void {
    const { log, backend } = this.#options;
    this.counters.notStored++;
    const next = "clients are told 503 until the disk works again";
    log.throttled(
      "error",
      "spool-failed",
      { backend, error: error.message, next },
      `spool-failed ${backend}`,
    );
  }

  /**
   * The backend refuses what another one stored. A write that is only older than its retention policy allows is
   * expected, and counted.
   */
  diverged(write: Payload, reply: Reply): void {
    const { log, backend, deadLetters } = this.#options;
    if (isExpired(reply)) {
      this.counters.expired++;
      return;
    }
    this.counters.rejected++;
    this.#remember(this.suspect, write);
    deadLetters?.add(write, { reason: "rejected", status: reply.status, error: reply.influxError ?? "" });
    const fields = {
      backend,
      db: write.destination.db,
      status: reply.status,
      error: reply.influxError ?? "",
      next: "the backend differs from its replicas in this range; see suspect in /status",
    };
    log.throttled("warn", "write-rejected-by-one", fields, `write-rejected ${backend}`);
  }

  /** The backend takes others, but answers this one with an error of its own for too long. */
  poisoned(write: Payload, reply: Reply): void {
    const { log, backend, deadLetters } = this.#options;
    this.counters.poisoned++;
    this.#remember(this.suspect, write);
    const error = reply.influxError ?? "";
    deadLetters?.add(write, { reason: "poison", status: reply.status, error });
    const next = "it is among the dead letters: replay it once the cause is gone";
    const fields = { backend, db: write.destination.db, status: reply.status, error, next };
    log.throttled("error", "write-poisonous", fields, `write-poisonous ${backend}`);
  }

  /**
   * The backend will not execute what another one executed. `reply` is what it said. `isStorable`: it may become a dead
   * letter. `told` is called when that is stored, or why it cannot be.
   */
  changeFailed(change: Change, reply: Reply, isStorable: boolean, told: (error?: SpoolError) => void): void {
    const { log, backend, deadLetters } = this.#options;
    this.counters.changesFailed++;
    this.doubtAll(change.scope);
    // An error of InfluxDB quotes the statement.
    const error = change.hasPassword ? "" : wordsOf(reply);
    const verdict = { reason: "rejected", status: reply.status, error } as const;
    if (isStorable && deadLetters !== undefined) deadLetters.addChange(change, verdict, told);
    else told();
    const next = "the backend differs from its replicas: see its dead letters, and suspect in /status";
    const fields = { backend, db: change.scope?.join(" ") ?? "*", status: reply.status, error, next };
    log.throttled("error", "change-failed", fields, `change-failed ${backend}`);
  }

  /** A change is dropped: its databases may differ from those of the replicas at all times. */
  loseChange(change: Change, reason: LossReason): void {
    const { log, backend } = this.#options;
    this.counters.lostRecords++;
    this.lostFor[reason]++;
    this.counters.lostBytes += change.text.length;
    this.#addAll(this.lost, change.scope);
    const { lostRecords } = this.counters;
    const next = "the backend lacks a statement until it is repaired; see lost in /status";
    log.throttled("error", "change-lost", { backend, reason, lostRecords, next }, `change-lost ${backend}`);
  }

  /** The backend may differ anywhere in these databases. */
  doubtAll(scope: Change["scope"]): void {
    this.#addAll(this.suspect, scope);
  }

  #addAll(ranges: TimeRanges, scope: Change["scope"]): void {
    for (const db of scope ?? [undefined]) if (ranges.addUnknown(db)) this.#storeLater();
  }

  /** Something is kept for a destination that the backend is not ready for: a person has to do something. */
  alarm({ destination: { db, rp } }: Payload, reply: Reply): void {
    const { log, backend, clock } = this.#options;
    const { status } = reply;
    const error = wordsOf(reply);
    // That it is down meanwhile does not tell what a person has to do.
    const tells = reply.kind === "not-ready";
    if (tells && this.heldReasons.add({ db, rp, status, error, atMs: clock.now() })) {
      this.#heldChanged = true;
      this.#storeLater();
    }
    const fields = {
      backend,
      db,
      rp,
      status,
      error,
      next: "the writes are kept and tried again; create what is missing there or correct the credentials",
    };
    log.throttled("error", "destination-held", fields, `held ${backend} ${db} ${rp}`);
  }

  /** The backend may have taken an older copy of this write at an unknown moment. */
  doubt(write: Payload): void {
    this.#remember(this.suspect, write);
  }

  /** Writes may be overtaken by older ones after a crash, because the disk did not store how far they were. */
  unsettled(destinations: Iterable<string>): void {
    for (const key of destinations) {
      const [db, rp] = key.split("\0");
      if (this.suspect.addUnknown(db, rp)) this.#storeLater();
    }
  }

  /**
   * The backend has what its replicas have in these ranges: forgets them, but for those that something was added to since
   * the revisions. Resolves with how many it forgot, once that is stored. Rejects with a SpoolError.
   */
  async repaired(
    ranges: readonly TimeRange[],
    since: { readonly lost: number; readonly suspect: number },
  ): Promise<number> {
    const { lost, suspect } = this;
    const forgotten = ranges.filter((range) => {
      const wasLost = lost.remove(range, since.lost);
      return suspect.remove(range, since.suspect) || wasLost;
    });
    if (forgotten.length > 0) await this.#storeRanges();
    return forgotten.length;
  }

  /** Stores everything for the last time. */
  close(): Promise<void> {
    this.#closed = true;
    this.#storing?.cancel();
    return this.store();
  }

  /** Resolves when the ranges, and why something is held, are stored, or cannot be. */
  async store(): Promise<void> {
    const { facts, backend, log } = this.#options;
    try {
      if (this.#heldChanged) {
        this.#heldChanged = false;
        await facts.set(HELD, this.heldReasons.toJSON());
      }
      await this.#storeRanges();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const next = "a restart would forget what this backend lacks";
      log.throttled("error", "ranges-not-stored", { backend, error: message, next }, `ranges ${backend}`);
    }
  }

  #storeRanges(): Promise<void> {
    const ranges = { lost: this.lost.toJSON(), suspect: this.suspect.toJSON() };
    return this.#options.facts.set(RANGES, ranges);
  }

  #storeLater(): void {
    if (this.#closed) return;
    this.#storing ??= this.#options.clock.after(STORE_AFTER_MS, () => {
      this.#storing = undefined;
      void this.store();
    });
  }

  #remember(ranges: TimeRanges, { destination, body }: Payload): void {
    const span = timeRange(body, destination.precision);
    if (span !== undefined && ranges.add(destination.db, destination.rp, span)) this.#storeLater();
  }
}
