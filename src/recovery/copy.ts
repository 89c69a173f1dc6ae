import { backoffMs } from "../backend/backoff.ts";
import { SETTLE_MS } from "../backend/retry-after.ts";
import type { Clock } from "../platform.ts";
import type { Series } from "./answer.ts";
import { ByteBuffer } from "./bytes.ts";
import { ServerError } from "./errors.ts";
import { type LineSeries, lineSeries, writeRow } from "./line-writer.ts";
import type { Row } from "./msgpack.ts";
import { sleep } from "./sleep.ts";
import { type Pair, rowsQuery, type Unit } from "./unit.ts";
import type { Span } from "./windows.ts";

/** Lines of a write: what InfluxDB's makers advise. */
const BATCH_LINES = 5_000;
/** Below InfluxDB's max-body-size, 25 MB, whatever the lines are like. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Batches on their way at a time. */
const MAX_IN_FLIGHT = 3;
const FIRST_BATCH_BYTES = 512 * 1024;
/** A target that is overloaded or away for longer ends the recovery, in milliseconds. */
const PATIENCE_MS = 60_000;
const MAX_BACKOFF_MS = 10_000;
const LF = 0x0a;

/** What was copied of a span. */
export interface Copied {
  readonly points: number;
  readonly bytes: number;
  /** Points older than the target's policy keeps. */
  readonly expired: number;
  /** Points that the target refused, and its first words about it. */
  readonly rejected: number;
  readonly words: string | undefined;
  /** Points of series that line protocol has no words for: they exist only where SELECT INTO made them. */
  readonly unwritable: number;
}

/** What a copy needs of its surroundings. */
export interface CopyPorts {
  readonly clock: Clock;
  random(): number;
  /** Resolves when so much more may be written. */
  pace(points: number, bytes: number, signal: AbortSignal): Promise<void>;
  /** Is told of points as they are stored. */
  progress(points: number, bytes: number): void;
}

/**
 * Copies the rows of a span, lossless, in bounded memory: the source is read no faster than the target takes it.
 * @throws {ServerError} when one of the two fails; what was written until then is there.
 */
export async function copySpan(
  { source, target }: Pair,
  unit: Unit,
  span: Span,
  ports: CopyPorts,
  signal: AbortSignal,
): Promise<Copied> {
  const copy = new Copy({ source, target }, unit, ports, signal);
  try {
    await source.rows(rowsQuery(unit, span), copy, copy.signal, unit.db);
    return await copy.finish();
  } catch (error) {
    await copy.giveUp();
    throw copy.failure ?? error;
  }
}

class Copy {
  readonly signal: AbortSignal;
  /** Why the target could not be written to. */
  failure: unknown;
  readonly #pair: Pair;
  readonly #unit: Unit;
  readonly #ports: CopyPorts;
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  /** Buffers that no batch uses. */
  readonly #spare: ByteBuffer[] = [];
  #batch = new ByteBuffer(FIRST_BATCH_BYTES);
  #lines = 0;
  #full: { readonly batch: ByteBuffer; readonly lines: number }[] = [];
  #reading: LineSeries | undefined;
  #points = 0;
  #bytes = 0;
  #expired = 0;
  #rejected = 0;
  #unwritable = 0;
  #words: string | undefined;

  constructor(pair: Pair, unit: Unit, ports: CopyPorts, signal: AbortSignal) {
    this.#pair = pair;
    this.#unit = unit;
    this.#ports = ports;
    this.signal = AbortSignal.any([signal, this.#abort.signal]);
  }

  series(series: Series): void {
    this.#reading = series.name === this.#unit.measurement ? lineSeries(series) : undefined;
  }

  row(row: Row): void {
    const series = this.#reading;
    if (series === undefined) return;
    if (!series.writable) {
      this.#unwritable++;
      return;
    }
    if (!writeRow(this.#batch, series, row)) return;
    this.#batch.byte(LF);
    this.#lines++;
    if (this.#lines >= BATCH_LINES || this.#batch.length >= BATCH_BYTES) this.#close();
  }

  /** Lets batches go, and the source wait while there are too many of them. */
  wait(): Promise<void> | undefined {
    return this.#full.length === 0 ? undefined : this.#send();
  }

  async finish(): Promise<Copied> {
    if (this.#lines > 0) this.#close();
    await this.#send();
    await Promise.all(this.#inFlight);
    return {
      points: this.#points,
      bytes: this.#bytes,
      expired: this.#expired,
      rejected: this.#rejected,
      words: this.#words,
      unwritable: this.#unwritable,
    };
  }

  /** Resolves when nothing is on its way any more. */
  async giveUp(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#inFlight);
  }

  #close(): void {
    this.#full.push({ batch: this.#batch, lines: this.#lines });
    this.#batch = this.#spare.pop() ?? new ByteBuffer(FIRST_BATCH_BYTES);
    this.#batch.length = 0;
    this.#lines = 0;
  }

  async #send(): Promise<void> {
    for (let next = this.#full.shift(); next !== undefined; next = this.#full.shift()) {
      const { batch, lines } = next;
      while (this.#inFlight.size >= MAX_IN_FLIGHT) await Promise.race(this.#inFlight);
      await this.#ports.pace(lines, batch.length, this.signal);
      this.signal.throwIfAborted();
      const sent = this.#write(batch, lines).catch((error) => {
        this.failure ??= error;
        this.#abort.abort();
        throw error;
      });
      const tracked = sent.finally(() => this.#inFlight.delete(tracked));
      // Whoever waits for it gets the error; if nobody does, `failure` has it.
      tracked.catch(() => {});
      this.#inFlight.add(tracked);
    }
  }

  async #write(batch: ByteBuffer, lines: number): Promise<void> {
    const { clock } = this.#ports;
    const { target } = this.#pair;
    const until = clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      const written = await target.write(this.#unit.db, this.#unit.rp, batch.written());
      const { kind, expired, rejected, words, retryAfter } = written;
      if (kind !== "later") {
        const stored = Math.max(0, lines - expired - rejected);
        this.#points += stored;
        this.#bytes += batch.length;
        this.#expired += expired;
        this.#rejected += rejected;
        if (rejected > 0) this.#words ??= words;
        this.#ports.progress(stored, batch.length);
        this.#spare.push(batch);
        return;
      }
      // Before that time is over an old value could still land after a newer one that the target gets from others.
      if (written.unknownOutcome) await sleep(clock, SETTLE_MS, this.signal);
      if (clock.monotonic() >= until) throw new ServerError(target.name, "unavailable", words);
      await sleep(clock, backoffMs(attempt, MAX_BACKOFF_MS, this.#ports.random, retryAfter), this.signal);
    }
  }
}
