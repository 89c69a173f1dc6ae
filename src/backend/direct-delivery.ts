import { SpoolError } from "../errors.ts";
import type { Histogram } from "../observe/histogram.ts";
import type { Platform, Timer } from "../platform.ts";
import type { OutcomeKind, Reply, Write } from "../writer.ts";
import { backoffMs } from "./backoff.ts";
import type { BackendClient } from "./client.ts";
import type { DirectKnown } from "./direct-known.ts";
import type { Keeper, ParkedWrite } from "./keeper.ts";
import { isTaken, unanswered } from "./outcome.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";

/**
 * For so long a write that a backend lacks is tried again, in milliseconds. A Worker may work for 30 s after its
 * answer and is then cut off without a word: the rest is for the last try.
 */
const RETRY_FOR_MS = 25_000;

/** Asks the runtime to go on with a request until the promise is settled, although it was answered. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** What belongs to one request, and must not be used by others. */
export interface DirectRequest {
  readonly waitUntil: WaitUntil;
  /** Absent where writes are kept in memory only. */
  readonly keeper?: Keeper;
}

/** Why a write was given up. */
export type LossReason = "no-time" | "cut-off" | "buffer-full" | "no-buffer";

/** The backend that a write is delivered to. */
export interface DirectHost {
  readonly client: BackendClient;
  readonly platform: Platform;
  readonly maxDelayMs: number;
  readonly counters: { kept: number; delivered: number };
  readonly requests: Record<OutcomeKind, number>;
  readonly requestSeconds: Histogram;
  readonly known: DirectKnown;
  /** Counts a write in that is to be tried again; tells why it cannot be. */
  hold(write: Write): LossReason | undefined;
  release(write: Write): void;
  lost(write: Write, reason: LossReason, last: Reply): void;
  diverged(write: Write, reply: Reply, request: DirectRequest): void;
  notStored(error: SpoolError): void;
}

/** One write on its way to one backend, sent at once. */
export class DirectDelivery implements Acceptance {
  readonly #backend: DirectHost;
  readonly #write: Write;
  readonly #observer: ReplyObserver;
  readonly #index: number;
  readonly #request: DirectRequest;
  /** What the fan-out decided: true to keep the write for the backend. */
  readonly #decided = Promise.withResolvers<boolean>();
  readonly #timeIsUp = Promise.withResolvers<undefined>();
  #deadline: Timer | undefined;
  #answered = false;
  /** Undefined, later, if it could not be parked. */
  #parked: Promise<ParkedWrite | undefined> | undefined;

  constructor(
    backend: DirectHost,
    request: DirectRequest,
    write: Write,
    observer: ReplyObserver,
    index: number,
  ) {
    this.#backend = backend;
    this.#request = request;
    this.#write = write;
    this.#observer = observer;
    this.#index = index;
  }

  /** It is being sent already, and nothing comes before it. */
  readonly behind = false;
  expire(): void {}
  place(): void {}

  diverged(reply: Reply): void {
    this.#backend.diverged(this.#write, reply, this.#request);
  }

