import { backoffMs } from "../backend/backoff.ts";
import { SETTLE_MS } from "../backend/retry-after.ts";
import type { Clock } from "../platform.ts";
import { countLines, splitLines } from "../write/split.ts";
import { ByteBuffer } from "./bytes.ts";
import { ServerError } from "./errors.ts";
import { type LineSeries, writeRow } from "./line-writer.ts";
import type { Row } from "./msgpack.ts";
import type { Server, Written } from "./server.ts";
import { asked, type Share } from "./share.ts";
import { sleep } from "./sleep.ts";

/** Lines of a write: what InfluxDB's makers advise. */
const BATCH_LINES = 5_000;
/** Where a share of the server's time is taken: a live write waits for the one that it is working on. */
const SHARED_BATCH_LINES = 2_000;
/** Below InfluxDB's max-body-size, 25 MB, whatever the lines are like. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Batches on their way at a time. */
const MAX_IN_FLIGHT = 3;
const FIRST_BATCH_BYTES = 512 * 1024;
/** A target that is overloaded or away for longer ends the recovery, in milliseconds. */
const PATIENCE_MS = 60_000;
const MAX_BACKOFF_MS = 10_000;
const LF = 0x0a;
const NEVER = new AbortController().signal;

/** What was written. */
export interface Stored {
  readonly points: number;
  readonly bytes: number;
  /** Points older than the target's policy keeps. */
  readonly expired: number;
  /** Points that the target refused, and its first words about it. */
  readonly rejected: number;
  readonly words: string | undefined;
}

/** What it needs of its surroundings. */
export interface BatchPorts {
  readonly clock: Clock;
  random(): number;
  /** Of the server's time; all of it unless given. */
  readonly share?: Share | undefined;
  /** Resolves when so much more may be written. */
  pace(points: number, bytes: number, signal: AbortSignal): Promise<void>;
  /** Is told of points as they are stored. */
  progress(points: number, bytes: number): void;
}

/** Writes rows into one database and policy of a server, many at a time, in bounded memory if `ready` is waited for. */
export class BatchWriter {
  /** Aborts when the server cannot be written to any more; the reason says why. */
  readonly signal: AbortSignal;
  readonly #server: Server;
  readonly #db: string;
  readonly #rp: string;
  readonly #ports: BatchPorts;
  readonly #batchLines: number;
  readonly #failure = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  /** Buffers that no batch uses. */
  readonly #spare: ByteBuffer[] = [];
  #batch = new ByteBuffer(FIRST_BATCH_BYTES);
  #lines = 0;
  #full: { readonly batch: ByteBuffer; readonly lines: number }[] = [];
  #sending: Promise<void> | undefined;
  #points = 0;
  #bytes = 0;
  #expired = 0;
  #rejected = 0;
  #words: string | undefined;

  constructor(
    server: Server,
    place: { readonly db: string; readonly rp: string },
    ports: BatchPorts,
    signal: AbortSignal,
  ) {
    this.#server = server;
    this.#db = place.db;
    this.#rp = place.rp;
    this.#ports = ports;
    this.#batchLines = ports.share === undefined ? BATCH_LINES : SHARED_BATCH_LINES;
    this.signal = AbortSignal.any([signal, this.#failure.signal]);
  }

  add(series: LineSeries, row: Row): void {
    if (!writeRow(this.#batch, series, row)) return;
    this.#batch.byte(LF);
    this.#lines++;
    if (this.#lines >= this.#batchLines || this.#batch.length >= BATCH_BYTES) this.#close();
  }

  /** A promise while there are full batches that must wait; whoever adds rows waits for it now and then. */
  ready(): Promise<void> | undefined {
    return this.#full.length === 0 ? undefined : this.#send();
  }

  /**
   * Resolves when everything was written.
   * @throws {ServerError}
   */
  async finish(): Promise<Stored> {
    if (this.#lines > 0) this.#close();
    await this.#send();
    await Promise.all(this.#inFlight);
    this.signal.throwIfAborted();
    return {
      points: this.#points,
      bytes: this.#bytes,
      expired: this.#expired,
      rejected: this.#rejected,
      words: this.#words,
    };
  }

  /** Resolves when nothing is on its way any more. */
  async giveUp(): Promise<void> {
    this.#failure.abort();
    await Promise.allSettled(this.#inFlight);
  }

  #close(): void {
    this.#full.push({ batch: this.#batch, lines: this.#lines });
    this.#batch = this.#spare.pop() ?? new ByteBuffer(FIRST_BATCH_BYTES);
    this.#batch.length = 0;
    this.#lines = 0;
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#full.shift(); next !== undefined; next = this.#full.shift()) {
      const { batch, lines } = next;
      while (this.#inFlight.size >= MAX_IN_FLIGHT) await Promise.race(this.#inFlight);
      await this.#ports.pace(lines, batch.length, this.signal);
      this.signal.throwIfAborted();
      const sent = this.#write(batch, lines).catch((error) => this.#failure.abort(error));
      const tracked = sent.finally(() => this.#inFlight.delete(tracked));
      this.#inFlight.add(tracked);
    }
  }

  async #write(batch: ByteBuffer, lines: number): Promise<void> {
    await this.#post(batch.written(), lines);
    this.#spare.push(batch);
  }

  async #post(body: Uint8Array, lines: number): Promise<void> {
    const { clock, random, share } = this.#ports;
    const until = clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      const written = await asked(share, () => this.#server.write(this.#db, this.#rp, body));
      if (written.kind === "nothing" && lines > 1) return await this.#halves(body);
      if (written.kind !== "later") return this.#done(written, body.length, lines);
      // Before that time is over an old value could still land after a newer one that the server gets from others.
      if (written.unknownOutcome) await sleep(clock, SETTLE_MS, NEVER);
      if (clock.monotonic() >= until) throw new ServerError(this.#server.name, "unavailable", written.words);
      await sleep(clock, backoffMs(attempt, MAX_BACKOFF_MS, random, written.retryAfter), this.signal);
    }
  }

  /** One line must not cost the others: until each is stored or refused alone. */
  async #halves(body: Uint8Array): Promise<void> {
    for (const part of splitLines(body, Math.ceil(body.length / 2))) {
      await this.#post(part, countLines(part));
    }
  }

  #done({ kind, expired, rejected, words }: Written, bytes: number, lines: number): void {
    const refused = kind === "nothing" ? lines : rejected;
    const stored = Math.max(0, lines - expired - refused);
    this.#points += stored;
    this.#bytes += bytes;
    this.#expired += expired;
    this.#rejected += refused;
    if (refused > 0) this.#words ??= words;
    this.#ports.progress(stored, bytes);
  }
}
