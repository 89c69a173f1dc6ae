import type { Acceptance, Replica, ReplyObserver } from "../backend/replica.ts";
import type { SpoolError } from "../errors.ts";
import type { Clock, Timer } from "../platform.ts";
import type { Consistency, Reply, Write, Writer } from "../writer.ts";
import type { Budget } from "./budget.ts";
import { type Countdown, Countdowns } from "./fan-out-countdown.ts";
import { errorReply, STORED } from "./reply.ts";

interface FanOutOptions {
  /** In config order, which decides whose error a client sees. */
  readonly replicas: readonly Replica[];
  readonly clock: Clock;
  readonly budget: Budget;
  /** A client has its answer within this time, in milliseconds. */
  readonly deadlineMs: number;
  /** Where what a replica lacks is stored safely; absent where it is not, and nobody waits for it. */
  readonly spool?: FanOutSpool;
}

export interface FanOutSpool {
  /** So long the other replicas may take before a write is stored for them, in milliseconds. */
  readonly graceMs: number;
  /** Refuse a write that would cost an older one of a replica that does not take it. */
  readonly refuseWhenFull: boolean;
}

const CROWDED = errorReply(503, "unable to write points: too many bytes wait for an answer; try again later");
const FULL = errorReply(
  503,
  "unable to write points: the spool of a replica that is down is full; nothing was written",
);

/** Writes to every replica of a set, and tells the client what the replicas together came to. */
export class FanOut implements Writer {
  readonly #options: FanOutOptions;
  readonly #graces: Countdowns | undefined;