  keep(): void {
    if (this.#deadline !== undefined) return;
    const { clock } = this.#backend.platform;
    this.#deadline = clock.after(RETRY_FOR_MS, () => this.#timeIsUp.resolve(undefined));
    this.#decided.resolve(true);
    const { keeper } = this.#request;
    // In memory it is kept as well as it can be.
    if (keeper === undefined) this.#observer.kept(this.#index, undefined);
    else if (!this.#answered) this.#parked = this.#park(keeper);
  }

  drop(): void {
    this.#decided.resolve(false);
  }

  /** Resolves when nothing more is to be done: the backend took the write, it is kept, or given up. Never rejects. */
  async run(): Promise<void> {
    const reply = await this.#firstTry();
    if (isTaken(reply)) await this.#unpark();
    else if (await this.#decided.promise) {
      const { keeper } = this.#request;
      const kept = keeper !== undefined && (await this.#keepThere(keeper));
      if (!kept) await this.#retry(reply);
    }
    this.#deadline?.cancel();
  }

  /** A backend that does not answer for as long as a request may live has not answered. */
  async #firstTry(): Promise<Reply> {
    const answered = this.#post().then((reply) => {
      this.#answered = true;
      this.#observer.answered(this.#index, reply);
      return reply;
    });
    return (await Promise.race([answered, this.#timeIsUp.promise])) ?? unanswered("timeout");
  }

  /** The backend may still take it: it is stored, but the keeper does not send it yet. */
  async #park(keeper: Keeper): Promise<ParkedWrite | undefined> {
    try {
      const parked = await keeper.park(this.#write);
      this.#observer.kept(this.#index, undefined);
      return parked;
    } catch (error) {
      this.#notKept(error);
      return undefined;
    }
  }

  /** If the keeper does not hear of it, the backend gets the write twice, which is the same to it. */
  async #unpark(): Promise<void> {
    const parked = await this.#parked;
    await parked?.taken().catch(() => undefined);
  }

  /** True if the keeper has the write now. */
  async #keepThere(keeper: Keeper): Promise<boolean> {
    const askedAt = this.#backend.platform.clock.monotonic();
    try {
      if (this.#parked === undefined) {
        this.#backend.known.learn(await keeper.keep(this.#write), askedAt);
        this.#observer.kept(this.#index, undefined);
      } else {
        const parked = await this.#parked;
        if (parked === undefined) return false;
        this.#backend.known.learn(await parked.release(), askedAt);
      }
      this.#backend.counters.kept++;
      return true;
    } catch (error) {
      // What is parked is kept all the same.
      if (this.#parked !== undefined) return true;
      this.#notKept(error);
      return false;
    }
  }

  #notKept(cause: unknown): void {
    const error = toSpoolError(cause);
    this.#backend.notStored(error);
    this.#observer.kept(this.#index, error);
  }

  async #retry(first: Reply): Promise<void> {
    const backend = this.#backend;
    const refusal = backend.hold(this.#write);
    if (refusal !== undefined) return backend.lost(this.#write, refusal, first);
    const reply = await this.#tryAgain(first);
    backend.release(this.#write);
    if (reply.kind === "stored") backend.counters.delivered++;
    else if (reply.kind === "rejected") backend.diverged(this.#write, reply, this.#request);
    else backend.lost(this.#write, "no-time", reply);
  }

  /** Resolves with the answer that says that it was taken, or with the last one when the time is up. */
  async #tryAgain(first: Reply): Promise<Reply> {
    const { maxDelayMs, platform } = this.#backend;
    let last = first;
    for (let attempt = 0; ; attempt++) {
      const waitMs = backoffMs(attempt, maxDelayMs, platform.random, last.retryAfter);
      if (await this.#timeIsUpWithin(waitMs)) return last;
      const reply = await Promise.race([this.#post(), this.#timeIsUp.promise]);
      if (reply === undefined) return last;
      if (isTaken(reply)) return reply;
      last = reply;
    }
  }

  /** Waits so many milliseconds, or until the time is up and then resolves with true. */
  #timeIsUpWithin(ms: number): Promise<boolean> {
    const waited = Promise.withResolvers<boolean>();
    this.#backend.platform.clock.after(ms, () => waited.resolve(false));
    return Promise.race([waited.promise, this.#timeIsUp.promise.then(() => true)]);
  }

  async #post(): Promise<Reply> {
    const { client, requests, requestSeconds, platform } = this.#backend;
    const since = platform.clock.monotonic();
    const { reply } = await client.write(this.#write.destination, [this.#write.body]);
    requests[reply.kind]++;
    requestSeconds.observe((platform.clock.monotonic() - since) / 1_000);
    return reply;
  }
}

/** A keeper's failure, which may come from its storage or from the way to it. */
export function toSpoolError(cause: unknown): SpoolError {
  if (cause instanceof SpoolError) return cause;
  return new SpoolError("io", cause instanceof Error ? cause.message : String(cause), { cause });
}
