import type { Timer } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import type { Destination, Reply } from "../writer.ts";
import { backoffMs } from "./backoff.ts";
import type { Result } from "./client.ts";
import type { Entry } from "./entry.ts";
import { Joiner } from "./joiner.ts";
import type { LaneContext } from "./lane-context.ts";
import { unanswered } from "./outcome.ts";
import { EntryQueue } from "./queue.ts";

/**
 * After a request whose outcome is unknown the backend may still be working on it for as long as its own write
 * timeout, 10 s in InfluxDB. Sent again earlier, an old value could land after a newer one.
 */
const SETTLE_MS = 10_000;

/** Bytes of writes somebody waits for that may be in one lane; who comes beyond it is told at once to come later. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

const CROWDED = errorReply(503, "too many bytes wait for this database: try again later");
const CLOSED = unanswered("closed");

/** Entries that were not taken, until all of them were decided about. */
interface Failure {
  readonly undecided: Set<Entry>;
  readonly reply: Reply;
  /** How long to wait before they are sent again; undefined leaves that to the gate. */
  readonly waitMs: number | undefined;
  kept: boolean;
}

/**
 * The ordered stream of writes for one database and retention policy to one backend: one request in flight, in
 * order of acceptance. What waits meanwhile is joined into the next request. A *held* lane is the same for one
 * destination that the backend is not ready for.
 *
 * What is at the head of the queue is being sent, or failed and waits for its fan-outs to decide about it, or is
 * kept and waits to be sent again. In the last case the lane is stuck: who comes is told so at once, but keeps its
 * place.
 */
export class Lane {
  /** Changes only while the backend learns which policy is the default one. */
  key: string;
  readonly held: boolean;
  readonly #context: LaneContext;
  readonly #queue = new EntryQueue();
  readonly #joiner: Joiner;
  /** Bytes of the entries that nobody has been told about. */
  #waitingBytes = 0;
  #sending = false;
  /** Settled when the last request that was sent has been dealt with. */
  #flight: Promise<void> = Promise.resolve();
  #stopped = false;
  #deferred = false;
  #failure: Failure | undefined;
  #stuck: Reply | undefined;
  #retry: Timer | undefined;
  #attempt = 0;

  constructor(key: string, context: LaneContext, held = false) {
    this.key = key;
    this.#context = context;
    this.held = held;
    this.#joiner = new Joiner(context.apart);
  }

  get depth(): number {
    return this.#queue.list().length;
  }

  /** False when a write would be answered at once because the backend is down: with nothing to say about it. */
  get takes(): boolean {
    return this.#stuck === undefined || this.#stuck.status > 0;
  }

