import type { Log } from "../observe/log.ts";
import type { SpoolRecord, SpoolStore } from "../spool/store.ts";
import { TimeRanges } from "../spool/time-ranges.ts";
import { timeRange } from "../write/points.ts";
import type { Reply } from "../writer.ts";
import { isExpired } from "./outcome.ts";

/** A kept record that can be taken back while nothing is being sent of it. */
export interface Kept extends SpoolRecord {
  readonly inFlight: boolean;
  /** False while a fan-out waits to hear of it. */
  readonly answered: boolean;
  /** The record was dropped: forget it. */
  evicted(): void;
}

type Payload = Pick<SpoolRecord, "destination" | "body">;

/** Why a record left without having been delivered. */
export type LossReason = "buffer-full" | "no-buffer";

interface HandoffOptions {
  readonly backend: string;
  readonly store: SpoolStore<Kept>;
  readonly maxBytes: number;
  readonly log: Log;
}

/** Bound of what waits for a backend that takes writes, when nothing is to be kept for one that does not. */
const UNBUFFERED_BYTES = 64 * 1024 * 1024;

/** A full buffer is filled to this part of its bound after its oldest records were dropped. */
const FILL_AFTER_DROP = 0.99;

/** What one backend lacks: keeps it, bounds it, and remembers where something was lost or may differ. */
export class Handoff {
  readonly #options: HandoffOptions;
  /** Bound of what is kept; 0 keeps nothing. */
  maxBytes: number;
  /** Ranges of writes that were dropped. */
  readonly lost = new TimeRanges();
  /** Ranges in which the backend may differ from its replicas for another reason. */
  readonly suspect = new TimeRanges();
  readonly counters = { kept: 0, delivered: 0, lostRecords: 0, lostBytes: 0, rejected: 0, expired: 0 };

  constructor(options: HandoffOptions) {
    this.#options = options;
    this.maxBytes = options.maxBytes;
  }

  /** False when a write that the backend fails to take is to be dropped. */
  get keeps(): boolean {
    return this.maxBytes > 0;
  }

  get records(): number {
    return this.#options.store.count;
  }

  get bytes(): number {
    return this.#options.store.bytes;
  }

  /** Takes a record over; the oldest ones go when there is no more room. */
  keep(record: Kept): void {
    const { store } = this.#options;
    store.append(record);
    this.counters.kept++;
    const limit = this.keeps ? this.maxBytes : UNBUFFERED_BYTES;
    if (store.bytes > limit) this.#makeRoom(limit);
  }

  /** Drops the oldest records, a little more than must go: looking for the oldest is not free. */
  #makeRoom(limit: number): void {
    const { store } = this.#options;
    for (const oldest of store.records()) {
      if (store.bytes <= limit * FILL_AFTER_DROP) break;
      if (oldest.inFlight) continue;
      this.lose(oldest, "buffer-full");
      oldest.evicted();
    }
  }

  /**
   * The backend stored the record, or will never take it. A rejection of what was kept means that another replica
   * has it: the two have diverged. (Where the fan-out has yet to hear of it, it judges that itself.)
   */
  finished(record: Kept, reply: Reply): void {
    if (!this.#options.store.remove(record.seq)) return;
    if (reply.kind === "stored") this.counters.delivered++;
    else if (record.answered) this.diverged(record, reply);
  }

  /** Drops a record: counted, logged, and its range remembered. */
  lose(record: Kept, reason: LossReason): void {
    const { store, log, backend } = this.#options;
    store.remove(record.seq);
    this.counters.lostRecords++;
    this.counters.lostBytes += record.body.byteLength;
    this.#remember(this.lost, record);
    log.throttled(
      "error",
      "write-lost",
      {
        backend,
        reason,
        lostRecords: this.counters.lostRecords,
        next: "the backend lacks this range until it is repaired; see lost in /status",
      },
      `write-lost ${backend}`,
    );
  }

  /**
   * The backend refuses what another one stored. A write that is only older than its retention policy allows is
   * expected, and counted.
   */
  diverged(write: Payload, reply: Reply): void {
    const { log, backend } = this.#options;
    if (isExpired(reply)) {
      this.counters.expired++;
      return;
    }
    this.counters.rejected++;
    this.#remember(this.suspect, write);
    const fields = {
      backend,
      db: write.destination.db,
      status: reply.status,
      error: reply.influxError ?? "",
      next: "the backend differs from its replicas in this range; see suspect in /status",
    };
    log.throttled("warn", "write-rejected-by-one", fields, `write-rejected ${backend}`);
  }

  /** Something is kept for a destination that the backend is not ready for: a person has to do something. */
  alarm({ destination }: Kept, reply: Reply): void {
    const { log, backend } = this.#options;
    const fields = {
      backend,
      db: destination.db,
      rp: destination.rp,
      status: reply.status,
      error: reply.influxError ?? "",
      next: "the writes are kept and tried again; create what is missing there or correct the credentials",
    };
    log.throttled("error", "destination-held", fields, `held ${backend} ${destination.db} ${destination.rp}`);
  }

  /** The backend may have taken an older copy of this write at an unknown moment. */
  doubt(write: Payload): void {
    this.#remember(this.suspect, write);
  }

  #remember(ranges: TimeRanges, { destination, body }: Payload): void {
    const span = timeRange(body, destination.precision);
    if (span !== undefined) ranges.add(destination.db, destination.rp, span);
  }
}
