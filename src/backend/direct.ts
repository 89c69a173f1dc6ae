import type { OutputConfig } from "../config/config.ts";
import type { SpoolError } from "../errors.ts";
import type { BackendFigures } from "../observe/figures.ts";
import { Histogram, REQUEST_SECONDS } from "../observe/histogram.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import { timeRange } from "../write/points.ts";
import { noOutcomes, type OutcomeKind, type Reply, type Write } from "../writer.ts";
import { Accepted } from "./accepted.ts";
import { BackendClient } from "./client.ts";
import { DirectDelivery, type DirectHost, type DirectRequest, type LossReason } from "./direct-delivery.ts";
import { DirectKnown } from "./direct-known.ts";
import { DirectSession } from "./direct-session.ts";
import type { Keeper } from "./keeper.ts";
import { isExpired, unanswered } from "./outcome.ts";
import { QueryClient } from "./query-client.ts";
import type { Replica } from "./replica.ts";

/** What is held for longer belongs to a request that the runtime has cut off. */
const CUT_OFF_AFTER_MS = 60_000;
/** Of one backend's writes that are to be tried again, so many bytes are held: an isolate has 128 MB in all. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** What a backend looks like from outside: names and figures, no addresses and no secrets. */
export interface DirectStatus {
  readonly name: string;
  readonly version: string | undefined;
  /** What is to be tried again, and what its keeper said last that it has. */
  readonly backlog: { readonly records: number; readonly bytes: number };
  /** What its keeper said of itself last, if there is one. */
  readonly keeper: object | undefined;
  readonly requests: Readonly<Record<OutcomeKind, number>>;
  readonly counters: DirectBackend["counters"];
}

/** How a backend is just now. */
export interface DirectProbe {
  /** It answers at all, so that writes are worth trying. */
  readonly answers: boolean;
  /** Why it should get no queries, in words; empty if it should. */
  readonly reasons: readonly string[];
}

/**
 * One InfluxDB server, where a runtime lets requests share no connection, promise or timer: there are no lanes, so
 * no order between requests, nothing is joined, and what the backend lacks is kept no longer than the request lives,
 * but for what goes to a keeper.
 */
