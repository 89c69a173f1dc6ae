import type { Timer } from "../platform.ts";
import type { Change, Reply } from "../writer.ts";
import type { Decision } from "./entry.ts";
import { unanswered } from "./outcome.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";

/** Who has the barriers of a backend. */
export interface BarrierOwner {
  place(barrier: Barrier): void;
  decided(barrier: Barrier): void;
  diverged(barrier: Barrier, reply: Reply): void;
}

/** What a backend answered to a change that it did not take, and how long to wait before it is sent again. */
export interface BarrierFailure {
  readonly reply: Reply;
  /** Undefined leaves that to the gate. */
  readonly waitMs: number | undefined;
}

/**
 * One change on its way to one backend. It is in the order of all lanes of its databases without being in their
 * queues: nothing that was accepted after it is sent there before it is done, and it waits for what comes before it.
 */
export class Barrier implements Acceptance {
  readonly change: Change;
  /** Its turn among all that its backend accepted; 0 if it was found in the log. */
  readonly number: number;
  /**
   * By log: what is in it below this place comes before the change. Undefined: all that is in it does, and what comes
   * after the change is not there yet.
   */
  readonly marks: [number | undefined, number | undefined] = [undefined, undefined];
  /** Its record in the log, once there is one. */
  record: number | undefined;
  decision: Decision = "pending";
  inFlight = false;
  sentAtMs = 0;
  gone = false;
  /** Whether it is durable that what is held, which it overtakes, may differ. */
  doubt: "storing" | "stored" | undefined;
  /** Why it cannot be sent soon. */
  stuck: Reply | undefined;
  failure: BarrierFailure | undefined;
  retry: Timer | undefined;
  /** Since when (monotonic) the backend answers it with errors of its own. */
  failingSinceMs: number | undefined;
  attempt = 0;
  readonly #owner: BarrierOwner;
  readonly #index: number;
  #observer: ReplyObserver | undefined;
  #told: boolean;

  constructor(change: Change, owner: BarrierOwner, number: number, observer?: ReplyObserver, index = 0) {
    this.change = change;
    this.number = number;
    this.#owner = owner;
    this.#observer = observer;
    this.#index = index;
    this.#told = observer === undefined;
  }

  get answered(): boolean {
    return this.#told;
  }

  get isKept(): boolean {
    return this.#told && this.decision === "keep";
  }

  get behind(): boolean {
    return !this.gone && this.stuck !== undefined;
  }

  covers(db: string): boolean {
    const { scope } = this.change;
    return scope === undefined || scope.includes(db);
  }

  /** Tells the fan-out; only the first answer counts. It may decide before this returns. */
  answer(reply: Reply): void {
    if (this.#told) return;
    this.#told = true;
    this.#observer?.answered(this.#index, reply);
  }

  /** Tells the fan-out that it is kept, as safely as it can be, or why it could not be stored. */
  stored(error?: Parameters<ReplyObserver["kept"]>[1]): void {
    const observer = this.#observer;
    if (this.#told) this.#observer = undefined;
    observer?.kept(this.#index, error);
  }

  place(): void {
    if (!this.gone) this.#owner.place(this);
  }

  expire(): void {
    if (!this.inFlight) this.answer(unanswered("timeout"));
  }

  keep(): void {
    if (this.decision !== "pending") return;
    this.decision = "keep";
    this.#owner.decided(this);
  }

  drop(): void {
    if (this.decision !== "pending") return;
    this.decision = "drop";
    this.#owner.decided(this);
  }

  diverged(reply: Reply): void {
    this.#owner.diverged(this, reply);
  }
}