  push(entry: Entry): void {
    this.#enter(entry);
    if (this.#stuck !== undefined) {
      entry.answer(this.#stuck);
      return;
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) entry.answer(CROWDED);
    this.#nextLater();
  }

  answered(entry: Entry): void {
    this.#waitingBytes -= entry.body.byteLength;
  }

  /** Takes over entries of which another lane could not deliver `failed`. */
  adopt(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply): void {
    const first = this.#queue.peek() === undefined;
    for (const entry of entries) this.#enter(entry);
    if (first) {
      this.#failed(
        entries.filter((entry) => failed.has(entry)),
        reply,
        false,
      );
    } else {
      for (const entry of failed) if (entry.decision !== "pending") this.decided(entry);
      if (this.#stuck !== undefined) for (const entry of entries) entry.answer(this.#stuck);
    }
  }

  /** A decision about one of this lane's entries was made. */
  decided(entry: Entry): void {
    if (entry.inFlight) return;
    if (entry.decision === "keep") this.#keep(entry, this.#failure?.reply ?? this.#stuck);
    else entry.gone = true;
    const failure = this.#failure;
    if (failure?.undecided.delete(entry)) {
      if (!entry.gone) failure.kept = true;
      if (failure.undecided.size === 0) this.#judge(failure);
    } else if (entry.gone) {
      this.#restIfEmpty();
    }
  }

  /** The backend answers again: what waited for that is sent. */
  wake(): void {
    if (this.#retry === undefined && this.#failure === undefined) this.#resume();
  }

  /** Sends nothing more, and tells those who wait. Resolves when what is in flight has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#stuck = CLOSED;
    this.#answerAll(CLOSED);
    return this.#flight;
  }

  #enter(entry: Entry): void {
    entry.lane = this;
    this.#queue.push(entry);
    if (!entry.answered) this.#waitingBytes += entry.body.byteLength;
  }

  #resume(): void {
    if (this.#stopped) return;
    this.#stuck = undefined;
    this.#next();
  }

  /** An idle lane waits until the current turn has ended, so that what arrives together goes together. */
  #nextLater(): void {
    if (this.#sending || this.#deferred || this.#failure !== undefined) return;
    this.#deferred = true;
    this.#context.defer(() => {
      this.#deferred = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#sending || this.#failure !== undefined) return;
    if (this.#stopped) this.#answerAll(CLOSED);
    if (this.#stopped || this.#stuck !== undefined) return;
    const head = this.#queue.peek();
    if (head === undefined) {
      this.#context.idle(this);
      return;
    }
    const { gate, maxBatchBytes } = this.#context;
    if (gate.open) this.#send(this.#joiner.take(this.#queue, maxBatchBytes()));
    else if (!head.answered && gate.tryOnce()) this.#send([head]);
    else this.#block(unanswered("down"), undefined);
  }

  #send(entries: readonly Entry[]): void {
    const { client, gate, observed } = this.#context;
    this.#sending = true;
    for (const entry of entries) entry.inFlight = true;
    this.#flight = client()
      .write((entries[0] as Entry).destination, this.#joiner.join(entries))
      .then((result) => {
        observed(result.reply, entries.length);
        // The gate may wake this lane, which must not send anything before the result has been dealt with.
        if (result.reply.status > 0) gate.answered();
        else gate.failed(result.reply.influxError ?? "unknown");
        this.#sending = false;
        for (const entry of entries) entry.inFlight = false;
        this.#sent(entries, result);
      });
  }

  #sent(entries: readonly Entry[], { reply, unknownOutcome }: Result): void {
    const { handoff, hold } = this.#context;
    if (this.#joiner.divide(entries, reply)) {
      for (const entry of entries) if (entry.decision !== "pending") this.decided(entry);
      this.#next();
    } else if (reply.kind === "stored" || reply.kind === "rejected") {
      this.#attempt = 0;
      for (const entry of entries) {
        handoff.finished(entry, reply);
        entry.gone = true;
        entry.answer(reply);
      }
      this.#next();
    } else if (reply.kind === "not-ready" && !this.held) {
      const { destination } = entries[0] as Entry;
      const waiting = this.#queue.take((entry) => sameCredentials(entry.destination, destination));
      this.#joiner.reset();
      for (const entry of waiting) if (!entry.answered) this.answered(entry);
      hold(waiting, new Set(entries), reply);
      this.#next();
    } else {
      if (unknownOutcome) for (const entry of entries) handoff.doubt(entry);
      this.#failed(entries, reply, unknownOutcome);
    }
  }

  /** Entries were not taken this time: their fan-outs hear of it, and decide about them now or later. */
  #failed(entries: readonly Entry[], reply: Reply, unknownOutcome: boolean): void {
    this.#joiner.reset();
    const failure: Failure = {
      undecided: new Set(entries),
      reply,
      waitMs: this.#waitMs(reply, unknownOutcome),
      kept: false,
    };
    this.#failure = failure;
    this.#attempt++;
    for (const entry of entries) {
      if (entry.decision === "pending") entry.answer(reply);
      else {
        entry.answer(reply);
        this.decided(entry);
      }
    }
    if (this.#failure === failure && reply.status === 0) this.#answerAll(reply);
  }

  #waitMs(reply: Reply, unknownOutcome: boolean): number | undefined {
    if (unknownOutcome) return SETTLE_MS;
    if (reply.status === 0) return undefined;
    const { random, maxDelayMs } = this.#context;
    return backoffMs(this.#attempt, maxDelayMs(), random, reply.retryAfter);
  }

  /**
   * All that failed were decided about: go on if all are forgotten, else wait before they are sent again. A backend
   * that did not answer may be back already: then there is nothing to wait for.
   */
  #judge({ kept, reply, waitMs }: Failure): void {
    this.#failure = undefined;
    const wait = kept && (waitMs !== undefined || !this.#context.gate.open);
    if (wait) this.#block(reply, waitMs);
    else this.#next();
  }

  /**
   * Keeps an entry for the backend; without a buffer only as long as the lane moves. What is kept already keeps its
   * place among the oldest, however often it is tried.
   */
  #keep(entry: Entry, failure: Reply | undefined): void {
    const { handoff } = this.#context;
    if (failure !== undefined && !handoff.keeps) {
      handoff.lose(entry, "no-buffer");
      entry.gone = true;
      entry.answer(failure);
      return;
    }
    if (!entry.kept) {
      entry.kept = true;
      handoff.keep(entry);
    }
    if (this.held && !entry.gone && failure !== undefined) handoff.alarm(entry, failure);
  }

  #restIfEmpty(): void {
    if (!this.#sending && this.#failure === undefined && this.#queue.peek() === undefined) {
      this.#context.idle(this);
    }
  }

  #block(reply: Reply, waitMs: number | undefined): void {
    this.#stuck = reply;
    if (waitMs !== undefined && !this.#stopped) {
      this.#retry = this.#context.clock.after(waitMs, () => {
        this.#retry = undefined;
        this.#resume();
      });
    }
    this.#answerAll(reply);
    // Those that were answered may all have been forgotten.
    this.#restIfEmpty();
  }

  #answerAll(reply: Reply): void {
    for (const entry of this.#queue.list()) if (!entry.inFlight) entry.answer(reply);
  }
}

/** Of one lane, and so of one database and policy: entries that a backend refuses for the same reason. */
function sameCredentials(a: Destination, b: Destination): boolean {
  return a.credentials?.authorization === b.credentials?.authorization;
}
