import type { Barrier } from "./barrier.ts";
import type { Entry } from "./entry.ts";

/** What the changes of a backend know of a lane. */
export interface OrderedLane {
  readonly db: string;
  /** Its writes wait until the backend is ready for their destination: changes do not wait for them. */
  readonly held: boolean;
  /** The part of it that is in the log only. */
  readonly gap: { readonly next: number } | undefined;
  /** True while a request is in flight. */
  readonly sending: boolean;
  /** It cannot send, or has much to send first. */
  readonly stalled: boolean;
  /** Writes that the backend has not taken. */
  readonly pending: number;
  unsettled: boolean;
  /** True if something is left of what comes before the change. */
  hasBefore(barrier: Barrier): boolean;
  /** Puts all that was accepted up to this number into the log. */
  placeThrough(number: number): void;
  wake(): void;
}

/** The changes that the lanes over one log keep their place to. Costs next to nothing while there are none. */
export class LaneChanges {
  readonly #side: 0 | 1;
  readonly #owner: LaneChangesOwner;

  /** `side` is the index of the log among the marks of a {@link Barrier}. */
  constructor(side: 0 | 1, owner: LaneChangesOwner) {
    this.#side = side;
    this.#owner = owner;
  }

  get any(): boolean {
    return this.#owner.pending.length > 0;
  }

  /** The change that a lane has to wait for before an entry of it, or, if there is none in memory, what is in the log. */
  before(lane: OrderedLane, head: Entry | undefined): Barrier | undefined {
    if (!this.any || (head === undefined && lane.gap === undefined)) return undefined;
    const first = this.#first(lane);
    if (first === undefined) return undefined;
    const waits =
      lane.held ||
      (head === undefined ? this.isBeyond(lane.gap?.next ?? 0, first) : this.isAfter(head, first));
    return waits ? first : undefined;
  }

  /** True if an entry comes after a change. */
  isAfter({ ticket, number }: Entry, barrier: Barrier): boolean {
    if (ticket === undefined) return number > barrier.number;
    const mark = barrier.marks[this.#side];
    return mark !== undefined && ticket.first >= mark;
  }

  /** True if all that a lane has in the log from `next` on comes after a change. */
  isBeyond(next: number, barrier: Barrier): boolean {
    return next >= (barrier.marks[this.#side] ?? Number.POSITIVE_INFINITY);
  }

  /** Below this place of the log a lane may go on. */
  limit(lane: OrderedLane): number {
    if (lane.held) return Number.POSITIVE_INFINITY;
    for (const barrier of this.#owner.pending) {
      const mark = barrier.marks[this.#side];
      if (mark !== undefined && barrier.covers(lane.db)) return mark;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** True if what enters a lane now waits for a change that will not be done soon. */
  delays(lane: OrderedLane): boolean {
    const first = this.any ? this.#first(lane) : undefined;
    return first !== undefined && this.#owner.isSlow(first);
  }

  /** Before an entry is put into the log: the changes that come before it must be there. */
  placeBefore(lane: OrderedLane, entry: Entry): void {
    if (lane.held || !this.any) return;
    for (const barrier of [...this.#owner.pending]) {
      if (barrier.number >= entry.number) return;
      if (barrier.marks[this.#side] === undefined && barrier.covers(lane.db))
        this.#owner.mark(barrier, this.#side);
    }
  }

  /** Something of the lane has left, or it cannot go on. */
  progressed(lane: OrderedLane): void {
    if (this.#owner.pending.length > 0) this.#owner.progressed(lane);
  }

  /** True if an entry must not be sent before it is durable that a change was done. */
  isUnsettled(lane: OrderedLane, entry: Entry): boolean {
    if (!this.#owner.anyUnsettled) return false;
    const isInLog = this.#side === 0 && !lane.held && entry.ticket !== undefined;
    return !isInLog && this.#owner.isUnsettled(lane.db);
  }

  /** Makes durable which changes were done; false if that failed. */
  async commit(lane: OrderedLane): Promise<boolean> {
    return !this.#owner.isUnsettled(lane.db) || (await this.#owner.commit());
  }

  /** It cannot be made durable. */
  giveUpSettling(): void {
    this.#owner.giveUpSettling();
  }

  #first(lane: OrderedLane): Barrier | undefined {
    for (const barrier of this.#owner.pending) if (barrier.covers(lane.db)) return barrier;
    return undefined;
  }
}

/** All changes of a backend. */
export interface LaneChangesOwner {
  /** In order. */
  readonly pending: readonly Barrier[];
  isSlow(barrier: Barrier): boolean;
  mark(barrier: Barrier, side: 0 | 1): void;
  progressed(lane: OrderedLane): void;
  /** True if changes were done and that is not durable. */
  readonly anyUnsettled: boolean;
  isUnsettled(db: string): boolean;
  commit(): Promise<boolean>;
  giveUpSettling(): void;
}
