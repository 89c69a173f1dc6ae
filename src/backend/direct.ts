import type { OutputConfig } from "../config/config.ts";
import type { Log } from "../observe/log.ts";
import type { Platform, Timer } from "../platform.ts";
import { timeRange } from "../write/points.ts";
import type { OutcomeKind, Reply, Write } from "../writer.ts";
import { backoffMs } from "./backoff.ts";
import { BackendClient } from "./client.ts";
import { isExpired, unanswered } from "./outcome.ts";
import type { Acceptance, Replica, ReplyObserver } from "./replica.ts";

/**
 * For so long a write that a backend lacks is tried again, in milliseconds. A Worker may work for 30 s after its
 * answer and is then cut off without a word: the rest is for the last try.
 */
const RETRY_FOR_MS = 25_000;
/** What is held for longer belongs to a request that the runtime has cut off. */
const CUT_OFF_AFTER_MS = 60_000;
/** Of one backend's writes that are to be tried again, so many bytes are held: an isolate has 128 MB in all. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Why a write was given up. */
type LossReason = "no-time" | "cut-off" | "buffer-full" | "no-buffer";

/** Asks the runtime to go on with a request until the promise is settled, although it was answered. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** What a backend looks like from outside: names and figures, no addresses and no secrets. */
export interface DirectStatus {
  readonly name: string;
  readonly version: string | undefined;
  /** What is to be tried again. */
  readonly backlog: { readonly records: number; readonly bytes: number };
  readonly requests: Readonly<Record<OutcomeKind, number>>;
  readonly counters: DirectBackend["counters"];
}

/**
 * One InfluxDB server, where a runtime lets requests share no connection, promise or timer: there are no lanes, so
 * no order between requests, nothing is joined, and what the backend lacks is kept no longer than the request lives.
 */
export class DirectBackend {
  readonly name: string;
  readonly client: BackendClient;
  readonly counters = { kept: 0, delivered: 0, lostRecords: 0, lostBytes: 0, rejected: 0, expired: 0 };
  readonly requests: Record<OutcomeKind, number> = {
    stored: 0,
    rejected: 0,
    "not-ready": 0,
    overloaded: 0,
    unreachable: 0,
  };
  readonly platform: Platform;
  readonly maxDelayMs: number;
  readonly #maxHeldBytes: number;
  readonly #log: Log;
  /** What is to be tried again, oldest first, with the (monotonic) time since when. */
  readonly #held = new Map<Write, number>();
  #heldBytes = 0;

  constructor(output: OutputConfig, platform: Platform, log: Log) {
    this.name = output.name;
    this.client = new BackendClient(output, platform);
    this.platform = platform;
    this.maxDelayMs = output.maxDelayIntervalMs;
    this.#maxHeldBytes = Math.min(output.bufferSize, MAX_HELD_BYTES);
    this.#log = log;
  }

  /** The backend as a replica for the writes of one request. */
  replica(waitUntil: WaitUntil): Replica {
    return {
      name: this.name,
      takes: () => true,
      accept: (write, observer, index) => {
        const delivery = new Delivery(this, write, observer, index);
        waitUntil(delivery.run());
        return delivery;
      },
      diverged: (write, reply) => this.diverged(write, reply),
    };
  }

