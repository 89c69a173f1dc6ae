import type { SpoolError } from "../errors.ts";
import type { Destination, Reply, Write } from "../writer.ts";
import { unanswered } from "./outcome.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";
import type { Ticket } from "./ticket.ts";

/** What is to become of a write that the backend does not take: not known yet, kept for it, or forgotten. */
export type Decision = "pending" | "keep" | "drop";

/** The lane that an entry is in now. */
export interface EntryOwner {
  /** Nothing is sent before it at the moment, or it cannot be sent now. */
  readonly behind: boolean;
  decided(entry: Entry): void;
  /** The fan-out was told about the entry: nobody waits for it any longer. */
  answered(entry: Entry): void;
  /** Puts it into the log, whatever is decided about it later. */
  place(entry: Entry): void;
  /** The fan-out found out that another replica stored what this backend rejected. */
  diverged(entry: Entry, reply: Reply): void;
}

/** Requests that may be spent on finding the bad lines of one rejected write. */
export interface Sift {
  left: number;
}

/** One write in a lane: a place in the order, until the backend took it or it was given up. */
export class Entry implements Acceptance {
  readonly write: Write;
  lane: EntryOwner;
  /** Its turn among all that its backend accepted; 0 if it was read back from the log, and so came before them. */
  number = 0;
  decision: Decision = "pending";
  inFlight = false;
  /** It was in a request before. */
  sent = false;
  /** Where it is in the log, once it is there. */
  ticket: Ticket | undefined;
  /** It could not be put into the log. */
  unstorable = false;
  /** The bodies at the places of its ticket, if there are several. */
  bodies: readonly Uint8Array[] = [];
  /** True once it left the lane for good. */
  gone = false;
  /** Set while it is divided to find out which of its lines are at fault. */
  sift: Sift | undefined;
  #observer: ReplyObserver | undefined;
  readonly #index: number;
  /** Called once it is safe where it is now, or gone. */
  onArrival: (() => void) | undefined;
  /** It was read back from the log. */
  readonly missed: boolean;
  /** The backend's rejection was counted. */
  judged = false;

  constructor(write: Write, lane: EntryOwner, observer?: ReplyObserver, index = 0) {
    this.write = write;
    this.lane = lane;
    this.#observer = observer;
    this.#index = index;
    this.#told = observer === undefined;
    this.missed = this.#told;
  }

  /** True once the fan-out has its answer. */
  #told: boolean;

  get destination(): Destination {
    return this.write.destination;
  }

  get body(): Uint8Array {
    return this.write.body;
  }

  get answered(): boolean {
    return this.#told;
  }

  get behind(): boolean {
    return !this.gone && this.lane.behind;
  }

  /** Tells the fan-out; only the first answer counts. It may decide before this returns. */
  answer(reply: Reply): void {
    if (this.#told) return;
    this.#told = true;
    const observer = this.#observer;
    if (this.ticket?.safe) this.#observer = undefined;
    this.lane.answered(this);
    observer?.answered(this.#index, reply);
  }

  /** Tells the fan-out that the write is in the log, or that it could not be put there. */
  stored(error?: SpoolError): void {
    const observer = this.#observer;
    if (this.#told) this.#observer = undefined;
    observer?.kept(this.#index, error);
  }

  /** It left the lane for good: its places in the log are free. */
  leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.ticket?.release();
    this.arrived();
  }

  /** It is safe where it is now, or gone: where it came from need not keep it. */
  arrived(): void {
    const { onArrival } = this;
    this.onArrival = undefined;
    onArrival?.();
  }

  expire(): void {
    if (!this.inFlight) this.answer(unanswered("timeout"));
  }

  place(): void {
    if (this.ticket === undefined && !this.gone) this.lane.place(this);
  }

  keep(): void {
    if (this.decision !== "pending") return;
    this.decision = "keep";
    // The backend took it after it had told that it would not: nothing of it needs to be kept.
    if (this.gone) this.stored();
    else this.lane.decided(this);
  }

  drop(): void {
    if (this.decision !== "pending" || this.gone) return;
    this.decision = "drop";
    this.lane.decided(this);
  }

  diverged(reply: Reply): void {
    this.lane.diverged(this, reply);
  }

  /** It was dropped to make room. */
  evicted(): void {
    this.decision = "drop";
    this.lane.decided(this);
    this.answer(unanswered("evicted"));
  }
}