  constructor(options: FanOutOptions) {
    this.#options = options;
    if (options.spool !== undefined) this.#graces = new Countdowns(options.clock, options.spool.graceMs);
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    const { replicas } = this.#options;
    if (signal.aborted) return Promise.resolve(errorReply(503, "the relay is stopping"));
    const needed = storedNeeded(write.consistency, replicas.length);
    if (write.keep !== "always") {
      const refusal = this.#refusal(write, needed);
      if (refusal !== undefined) return Promise.resolve(refusal);
    }
    return new Promise((resolve) => new Post(write, needed, this.#options, this.#graces, resolve).start());
  }

  /** Why a write cannot succeed, before it is sent anywhere. */
  #refusal(write: Write, needed: number): Reply | undefined {
    const { replicas, spool, budget } = this.#options;
    const available = countTaking(replicas, write);
    const full =
      spool !== undefined && write.hasLines && available < replicas.length && isFull(replicas, write);
    if (available < needed) {
      if (!acceptsSpooled(write, this.#options)) return unreachable(replicas, available, needed);
      if (full) return FULL;
    }
    if (full && spool.refuseWhenFull) return FULL;
    return budget.take(write.body.byteLength) ? undefined : CROWDED;
  }
}

/** How many replicas must store a write. `any` equals `one` unless it is stored safely, which counts too. */
function storedNeeded(consistency: Consistency, replicas: number): number {
  switch (consistency) {
    case "any":
    case "one":
      return 1;
    case "quorum":
      return Math.floor(replicas / 2) + 1;
    case "all":
      // A listener that has left the config may have none left.
      return Math.max(1, replicas);
  }
}

function acceptsSpooled(write: Write, { replicas, spool }: FanOutOptions): boolean {
  if (spool === undefined || write.consistency !== "any" || !write.hasLines) return false;
  return replicas.some((replica) => replica.keepsSafely(write));
}

/** True if a replica that does not take the write has no room to keep it. */
function isFull(replicas: readonly Replica[], write: Write): boolean {
  return replicas.some((replica) => !replica.takes(write) && replica.isFull(write));
}

function countTaking(replicas: readonly Replica[], write: Write): number {
  let taking = 0;
  for (const replica of replicas) if (replica.takes(write)) taking++;
  return taking;
}

function unreachable(replicas: readonly Replica[], available: number, needed: number): Reply {
  const down = `${available} of ${replicas.length} replicas can be reached, ${needed} needed`;
  return errorReply(503, `unable to write points: ${down}; nothing was written`);
}

/** One write on its way to every replica. */
class Post implements ReplyObserver, Countdown {
  readonly #write: Write;
  readonly #needed: number;
  readonly #options: FanOutOptions;
  readonly #graces: Countdowns | undefined;
  readonly #acceptances: (Acceptance | undefined)[] = [];
  readonly #replies: (Reply | undefined)[] = [];
  /** For each replica whether the write is kept for it. */
  readonly #kept: (boolean | undefined)[] = [];
  /** What a client is told where a write could not be stored. */
  #notStored: SpoolError | undefined;
  #resolve: ((reply: Reply) => void) | undefined;
  #timer: Timer | undefined;
  #answered = 0;
  #stored = 0;
  #rejected = 0;
  #succeeded = false;
  /** Replicas that have not answered are given their time. */
  #inGrace = false;
  #graceStarted = false;
  /** It was begun to keep the write: now it is there sooner or later. */
  #isSpooled = false;

  constructor(
    write: Write,
    needed: number,
    options: FanOutOptions,
    graces: Countdowns | undefined,
    resolve: (reply: Reply) => void,
  ) {
    this.#write = write;
    this.#needed = needed;
    this.#options = options;
    this.#graces = graces;
    this.#resolve = resolve;
  }

  start(): void {
    const { replicas, clock, deadlineMs } = this.#options;
    for (let i = 0; i < replicas.length; i++) {
      const acceptance = (replicas[i] as Replica).accept(this.#write, this, i);
      this.#acceptances[i] = acceptance;
      // In parallel to the other replicas, not after them.
      if (this.#graces !== undefined && this.#write.hasLines && acceptance.behind) acceptance.place();
    }
    this.#decide();
    if (this.#resolve !== undefined) {
      this.#timer = clock.after(deadlineMs, () => this.#expire());
    }
  }

  answered(replica: number, reply: Reply): void {
    this.#replies[replica] = reply;
    this.#answered++;
    if (reply.kind === "stored") this.#stored++;
    else if (reply.kind === "rejected") this.#rejected++;
    this.#progress();
    if (this.#answered === this.#options.replicas.length) this.#diverged();
  }

  kept(replica: number, error: SpoolError | undefined): void {
    this.#kept[replica] = error === undefined;
    this.#notStored ??= error;
    if (this.#graces !== undefined && this.#resolve !== undefined) this.#judge();
  }

  ended(): void {
    this.#inGrace = false;
    this.#decide();
  }

  #progress(): void {
    const succeeds = this.#stored >= this.#needed;
    if (succeeds && this.#graces === undefined) this.#tell(STORED);
    else if (this.#rejected > 0 && this.#stored === 0) this.#tell(this.#replies.find(isRejected) as Reply);
    this.#decide();
    if (this.#resolve !== undefined) this.#judge();
  }

  /** Is it time to tell the client? */
  #judge(): void {
    const { replicas } = this.#options;
    const reached = this.#stored >= this.#needed;
    if (!reached && !this.#mayBeSpooled()) {
      if (this.#answered === replicas.length) this.#tell(this.#missed());
      return;
    }
    let waiting = false;
    for (let i = 0; i < replicas.length; i++) {
      if (this.#took(i) || this.#kept[i] === true || !this.#write.hasLines) continue;
      if (this.#kept[i] === undefined) waiting = true;
    }
    if (waiting) return;
    if (this.#notStored !== undefined && this.#kept.some((kept, i) => kept === false && !this.#took(i)))
      this.#tell(notStored(this.#notStored));
    else this.#tell(STORED);
  }

  /** True if it is enough that the write is stored safely, and something else than the write itself is in the way. */
  #mayBeSpooled(): boolean {
    if (!acceptsSpooled(this.#write, this.#options) || this.#stored + this.#rejected > 0) return false;
    if (this.#isSpooled || this.#answered < this.#options.replicas.length) return true;
    return this.#replies.some((reply) => reply?.kind === "unreachable" || reply?.kind === "overloaded");
  }

  /** The deadline: what is being sent may still be stored, what only waits for its turn need not wait longer. */
  #expire(): void {
    const counts = `stored by ${this.#stored} replicas in time, ${this.#needed} needed`;
    const late = this.#stored >= this.#needed ? "what the others lack could not be stored in time" : counts;
    this.#tell(this.#bestAnswer() ?? errorReply(503, `timeout: ${late}`));
    for (const acceptance of this.#acceptances) acceptance?.expire();
  }

  #tell(reply: Reply): void {
    if (this.#resolve === undefined) return;
    this.#succeeded = reply === STORED;
    this.#resolve(reply);
    this.#resolve = undefined;
    if (this.#write.keep !== "always") this.#options.budget.giveBack(this.#write.body.byteLength);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The level was not reached: the answer that helps the client most, in the order of the config. */
  #missed(): Reply {
    if (this.#stored > 0) {
      const counts = `stored by ${this.#stored} replicas, ${this.#needed} needed`;
      return errorReply(503, `unable to write points: ${counts}`);
    }
    const answer = this.#bestAnswer();
    if (answer !== undefined) return answer;
    const reasons = this.#options.replicas.map(({ name }, i) => `${name}: ${this.#replies[i]?.influxError}`);
    return errorReply(503, `unable to write points: no InfluxDB answered (${reasons.join(", ")})`);
  }

  /** Of the answers of backends that did not store the write, the first not ready one, else the first. */
  #bestAnswer(): Reply | undefined {
    if (this.#stored > 0) return undefined;
    const replies = this.#replies.filter((reply) => reply !== undefined);
    const answer =
      replies.find(({ kind }) => kind === "not-ready") ?? replies.find(({ status }) => status > 0);
    return answer !== undefined && answer.status >= 300 && answer.status < 400
      ? { ...answer, status: 502 }
      : answer;
  }

  /** Whoever lacks the write gets it later if the client or another replica believes that it is there. */
  #decide(): void {
    const all = this.#answered === this.#options.replicas.length;
    const keep = this.#write.hasLines && this.#mustReachAll();
    if (keep) this.#startGrace();
    if (!keep && !all) return;
    for (let i = 0; i < this.#acceptances.length; i++) {
      const acceptance = this.#acceptances[i];
      if (acceptance === undefined) continue;
      if (keep && this.#inGrace && this.#mayStillAnswer(i)) continue;
      // Let go of: what one replica has may have to be kept for another for a long time.
      if (this.#replies[i] !== undefined && !isRejected(this.#replies[i])) this.#acceptances[i] = undefined;
      if (this.#took(i)) continue;
      if (keep) acceptance.keep();
      else acceptance.drop();
      this.#isSpooled ||= keep;
    }
  }

  /** True for a replica whose answer, or that of the others together with it, may show that nothing is to be kept. */
  #mayStillAnswer(replica: number): boolean {
    const reply = this.#replies[replica];
    if (reply === undefined) return true;
    if (this.#succeeded || this.#stored + this.#rejected > 0 || this.#write.keep === "always") return false;
    return this.#replies.every((other) => other === undefined || other.kind === "not-ready");
  }

  #mustReachAll(): boolean {
    if (this.#succeeded || this.#stored + this.#rejected > 0 || this.#write.keep === "always") return true;
    return this.#resolve !== undefined && this.#mayBeSpooled();
  }

  #startGrace(): void {
    if (this.#graces === undefined || this.#graceStarted) return;
    this.#graceStarted = true;
    if (this.#answered === this.#options.replicas.length) return;
    this.#inGrace = true;
    this.#graces.start(this);
  }

  #took(replica: number): boolean {
    const kind = this.#replies[replica]?.kind;
    return kind === "stored" || kind === "rejected";
  }

  #diverged(): void {
    for (let i = 0; i < this.#acceptances.length; i++) {
      const acceptance = this.#acceptances[i];
      this.#acceptances[i] = undefined;
      const reply = this.#replies[i];
      if (reply?.kind === "rejected" && this.#stored > 0) acceptance?.diverged(reply);
    }
  }
}

function isRejected(reply: Reply | undefined): boolean {
  return reply?.kind === "rejected";
}

function notStored({ message }: SpoolError): Reply {
  return errorReply(503, `unable to write points: what a replica lacks could not be stored: ${message}`);
}
