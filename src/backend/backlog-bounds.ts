import type { Clock, Timer } from "../platform.ts";
import type { SpoolLog, SpoolRecord } from "../spool/log.ts";
import type { Destination } from "../writer.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import type { Entry } from "./entry.ts";
import type { Handoff, LossReason } from "./handoff.ts";

/** How much may be kept. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** In milliseconds of the relay's running time. */
  readonly maxAgeMs: number;
}

/** The backlog that is bounded. */
export interface BoundBacklog {
  readonly log: SpoolLog;
  readonly volatile: boolean;
  readonly records: number;
  readonly options: {
    readonly clock: Clock;
    readonly limits: () => Limits;
    readonly handoff: Pick<Handoff, "damaged" | "lose" | "store" | "counters">;
  };
  distinctLanes(): Iterable<BacklogLane>;
  isPending(record: SpoolRecord): boolean;
  isTooOld(record: SpoolRecord): boolean;
  lose(record: SpoolRecord, reason: LossReason): void;
  trim(place: number): void;
}

/** A full log is emptied to this part of its bound: dropping one record at a time costs too much. */
const FILL_AFTER_DROP = 0.99;
const CHUNK_BYTES = 1024 * 1024;
const CHECK_AGE_MS = 60_000;

/** Drops the oldest of what is kept when it is too much or too old. */
export class BacklogBounds {
  readonly #backlog: BoundBacklog;
  /** The bound where nothing is to be kept: of what waits for a backend that takes writes. */
  readonly #unbufferedBytes: number;
  #dropping = false;
  /** Everything below is given up, or about to be: nothing may rely on reading it back. */
  floor = 0;
  #age: Timer | undefined;
  #stopped = false;

  constructor(backlog: BoundBacklog, unbufferedBytes: number) {
    this.#backlog = backlog;
    this.#unbufferedBytes = unbufferedBytes;
  }

  /** True when more is kept than this part of what may be. */
  exceeded(part: number): boolean {
    const { log, records, options } = this.#backlog;
    const { maxBytes, maxRecords } = options.limits();
    const bytes = maxBytes > 0 ? maxBytes : this.#unbufferedBytes;
    return log.bytes > bytes * part || records > maxRecords * part;
  }

  makeRoom(): void {
    void this.#drop("buffer-full", () => this.exceeded(FILL_AFTER_DROP));
  }

  /** Looks every minute whether the oldest records are too old. */
  watchAge(): void {
    if (this.#stopped || this.#backlog.volatile) return;
    this.#age = this.#backlog.options.clock.after(CHECK_AGE_MS, () => {
      void this.#dropOld().then(() => this.watchAge());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#age?.cancel();
  }

  async #dropOld(): Promise<void> {
    if (this.#backlog.records === 0) return;
    const behind = this.#backlog.log.oldest();
    if (behind === undefined) return;
    const { records } = await this.#read(behind - 1, behind);
    const last = records.at(-1);
    if (last !== undefined && this.#backlog.isTooOld(last)) {
      let left = 1;
      await this.#drop("too-old", () => left-- > 0);
    }
  }

  async #drop(reason: LossReason, more: () => boolean): Promise<void> {
    if (this.#dropping) return;
    this.#dropping = true;
    const { log } = this.#backlog;
    try {
      for (let to = log.oldest(); to !== undefined && !this.#stopped && more(); to = log.oldest()) {
        const first = log.first;
        await this.#dropBelow(to, reason);
        if (log.first === first) break;
      }
    } finally {
      this.#dropping = false;
    }
  }

  async #dropBelow(to: number, reason: LossReason): Promise<void> {
    const backlog = this.#backlog;
    // What is being sent now stays in memory if that fails while this waits for the disk.
    this.floor = to;
    await this.give(to, reason, () => true);
    // Before the records go, so that nothing that is lost is forgotten.
    await backlog.options.handoff.store();
    for (const lane of backlog.distinctLanes()) lane.skipTo(to);
    backlog.trim(to);
  }

  /** Gives up the records below `to` that match, but for what is being sent just now. Returns how many. */
  async give(
    to: number,
    reason: LossReason,
    matches: (destination: Destination) => boolean,
  ): Promise<number> {
    const backlog = this.#backlog;
    const { handoff } = backlog.options;
    const before = handoff.counters.lostRecords;
    const inMemory = new Map<number, Entry>();
    for (const lane of backlog.distinctLanes()) lane.collectBelow(to, inMemory);
    for (let from = backlog.log.first; from < to; ) {
      const chunk = await this.#read(from, to);
      for (const record of chunk.records) {
        if (!matches(record.destination) || inMemory.has(record.seq)) continue;
        if (backlog.isPending(record)) backlog.lose(record, reason);
      }
      if (chunk.next <= from) break;
      from = chunk.next;
    }
    for (const entry of new Set(inMemory.values())) {
      if (entry.gone || entry.inFlight || !matches(entry.destination)) continue;
      handoff.lose(entry, reason, entry.ticket?.places.length);
      entry.evicted();
    }
    return handoff.counters.lostRecords - before;
  }

  /** Records from `from` on and below `to`. What cannot be read is lost without its range being known. */
  async #read(from: number, to: number) {
    const { log, options } = this.#backlog;
    try {
      const chunk = await log.read(from, CHUNK_BYTES);
      const records = chunk.records.filter(({ seq }) => seq < to);
      return { records, next: Math.min(chunk.next, to) };
    } catch {
      options.handoff.damaged(to - from);
      return { records: [], next: to };
    }
  }
}
