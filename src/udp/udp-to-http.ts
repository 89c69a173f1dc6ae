import type { UdpToHttp as UdpToHttpConfig } from "../config/config.ts";
import type { Clock, Timer } from "../platform.ts";
import { type Destination, noOutcomes, type OutcomeKind, type Reply, type Writer } from "../writer.ts";
import { type Arrival, type Dropped, Intake, type IntakeOptions } from "./intake.ts";

/** Datagrams beyond this many bytes without an answer are dropped: a sender of UDP cannot be told to wait. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** A batch is posted at this size in bytes even if it has fewer lines than it may have. */
const MAX_BATCH_BYTES = 1024 * 1024;
/** Of the words in which InfluxDB rejects a batch, this many characters are logged. */
const MAX_LOGGED_WORDS = 300;

const LF = 0x0a;

export interface UdpToHttpOptions extends IntakeOptions {
  readonly to: UdpToHttpConfig;
  readonly writer: Writer;
  /** Ends the waiting for answers. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** At any time `received` is `forwarded` plus `waiting` plus the sum of `dropped`. */
export interface UdpToHttpStats {
  /** Datagrams. */
  readonly received: number;
  /** Datagrams whose batch was answered, whatever the answer. */
  readonly forwarded: number;
  /** Datagrams that are being collected or whose batch has no answer yet. */
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly dropped: Dropped;
  /** Lines taken in. */
  readonly lines: number;
  /** Batches by what their answer means. */
  readonly batches: Readonly<Record<OutcomeKind, number>>;
}

export interface UdpToHttp {
  onDatagram(bytes: Uint8Array): void;
  /** Posts what was collected so far, at once. */
  flush(): void;
  stats(): UdpToHttpStats;
  /** Posts what was collected and waits for the answers. */
  stop(): Promise<void>;
}

/**
 * Collects datagrams into batches and writes them, as influxd's own UDP service does: a batch is posted when it has
 * `batchSize` lines or is `batchTimeoutMs` old. Batches do not wait for each other's answers; the writer keeps them
 * in order. A sender of UDP cannot send again, so what a backend lacks is always kept for it.
 */
export function createUdpToHttp(options: UdpToHttpOptions): UdpToHttp {
  return new Batcher(options);
}

interface BatchSize {
  readonly datagrams: number;
  readonly lines: number;
  readonly bytes: number;
}

class Batcher implements UdpToHttp {
  readonly #options: UdpToHttpOptions;
  readonly #intake: Intake;
  readonly #destination: Destination;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #batches: Record<OutcomeKind, number> = noOutcomes();
  #batch: Uint8Array[] = [];
  #batchLines = 0;
  #batchBytes = 0;
  #timer: Timer | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #forwarded = 0;
  #lines = 0;
  #stopped = false;

  constructor(options: UdpToHttpOptions) {
    this.#options = options;
    this.#intake = new Intake(options);
    this.#destination = {
      db: options.to.database,
      rp: options.to.retentionPolicy,
      precision: options.precision,
      credentials: undefined,
    };
  }

  onDatagram(bytes: Uint8Array): void {
    const arrival = this.#intake.take(bytes);
    if (arrival === undefined) return;
    if (this.#stopped) this.#intake.drop("stopped");
    else if (this.#waitingBytes + arrival.body.byteLength > MAX_WAITING_BYTES)
      this.#intake.drop("queue-full");
    else this.#collect(arrival);
  }

  flush(): void {
    this.#flush(true);
  }

  #flush(closed: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#batch.length === 0) return;
    const posted = this.#post(join(this.#batch, this.#batchBytes), closed, {
      datagrams: this.#batch.length,
      lines: this.#batchLines,
      bytes: this.#batchBytes,
    });
    this.#batch = [];
    this.#batchLines = 0;
    this.#batchBytes = 0;
    this.#inFlight.add(posted);
    void posted.finally(() => this.#inFlight.delete(posted));
  }

  stats(): UdpToHttpStats {
    return {
      received: this.#intake.received,
      forwarded: this.#forwarded,
      waiting: this.#waiting,
      waitingBytes: this.#waitingBytes,
      dropped: this.#intake.dropped(),
      lines: this.#lines,
      batches: { ...this.#batches },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.flush();
    await Promise.all(this.#inFlight);
  }

  #collect({ body, lines, closed }: Arrival): void {
    const { clock, to } = this.#options;
    // What is not closed goes alone, behind what came before it.
    if (!closed || this.#batchBytes + body.byteLength > MAX_BATCH_BYTES) this.flush();
    this.#batch.push(body);
    this.#batchLines += lines;
    this.#batchBytes += body.byteLength;
    this.#lines += lines;
    this.#waiting++;
    this.#waitingBytes += body.byteLength;
    if (!closed || this.#batchLines >= to.batchSize) this.#flush(closed);
    else this.#timer ??= clock.after(to.batchTimeoutMs, () => this.flush());
  }

  async #post(body: Uint8Array, closed: boolean, { datagrams, lines, bytes }: BatchSize): Promise<void> {
    const { writer, signal, name } = this.#options;
    const reply = await writer.post(
      {
        destination: this.#destination,
        body,
        lines,
        hasLines: true,
        closed,
        source: name,
        keep: "always",
        consistency: "one",
      },
      signal,
    );
    this.#waiting -= datagrams;
    this.#waitingBytes -= bytes;
    this.#forwarded += datagrams;
    this.#batches[reply.kind]++;
    if (reply.kind !== "stored") this.#report(reply);
  }

  #report(reply: Reply): void {
    const { name, log } = this.#options;
    const event = reply.kind === "rejected" ? "udp-batch-rejected" : "udp-batch-not-stored";
    const words = reply.influxError ?? new TextDecoder().decode(reply.body.subarray(0, 4 * MAX_LOGGED_WORDS));
    log.throttled(
      "warn",
      event,
      { listener: name, kind: reply.kind, status: reply.status, error: words.slice(0, MAX_LOGGED_WORDS) },
      `${event} ${name}`,
    );
  }
}

/** One body of all, each beginning on a line of its own. `bytes` is their length without newlines in between. */
function join(bodies: readonly Uint8Array[], bytes: number): Uint8Array {
  if (bodies.length === 1) return bodies[0] as Uint8Array;
  const joined = new Uint8Array(bytes + bodies.length);
  let at = 0;
  for (const body of bodies) {
    if (at > 0 && joined[at - 1] !== LF) joined[at++] = LF;
    joined.set(body, at);
    at += body.byteLength;
  }
  return joined.subarray(0, at);
}
