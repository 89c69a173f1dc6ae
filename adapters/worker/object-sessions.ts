import { RpcTarget } from "cloudflare:workers";
import type { KeeperSession, KeeperState, ParkedWrite } from "../../src/backend/keeper.ts";
import { isTaken } from "../../src/backend/outcome.ts";
import type { Acceptance, ReplyObserver } from "../../src/backend/replica.ts";
import type { Clock, Timer } from "../../src/platform.ts";
import type { Reply } from "../../src/writer.ts";

/** No request lives longer: what it says about a write that it parked is not waited for any longer. */
const PARKED_FOR_MS = 60_000;

interface AcceptedOptions {
  readonly accept: (observer: ReplyObserver) => Acceptance;
  readonly state: () => KeeperState;
  readonly onEnd: () => void;
}

/** A request's side of one write that waits for its turn. */
export class AcceptedWrite extends RpcTarget implements Omit<KeeperSession, "close"> {
  readonly #options: AcceptedOptions;
  readonly #acceptance: Acceptance;
  readonly #answered = Promise.withResolvers<Reply>();
  readonly #kept = Promise.withResolvers<void>();
  #decided = false;

  constructor(options: AcceptedOptions) {
    super();
    this.#options = options;
    // Whoever does not wait for it does not hear of it.
    this.#kept.promise.catch(() => undefined);
    this.#acceptance = options.accept({
      answered: (_, reply) => {
        // What was taken before it was stored need not be.
        if (isTaken(reply)) this.#kept.resolve();
        this.#answered.resolve(reply);
      },
      kept: (_, error) => (error === undefined ? this.#kept.resolve() : this.#kept.reject(error)),
    });
  }

  async answered(): Promise<{ reply: Reply; state: KeeperState }> {
    return { reply: await this.#answered.promise, state: this.#options.state() };
  }

  async place(): Promise<void> {
    this.#acceptance.place();
    await this.#kept.promise;
  }

  async keep(): Promise<void> {
    this.#decided = true;
    this.#acceptance.keep();
    await this.#kept.promise;
  }

  async drop(): Promise<void> {
    this.#decided = true;
    this.#acceptance.drop();
  }

  /** The request is over, or was cut off. What another server may have is kept. */
  [Symbol.dispose](): void {
    if (!this.#decided) this.#acceptance.keep();
    this.#options.onEnd();
  }
}

interface ParkedOptions {
  readonly clock: Clock;
  /** Frees its place. */
  readonly done: () => void;
  /** Keeps the write. */
  readonly keep: () => Promise<KeeperState>;
  readonly onEnd: () => void;
}

/** A request's side of one write that is stored while the request sends it itself. */
export class ParkedRecord extends RpcTarget implements ParkedWrite {
  readonly #options: ParkedOptions;
  readonly #timer: Timer;
  #ended = false;

  constructor(options: ParkedOptions) {
    super();
    this.#options = options;
    this.#timer = options.clock.after(PARKED_FOR_MS, () => this[Symbol.dispose]());
  }

  async taken(): Promise<void> {
    if (!this.#end()) return;
    this.#options.done();
    this.#options.onEnd();
  }

  async release(): Promise<KeeperState> {
    this.#end();
    try {
      const state = await this.#options.keep();
      this.#options.done();
      return state;
    } finally {
      this.#options.onEnd();
    }
  }

  /** The request was cut off. If the write cannot be kept now, it is once the object is opened again. */
  [Symbol.dispose](): void {
    if (!this.#ended) this.release().catch(() => undefined);
  }

  /** False if that was known already. */
  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#timer.cancel();
    return true;
  }
}
