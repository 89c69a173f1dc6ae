import type { SpoolError } from "../errors.ts";
import type { Clock, Timer } from "../platform.ts";
import type { Reply, Write } from "../writer.ts";
import { type DirectRequest, toSpoolError } from "./direct-delivery.ts";
import type { DirectKnown } from "./direct-known.ts";
import type { Keeper, KeeperSession } from "./keeper.ts";
import { isTaken, unanswered } from "./outcome.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";

interface SessionHost {
  readonly platform: { readonly clock: Clock };
  readonly known: DirectKnown;
  readonly counters: { kept: number };
  diverged(write: Write, reply: Reply, request: DirectRequest): void;
  notStored(error: SpoolError): void;
}

/** A request lives no longer than 30 s after its answer: then it is cut off. */
const OVER_AFTER_MS = 25_000;

/** One write that waits for its turn at a backend's keeper, behind what is kept there. */
export class DirectSession implements Acceptance {
  readonly behind = true;
  readonly #backend: SessionHost;
  readonly #request: DirectRequest;
  readonly #write: Write;
  readonly #observer: ReplyObserver;
  readonly #index: number;
  readonly #session: KeeperSession;
  readonly #askedAt: number;
  /** What the fan-out decided, once the keeper knows. */
  readonly #decided = Promise.withResolvers<Promise<void>>();
  /** The keeper's answer need not be waited for any longer. */
  readonly #over = Promise.withResolvers<boolean>();
  readonly #timer: Timer;
  #placing: Promise<void> | undefined;
  #hasDecided = false;
  #told = false;

  constructor(
    backend: SessionHost,
    request: DirectRequest & { readonly keeper: Keeper },
    write: Write,
    observer: ReplyObserver,
    index: number,
  ) {
    this.#backend = backend;
    this.#request = request;
    this.#write = write;
    this.#observer = observer;
    this.#index = index;
    this.#askedAt = backend.platform.clock.monotonic();
    this.#session = request.keeper.accept(write);
    this.#timer = backend.platform.clock.after(OVER_AFTER_MS, () => this.expire());
  }

  /** Its turn need not be waited for: whether it is kept is decided all the same. */
  expire(): void {
    this.#tell(unanswered("timeout"));
    this.#over.resolve(false);
  }

  place(): void {
    this.#placing ??= this.#tellWhenKept(this.#session.place());
  }

  keep(): void {
    if (this.#hasDecided) return;
    this.#hasDecided = true;
    this.#backend.counters.kept++;
    const kept = this.#session.keep();
    this.#placing ??= this.#tellWhenKept(kept);
    // If it does not arrive, the session is closed without a decision, which comes to the same.
    this.#decided.resolve(
      kept.then(
        () => this.#kept(),
        () => undefined,
      ),
    );
  }

  /** At these levels a client whose write is kept waits for nobody else. */
  #kept(): void {
    const { consistency } = this.#write;
    if (consistency === "one" || consistency === "any") this.#over.resolve(false);
  }

  drop(): void {
    if (this.#hasDecided) return;
    this.#hasDecided = true;
    this.#decided.resolve(this.#session.drop().catch(() => undefined));
  }

  diverged(reply: Reply): void {
    this.#backend.diverged(this.#write, reply, this.#request);
  }

  /** Resolves when nothing more is to be done. Never rejects. */
  async run(): Promise<void> {
    const taken = await Promise.race([this.#answer(), this.#over.promise]);
    if (!taken) await this.#decided.promise;
    await this.#placing;
    this.#timer.cancel();
    await this.#session.close().catch(() => undefined);
  }

  async #answer(): Promise<boolean> {
    try {
      const { reply, state } = await this.#session.answered();
      this.#backend.known.learn(state, this.#askedAt);
      this.#tell(reply);
      return isTaken(reply);
    } catch {
      this.#tell(unanswered("closed"));
      return false;
    }
  }

  /** Only the first answer counts. */
  #tell(reply: Reply): void {
    if (this.#told) return;
    this.#told = true;
    this.#observer.answered(this.#index, reply);
  }

  async #tellWhenKept(kept: Promise<void>): Promise<void> {
    try {
      await kept;
      this.#observer.kept(this.#index, undefined);
    } catch (cause) {
      const error = toSpoolError(cause);
      this.#backend.notStored(error);
      this.#observer.kept(this.#index, error);
    }
  }
}
