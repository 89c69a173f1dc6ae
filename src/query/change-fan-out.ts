import type { Acceptance, ChangeReplica, ReplyObserver } from "../backend/replica.ts";
import type { SpoolError } from "../errors.ts";
import type { Clock, Timer } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import type { Change, Reply } from "../writer.ts";

interface ChangeFanOutOptions {
  /** In config order, which decides whose answer a client sees. */
  readonly replicas: readonly ChangeReplica[];
  readonly clock: Clock;
  /** True if what a replica lacks is stored on disk. */
  readonly onDisk: boolean;
}

const NOT_SAFE = errorReply(
  503,
  "unable to execute statement: a replica is down or behind, and a statement with a password is not stored for it " +
    "without credentials-key in [spool]; nothing was executed: wait until all replicas are up, or set the key",
);

/**
 * Sends a statement that changes schema or data to every replica of a set. What one of them executed, the others get
 * as well, sooner or later, at the same place among their writes.
 */
export class ChangeFanOut {
  readonly #options: ChangeFanOutOptions;

  constructor(options: ChangeFanOutOptions) {
    this.#options = options;
  }

  /**
   * Never rejects. The reply's body is InfluxDB's of the first replica that executed the statement, or of the first
   * that answered if none did. `signal` ends the waiting before anything is sent, not later.
   */
  post(change: Change, signal: AbortSignal): Promise<Reply> {
    const { replicas, onDisk } = this.#options;
    if (signal.aborted) return Promise.resolve(errorReply(503, "the relay is stopping"));
    const isUnsafe =
      change.hasPassword &&
      onDisk &&
      replicas.some((replica) => !replica.takesChange(change) && !replica.keepsChange(change));
    if (isUnsafe) return Promise.resolve(NOT_SAFE);
    return new Promise((resolve) => new Post(change, this.#options, resolve).start());
  }
}

/** One change on its way to every replica. */
class Post implements ReplyObserver {
  readonly #change: Change;
  readonly #options: ChangeFanOutOptions;
  readonly #acceptances: (Acceptance | undefined)[] = [];
  readonly #replies: (Reply | undefined)[] = [];
  /** For each replica whether it is kept, or why it could not be stored. */
  readonly #kept: (true | SpoolError | undefined)[] = [];
  #resolve: ((reply: Reply) => void) | undefined;
  #timer: Timer | undefined;

  constructor(change: Change, options: ChangeFanOutOptions, resolve: (reply: Reply) => void) {
    this.#change = change;
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { replicas, clock } = this.#options;
    // Unlike a write it is not stored before another replica has executed it: after a crash it would be executed
    // although all refused it.
    replicas.forEach((replica, i) => {
      this.#acceptances[i] = replica.acceptChange(this.#change, this, i);
    });
    this.#decide();
    if (this.#resolve !== undefined) {
      this.#timer = clock.after(this.#change.timeoutMs, () => this.#expire());
    }
  }

  answered(replica: number, reply: Reply): void {
    this.#replies[replica] = reply;
    this.#decide();
  }

  kept(replica: number, error: SpoolError | undefined): void {
    this.#kept[replica] = error ?? true;
    this.#judge();
  }

  get #hasAllAnswers(): boolean {
    return this.#options.replicas.every((_, i) => this.#replies[i] !== undefined);
  }

  get #executed(): Reply | undefined {
    return this.#replies.find((reply) => reply?.kind === "stored");
  }

  /** Whoever lacks it gets it later if another one executed it. Until all have answered that may still happen. */
  #decide(): void {
    // Not before all have it.
    if (this.#acceptances.length < this.#options.replicas.length) return;
    const executed = this.#executed !== undefined;
    const all = this.#hasAllAnswers;
    this.#acceptances.forEach((acceptance, i) => {
      if (acceptance === undefined) return;
      const kind = this.#replies[i]?.kind;
      if (kind === "stored") this.#acceptances[i] = undefined;
      else if (kind === "rejected") {
        if (!all) return;
        this.#acceptances[i] = undefined;
        if (executed) acceptance.diverged(this.#replies[i] as Reply);
      } else if (executed) {
        if (kind !== undefined) this.#acceptances[i] = undefined;
        acceptance.keep();
      } else if (all) {
        this.#acceptances[i] = undefined;
        acceptance.drop();
      }
    });
    this.#judge();
  }

  /** Is it time to tell the client? */
  #judge(): void {
    if (this.#resolve === undefined || !this.#hasAllAnswers) return;
    const executed = this.#executed;
    if (executed === undefined) {
      this.#tell(this.#failed());
      return;
    }
    const lacking = this.#options.replicas
      .map((_, i) => i)
      .filter((i) => !isFinal(this.#replies[i]) && this.#kept[i] !== true);
    if (lacking.length === 0) this.#tell(executed);
    const error = lacking.map((i) => this.#kept[i]).find((kept) => kept !== undefined);
    if (error !== undefined && error !== true && lacking.every((i) => this.#kept[i] !== undefined)) {
      const stored = `what a replica lacks could not be stored: ${error.message}`;
      this.#tell(errorReply(503, `statement executed, but ${stored}`));
    }
  }

  /** None executed it: the first answer in the order of the config, as it is. */
  #failed(): Reply {
    const { replicas } = this.#options;
    const answer = this.#replies.find((reply) => reply !== undefined && reply.status > 0);
    if (answer !== undefined)
      return answer.status >= 300 && answer.status < 400 ? { ...answer, status: 502 } : answer;
    const reasons = replicas.map(({ name }, i) => `${name}: ${this.#replies[i]?.influxError}`).join(", ");
    return errorReply(503, `unable to execute statement: no InfluxDB executed it (${reasons})`);
  }

  /** The deadline: what is being sent may still be executed; what only waits for its turn need not wait longer. */
  #expire(): void {
    this.#tell(
      errorReply(503, "timeout: not all replicas answered in time; the statement may still be executed"),
    );
    for (const acceptance of [...this.#acceptances]) acceptance?.expire();
  }

  #tell(reply: Reply): void {
    this.#resolve?.(reply);
    this.#resolve = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function isFinal(reply: Reply | undefined): boolean {
  return reply?.kind === "stored" || reply?.kind === "rejected";
}