  /** Counts a write in that is to be tried again; tells why it cannot be. */
  hold(write: Write): LossReason | undefined {
    const now = this.platform.clock.monotonic();
    this.#forgetCutOff(now);
    if (this.#maxHeldBytes === 0) return "no-buffer";
    if (this.#heldBytes + write.body.byteLength > this.#maxHeldBytes) return "buffer-full";
    this.counters.kept++;
    this.#held.set(write, now);
    this.#heldBytes += write.body.byteLength;
    return undefined;
  }

  /** Counts it out again. */
  release(write: Write): void {
    if (this.#held.delete(write)) this.#heldBytes -= write.body.byteLength;
  }

  /** A request that uses too much of something ends without a word, and its write with it. */
  #forgetCutOff(now: number): void {
    for (const [write, since] of this.#held) {
      if (now - since < CUT_OFF_AFTER_MS) break;
      this.release(write);
      this.lost(write, "cut-off", unanswered("closed"));
    }
  }

  lost(write: Write, reason: LossReason, last: Reply): void {
    this.counters.lostRecords++;
    this.counters.lostBytes += write.body.byteLength;
    const fields = {
      ...this.#fields(write, last),
      reason,
      bytes: write.body.byteLength,
      lostRecords: this.counters.lostRecords,
      next: "the other replicas have the write, this backend lacks it: copy the range over",
    };
    this.#log.throttled("error", "write-lost", fields, `write-lost ${this.name}`);
  }

  /** The backend refuses what another one stored; only that it is older than its policy allows is expected. */
  diverged(write: Write, reply: Reply): void {
    if (isExpired(reply)) {
      this.counters.expired++;
      return;
    }
    this.counters.rejected++;
    const fields = {
      ...this.#fields(write, reply),
      next: "the backend differs from its replicas in this range",
    };
    this.#log.throttled("warn", "write-rejected-by-one", fields, `write-rejected ${this.name}`);
  }

  status(): DirectStatus {
    const { name, counters, requests } = this;
    return {
      name,
      version: this.client.version?.version,
      backlog: { records: this.#held.size, bytes: this.#heldBytes },
      requests: { ...requests },
      counters: { ...counters },
    };
  }

  #fields({ destination: { db, rp, precision }, body }: Write, { status, influxError }: Reply) {
    const range = timeRange(body, precision);
    return {
      backend: this.name,
      db,
      rp,
      status,
      error: influxError ?? "",
      fromNs: range && String(range.minNs),
      toNs: range && String(range.maxNs),
    };
  }
}

/** One write on its way to one backend. */
class Delivery implements Acceptance {
  readonly #backend: DirectBackend;
  readonly #write: Write;
  readonly #observer: ReplyObserver;
  readonly #index: number;
  /** What the fan-out decided: true to keep the write for the backend. */
  readonly #kept = Promise.withResolvers<boolean>();
  readonly #timeIsUp = Promise.withResolvers<undefined>();
  #deadline: Timer | undefined;

  constructor(backend: DirectBackend, write: Write, observer: ReplyObserver, index: number) {
    this.#backend = backend;
    this.#write = write;
    this.#observer = observer;
    this.#index = index;
  }

  /** It is being sent already. */
  expire(): void {}

  keep(): void {
    const { clock } = this.#backend.platform;
    this.#deadline ??= clock.after(RETRY_FOR_MS, () => this.#timeIsUp.resolve(undefined));
    this.#kept.resolve(true);
  }

  drop(): void {
    this.#kept.resolve(false);
  }

  /** Resolves when nothing more is to be done: the backend took the write, or it is given up. Never rejects. */
  async run(): Promise<void> {
    const reply = await this.#firstTry();
    if (!isTaken(reply) && (await this.#kept.promise)) await this.#retry(reply);
    this.#deadline?.cancel();
  }

  /** A backend that does not answer for as long as a request may live has not answered. */
  async #firstTry(): Promise<Reply> {
    const answered = this.#post().then((reply) => {
      this.#observer.answered(this.#index, reply);
      return reply;
    });
    return (await Promise.race([answered, this.#timeIsUp.promise])) ?? unanswered("timeout");
  }

  async #retry(first: Reply): Promise<void> {
    const backend = this.#backend;
    const refusal = backend.hold(this.#write);
    if (refusal !== undefined) return backend.lost(this.#write, refusal, first);
    const reply = await this.#tryAgain(first);
    backend.release(this.#write);
    if (reply.kind === "stored") backend.counters.delivered++;
    else if (reply.kind === "rejected") backend.diverged(this.#write, reply);
    else backend.lost(this.#write, "no-time", reply);
  }

  /** Resolves with the answer that says that it was taken, or with the last one when the time is up. */
  async #tryAgain(first: Reply): Promise<Reply> {
    const { maxDelayMs, platform } = this.#backend;
    let last = first;
    for (let attempt = 0; ; attempt++) {
      const waitMs = backoffMs(attempt, maxDelayMs, platform.random, last.retryAfter);
      if (await this.#timeIsUpWithin(waitMs)) return last;
      const reply = await Promise.race([this.#post(), this.#timeIsUp.promise]);
      if (reply === undefined) return last;
      if (isTaken(reply)) return reply;
      last = reply;
    }
  }

  /** Waits so many milliseconds, or until the time is up and then resolves with true. */
  #timeIsUpWithin(ms: number): Promise<boolean> {
    const waited = Promise.withResolvers<boolean>();
    this.#backend.platform.clock.after(ms, () => waited.resolve(false));
    return Promise.race([waited.promise, this.#timeIsUp.promise.then(() => true)]);
  }

  async #post(): Promise<Reply> {
    const { client, requests } = this.#backend;
    const { reply } = await client.write(this.#write.destination, [this.#write.body]);
    requests[reply.kind]++;
    return reply;
  }
}

function isTaken({ kind }: Reply): boolean {
  return kind === "stored" || kind === "rejected";
}