export class DirectBackend implements DirectHost {
  readonly name: string;
  readonly client: BackendClient;
  readonly queries: QueryClient;
  readonly counters = {
    kept: 0,
    delivered: 0,
    lostRecords: 0,
    lostBytes: 0,
    rejected: 0,
    expired: 0,
    changesSkipped: 0,
    /** Writes that the keeper could not store. */
    notStored: 0,
  };
  readonly requests: Record<OutcomeKind, number> = noOutcomes();
  readonly requestSeconds = new Histogram(REQUEST_SECONDS);
  readonly #accepted = new Accepted();
  readonly #lostFor: Record<LossReason, number> = {
    "no-time": 0,
    "cut-off": 0,
    "buffer-full": 0,
    "no-buffer": 0,
  };
  readonly platform: Platform;
  readonly maxDelayMs: number;
  readonly known: DirectKnown;
  /** Its own credentials are used instead of a client's. */
  readonly #ownCredentials: boolean;
  readonly #maxHeldBytes: number;
  readonly #log: Log;
  /** What is to be tried again, oldest first, with the (monotonic) time since when. */
  readonly #held = new Map<Write, number>();
  #heldBytes = 0;
  #keeperStatus: object | undefined;

  constructor(output: OutputConfig, platform: Platform, log: Log) {
    this.name = output.name;
    this.client = new BackendClient(output, platform);
    this.queries = new QueryClient(output, platform);
    this.platform = platform;
    this.maxDelayMs = output.maxDelayIntervalMs;
    this.#maxHeldBytes = Math.min(output.bufferSize, MAX_HELD_BYTES);
    this.#ownCredentials = output.authorization !== undefined;
    this.#log = log;
    this.known = new DirectKnown(platform.clock, (error) => this.#unasked(error));
  }

  /**
   * The backend as a replica for the writes of one request. What is known of its keeper must be fresh: see `known`.
   * @param storeCredentials whether the keeper may get credentials of clients.
   */
  replica(request: DirectRequest, storeCredentials = false): Replica {
    const { keeper, waitUntil } = request;
    const keepsSafely = ({ destination: { credentials } }: Write) =>
      keeper !== undefined && (credentials === undefined || this.#ownCredentials || storeCredentials);
    const isBehind = (write: Write) => keepsSafely(write) && this.known.isBehind(write);
    return {
      name: this.name,
      takes: (write) => this.known.state.up || !isBehind(write),
      isFull: (write) => keepsSafely(write) && this.known.state.full,
      keepsSafely,
      accept: (write, observer, index) => {
        const own = this.#own(write);
        this.#accepted.add(own);
        const delivery =
          keeper !== undefined && isBehind(write)
            ? new DirectSession(this, { keeper, waitUntil }, own, observer, index)
            : new DirectDelivery(this, keepsSafely(write) ? request : { waitUntil }, own, observer, index);
        waitUntil(delivery.run());
        return delivery;
      },
    };
  }

  /** Asks its keeper for the figures that {@link status} shows; what was known stays if there is no answer. */
  async refreshStatus(keeper: Keeper): Promise<void> {
    const askedAt = this.platform.clock.monotonic();
    try {
      const [status, state] = await Promise.all([keeper.status(), keeper.ask()]);
      this.#keeperStatus = status;
      this.known.learn(state, askedAt);
    } catch (error) {
      this.#unasked(error);
    }
  }

  /**
   * Asks whether it should get queries: what it says now, what its keeper has for it, and what this isolate is to try
   * again.
   */
  async probe(keeper: Keeper | undefined): Promise<DirectProbe> {
    const [status, kept] = await Promise.all([this.client.pingStatus(), keeper && this.known.ask(keeper)]);
    const reasons: string[] = [];
    if (status === 0) reasons.push("down: no answer to ping");
    else if (status < 200 || status >= 300) reasons.push(`down: /ping is answered with ${status}`);
    if (this.#held.size + (kept?.records ?? 0) > 0) reasons.push("behind: something waits for it");
    if (kept?.differs) reasons.push("suspect: it lacks something, or may differ, in ranges of time");
    if (keeper !== undefined && kept === undefined)
      reasons.push("behind: its Durable Object does not say what waits for it");
    return { answers: status > 0, reasons };
  }

  /** With credentials of its own it does not matter whose a write is. */
  #own(write: Write): Write {
    if (!this.#ownCredentials || write.destination.credentials === undefined) return write;
    return { ...write, destination: { ...write.destination, credentials: undefined } };
  }

  #unasked(error: unknown): void {
    const next = "until it answers, writes go to the server at once and may overtake what is kept for it";
    const message = error instanceof Error ? error.message : String(error);
    const fields = { backend: this.name, error: message, next };
    this.#log.throttled("warn", "keeper-unreachable", fields, `keeper-unreachable ${this.name}`);
  }

  notStored(error: SpoolError): void {
    this.counters.notStored++;
    const next = "clients are told 503 if they still wait, and what others stored is tried again for 25 s";
    const fields = { backend: this.name, error: error.message, next };
    this.#log.throttled("error", "spool-failed", fields, `spool-failed ${this.name}`);
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
    this.#lostFor[reason]++;
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

  /**
   * The backend refuses what another one stored; only that it is older than its policy allows is expected. The keeper
   * has a place for such writes, and tells of them.
   */
  diverged(write: Write, reply: Reply, { keeper, waitUntil }: DirectRequest): void {
    if (isExpired(reply)) {
      this.counters.expired++;
      return;
    }
    this.counters.rejected++;
    if (keeper === undefined) this.#tellDiverged(write, reply);
    else waitUntil(keeper.diverged(write, reply).catch(() => this.#tellDiverged(write, reply)));
  }

  #tellDiverged(write: Write, reply: Reply): void {
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
      backlog: {
        records: this.#held.size + this.known.state.records,
        bytes: this.#heldBytes + this.known.state.bytes,
      },
      keeper: this.#keeperStatus,
      requests: { ...requests },
      counters: { ...counters },
    };
  }

  figures(): BackendFigures {
    return {
      name: this.name,
      accepted: this.#accepted.read(),
      requests: { ...this.requests },
      requestSeconds: this.requestSeconds.read(),
      lostFor: { ...this.#lostFor },
      counters: { ...this.counters },
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
