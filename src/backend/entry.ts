import type { Destination, Reply, Write } from "../writer.ts";
import type { Kept } from "./handoff.ts";
import { unanswered } from "./outcome.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";

/** What is to become of a write that the backend does not take: not known yet, kept for it, or forgotten. */
export type Decision = "pending" | "keep" | "drop";

/** The lane that an entry is in now. */
export interface EntryOwner {
  decided(entry: Entry): void;
  /** The fan-out was told about the entry: nobody waits for it any longer. */
  answered(entry: Entry): void;
}

/** One write in a lane: a place in the order, until the backend took it or it was given up. */
export class Entry implements Acceptance, Kept {
  readonly seq: number;
  readonly write: Write;
  lane: EntryOwner;
  decision: Decision = "pending";
  inFlight = false;
  /** True once it was handed over to be kept. */
  kept = false;
  /** True once it left the lane for good. */
  gone = false;
  #observer: ReplyObserver | undefined;
  readonly #index: number;

  constructor(seq: number, write: Write, lane: EntryOwner, observer: ReplyObserver, index: number) {
    this.seq = seq;
    this.write = write;
    this.lane = lane;
    this.#observer = observer;
    this.#index = index;
  }

  get destination(): Destination {
    return this.write.destination;
  }

  get body(): Uint8Array {
    return this.write.body;
  }

  get answered(): boolean {
    return this.#observer === undefined;
  }

  /** Tells the fan-out; only the first answer counts. It may decide before this returns. */
  answer(reply: Reply): void {
    const observer = this.#observer;
    if (observer === undefined) return;
    this.#observer = undefined;
    this.lane.answered(this);
    observer.answered(this.#index, reply);
  }

  expire(): void {
    if (!this.inFlight) this.answer(unanswered("timeout"));
  }

  keep(): void {
    if (this.decision !== "pending" || this.gone) return;
    this.decision = "keep";
    this.lane.decided(this);
  }

  drop(): void {
    if (this.decision !== "pending" || this.gone) return;
    this.decision = "drop";
    this.lane.decided(this);
  }

  evicted(): void {
    this.decision = "drop";
    this.lane.decided(this);
    this.answer(unanswered("evicted"));
  }
}
