import type { Acceptance, Replica, ReplyObserver } from "../backend/replica.ts";
import type { Clock, Timer } from "../platform.ts";
import type { Consistency, Reply, Write, Writer } from "../writer.ts";
import type { Budget } from "./budget.ts";
import { errorReply, STORED } from "./reply.ts";

interface FanOutOptions {
  /** In config order, which decides whose error a client sees. */
  readonly replicas: readonly Replica[];
  readonly clock: Clock;
  readonly budget: Budget;
  /** A client has its answer within this time, in milliseconds. */
  readonly deadlineMs: number;
}

const CROWDED = errorReply(503, "unable to write points: too many bytes wait for an answer; try again later");

/** Writes to every replica of a set, and tells the client what the replicas together came to. */
export class FanOut implements Writer {
  readonly #options: FanOutOptions;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    const { replicas } = this.#options;
    if (signal.aborted) return Promise.resolve(errorReply(503, "the relay is stopping"));
    const needed = storedNeeded(write.consistency, replicas.length);
    if (write.keep !== "always") {
      const available = countTaking(replicas, write);
      if (available < needed) return Promise.resolve(unreachable(replicas, available, needed));
      if (!this.#options.budget.take(write.body.byteLength)) return Promise.resolve(CROWDED);
    }
    return new Promise((resolve) => new Post(write, needed, this.#options, resolve).start());
  }
}

/** How many replicas must store a write. `any` equals `one` unless a spool that survives a restart counts too. */
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
class Post implements ReplyObserver {
  readonly #write: Write;
  readonly #needed: number;
  readonly #options: FanOutOptions;
  readonly #acceptances: (Acceptance | undefined)[] = [];
  readonly #replies: (Reply | undefined)[] = [];
  #resolve: ((reply: Reply) => void) | undefined;
  #timer: Timer | undefined;
  #answered = 0;
  #stored = 0;
  #rejected = 0;
  #succeeded = false;

  constructor(write: Write, needed: number, options: FanOutOptions, resolve: (reply: Reply) => void) {
    this.#write = write;
    this.#needed = needed;
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { replicas, clock, deadlineMs } = this.#options;
    for (let i = 0; i < replicas.length; i++) {
      this.#acceptances[i] = (replicas[i] as Replica).accept(this.#write, this, i);
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
    if (this.#stored >= this.#needed) this.#tell(STORED);
    else if (reply.kind === "rejected" && this.#stored === 0) this.#tell(reply);
    else if (this.#answered === this.#options.replicas.length) this.#tell(this.#missed());
    this.#decide();
  }

  /** The deadline: what is being sent may still be stored, what only waits for its turn need not wait longer. */
  #expire(): void {
    const counts = `stored by ${this.#stored} replicas in time, ${this.#needed} needed`;
    this.#tell(this.#bestAnswer() ?? errorReply(503, `timeout: ${counts}`));
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
    const taken = this.#stored + this.#rejected;
    const keep = this.#write.hasLines && (this.#succeeded || taken > 0 || this.#write.keep === "always");
    if (keep || all) {
      for (let i = 0; i < this.#acceptances.length; i++) {
        const acceptance = this.#acceptances[i];
        // Let go of: what one replica has may have to be kept for another for a long time.
        this.#acceptances[i] = undefined;
        if (this.#took(i)) continue;
        if (keep) acceptance?.keep();
        else acceptance?.drop();
      }
    }
    if (all && this.#stored > 0 && this.#rejected > 0) this.#diverged();
  }

  #took(replica: number): boolean {
    const kind = this.#replies[replica]?.kind;
    return kind === "stored" || kind === "rejected";
  }

  #diverged(): void {
    const { replicas } = this.#options;
    for (let i = 0; i < replicas.length; i++) {
      const reply = this.#replies[i];
      if (reply?.kind === "rejected") replicas[i]?.diverged(this.#write, reply);
    }
  }
}
