import type { SpoolError } from "../errors.ts";
import type { Scope } from "../spool/statement.ts";
import { errorReply } from "../write/reply.ts";
import type { Change, Reply } from "../writer.ts";
import { overlaps } from "./backlog-changes.ts";
import { Barrier, type BarrierOwner } from "./barrier.ts";
import { ChangeDelivery, type DeliveryOptions } from "./change-delivery.ts";
import { EarlierChanges } from "./earlier-changes.ts";
import type { LossReason } from "./handoff.ts";
import type { LaneChangesOwner, OrderedLane } from "./lane-changes.ts";
import { unanswered } from "./outcome.ts";
import type { Pauses } from "./pauses.ts";
import { RefusedChange } from "./refused-change.ts";
import type { Acceptance, ReplyObserver } from "./replica.ts";
import { Settling } from "./settling.ts";
import { Waiters } from "./waiters.ts";

/** Changes that may wait for one backend; one more is lost if the backend does not take it at once. */
const MAX_PENDING = 10_000;
/** The same for the bytes of their texts. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
/** One that takes longer keeps writes behind it waiting so long that they are stored at once, in milliseconds. */
const SLOW_MS = 100;

const BEHIND = unanswered("behind");
const PAUSED = unanswered("paused");
const CLOSED = unanswered("closed");
const CROWDED = errorReply(503, "too many statements wait for this replica: try again later");
/** It can be sent as soon as what comes before it is done, which is under way. */
const WAIT = Symbol("wait");

/** The lanes over one log, and that log. */
export interface ChangeSide {
  readonly volatile: boolean;
  /** True if nothing is kept for a backend that does not take it. */
  readonly keepsNothing: boolean;
  /** The place that the next record of the log gets. */
  readonly next: number;
  /** So long nothing that was in the log when it was opened may be sent, in milliseconds. */
  readonly settleMs: number;
  /** True if all lanes are known that have records below this place, or any if it is undefined. */
  isKnown(place: number | undefined): boolean;
  lanesOf(scope: Scope): Iterable<OrderedLane>;
  heldLanesOf(scope: Scope): Iterable<OrderedLane>;
  append(barrier: Barrier, stored: (error?: SpoolError) => void): number;
  /** Its record is not needed any more. */
  release(barrier: Barrier): void;
  /** True if changes were done and that is not durable. */
  readonly anyUnsettled: boolean;
  /** The same of some databases. */
  isUnsettled(scope: Scope): boolean;
  /** Makes durable how far everything is; false if that failed. */
  commit(): Promise<boolean>;
  /** What was done is taken as durable; gives the databases of the changes among it. */
  settled(): readonly Scope[];
}

interface ChangesOptions extends Omit<DeliveryOptions, "owner"> {
  readonly pauses: Pauses;
  defer(run: () => void): void;
  /** True if the text may be written to disk; without a disk always. */
  isStorable(change: Change): boolean;
}

/**
 * The changes on their way to one backend, each at its place in the order of all lanes of its databases. Changes that
 * share a database are executed one after the other, others at the same time.
 */
export class Changes implements BarrierOwner, LaneChangesOwner {
  readonly pending: Barrier[] = [];
  readonly #options: ChangesOptions;
  /** The lanes that go through the backend's log, and those that do not if there is a disk. */
  #sides: readonly ChangeSide[] = [];
  /** What a change waits for. */
  readonly #witnesses = new Map<OrderedLane, Barrier>();
  readonly #delivery: ChangeDelivery;
  readonly #waiters = new Waiters<{ readonly db: string; readonly through: number }>(
    ({ db, through }) => !this.pending.some((barrier) => barrier.number <= through && barrier.covers(db)),
  );
  readonly #settling: Settling;
  /** What a change waits for whose databases these are. */
  #settlingFor: Scope[] = [];
  #bytes = 0;
  #scheduled = false;
  #stopped = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#delivery = new ChangeDelivery({ ...options, owner: this });
    this.#settling = new Settling({
      clock: options.clock,
      commit: () => this.#main.commit(),
      onSettled: (durable) => {
        for (const scope of durable ? [] : this.#settlingFor) options.handoff.doubtAll(scope);
        if (!durable) this.giveUpSettling();
        this.#settlingFor = [];
        this.schedule();
      },
    });
  }

  /** Before anything is accepted. */
  connect(sides: readonly ChangeSide[]): void {
    this.#sides = sides;
  }

  get #main(): ChangeSide {
    return this.#sides[0] as ChangeSide;
  }

  /** Puts a change into its place. */
  accept(change: Change, number: number, observer: ReplyObserver, index: number): Acceptance {
    if (this.#stopped || !this.#hasRoom(change)) {
      observer.answered(index, this.#stopped ? CLOSED : CROWDED);
      return new RefusedChange(() => {
        this.#options.handoff.loseChange(change, "buffer-full");
        observer.kept(index, undefined);
      });
    }
    const barrier = new Barrier(change, this, number, observer, index);
    this.pending.push(barrier);
    this.#bytes += change.text.length;
    this.#judgeAll();
    return barrier;
  }

  /** A change that was found in the log. */
  found(change: Change, record: number): Barrier {
    const barrier = new Barrier(change, this, 0);
    barrier.decision = "keep";
    barrier.record = record;
    barrier.marks[0] = record;
    // All that is in the other log came later.
    barrier.marks[1] = 0;
    // Those of the log come before all that were accepted since it was opened.
    const at = this.pending.findIndex(({ number }) => number > 0);
    this.pending.splice(at < 0 ? this.pending.length : at, 0, barrier);
    this.#bytes += change.text.length;
    this.schedule();
    return barrier;
  }

  /** True if a change accepted now could be sent soon. */
  takes({ scope }: Change): boolean {
    if (this.#stopped || !this.#options.gate.mayTry || this.#options.pauses.within(scope)) return false;
    if (this.pending.some((barrier) => barrier.stuck !== undefined && overlaps(barrier.change.scope, scope)))
      return false;
    return this.#sides.every((side) => {
      if (!side.isKnown(undefined)) return false;
      for (const lane of side.lanesOf(scope)) if (lane.stalled) return false;
      return true;
    });
  }

  /** How many wait that concern a database. */
  pendingFor(db: string): number {
    return this.pending.filter((barrier) => barrier.covers(db)).length;
  }

  passed(db: string, through: number, signal: AbortSignal): Promise<void> {
    return this.#waiters.until({ db, through }, signal);
  }

  /** Resolves when none of a database is in flight. */
  async landed(db: string): Promise<void> {
    await this.#delivery.landed((barrier) => barrier.covers(db));
  }

  get busy(): boolean {
    return this.pending.some(({ inFlight, stuck }) => inFlight || stuck === undefined);
  }

  /** True while a request is in flight. */
  get sending(): boolean {
    return this.#delivery.sending;
  }

  /** What must reach the backend and is in no log. */
  get unlogged(): { readonly records: number; readonly bytes: number } {
    const unlogged = this.pending.filter(
      ({ record, decision }) => record === undefined && decision === "keep",
    );
    return {
      records: unlogged.length,
      bytes: unlogged.reduce((sum, { change }) => sum + change.text.length, 0),
    };
  }

  /** Gives up those that are in no log and that match, but for what is being sent. */
  dropUnlogged(matches: (change: Change) => boolean): number {
    const dropped = this.pending.filter(
      ({ record, decision, inFlight, change }) =>
        record === undefined && decision === "keep" && !inFlight && matches(change),
    );
    for (const barrier of dropped) this.lose(barrier, "dropped");
    return dropped.length;
  }

  /** One is given up before it was sent. */
  lose(barrier: Barrier, reason: LossReason): void {
    this.#options.handoff.loseChange(barrier.change, reason);
    barrier.decision = "drop";
    this.leave(barrier);
    barrier.answer(unanswered("evicted"));
  }

  /** Looks, at the end of the turn, which can be sent now. */
  schedule(): void {
    if (this.#scheduled || this.pending.length === 0) return;
    this.#scheduled = true;
    this.#options.defer(() => {
      this.#scheduled = false;
      this.#judgeAll();
    });
  }

  progressed(lane: OrderedLane): void {
    if (this.#witnesses.has(lane)) this.schedule();
  }

  isSlow({ stuck, inFlight, sentAtMs }: Barrier): boolean {
    return stuck !== undefined || (inFlight && this.#options.clock.monotonic() - sentAtMs > SLOW_MS);
  }

  get anyUnsettled(): boolean {
    return this.#main.anyUnsettled;
  }

  isUnsettled(db: string): boolean {
    return this.#main.isUnsettled([db]);
  }

  commit(): Promise<boolean> {
    return this.#main.commit();
  }

  giveUpSettling(): void {
    for (const scope of this.#main.settled()) this.#options.handoff.doubtAll(scope);
  }

  place(barrier: Barrier): void {
    if (barrier.gone || barrier.marks[0] !== undefined) return;
    if (this.#options.isStorable(barrier.change)) this.mark(barrier, 0);
  }

  mark(barrier: Barrier, side: 0 | 1): void {
    const { scope } = barrier.change;
    for (const earlier of [...this.pending]) {
      if (earlier === barrier) break;
      if (earlier.marks[side] === undefined && overlaps(earlier.change.scope, scope))
        this.mark(earlier, side);
    }
    const lanes = this.#sides[side] as ChangeSide;
    for (const lane of lanes.lanesOf(scope)) lane.placeThrough(barrier.number);
    const isLogged = side === 0 && this.#options.isStorable(barrier.change);
    barrier.marks[side] = isLogged ? this.#append(barrier) : lanes.next;
  }

  #append(barrier: Barrier): number {
    const main = this.#main;
    const place = main.append(barrier, (error) => {
      if (error === undefined) {
        barrier.stored();
        return;
      }
      this.#options.handoff.notStored(error);
      // It stays in memory, at its place.
      main.release(barrier);
      barrier.record = undefined;
      barrier.stored(error);
    });
    if (main.volatile) barrier.stored();
    return place;
  }

  decided(barrier: Barrier): void {
    const { handoff } = this.#options;
    const keeps = barrier.decision === "keep";
    if (barrier.gone) {
      // It was executed meanwhile: nothing of it needs to be kept.
      if (keeps) barrier.stored();
      return;
    }
    if (barrier.inFlight) {
      if (keeps && !this.#main.volatile) this.#store(barrier);
      return;
    }
    if (!keeps) {
      this.leave(barrier);
      return;
    }
    const failed = barrier.failure;
    if (failed?.reply.kind === "not-ready") {
      this.diverged(barrier, failed.reply, (error) => barrier.stored(error));
      this.leave(barrier);
    } else if (this.#main.keepsNothing && barrier.answered && barrier.stuck !== PAUSED) {
      handoff.loseChange(barrier.change, "no-buffer");
      this.leave(barrier);
      barrier.stored();
    } else {
      this.#store(barrier);
      this.#retry(barrier);
    }
  }

  #store(barrier: Barrier): void {
    if (this.#options.isStorable(barrier.change)) this.place(barrier);
    // In memory it is as safe as it can be.
    else barrier.stored();
  }

  /** Those lanes of these databases that wait for the backend to be ready. */
  *#heldLanesOf(scope: Scope): Generator<OrderedLane> {
    for (const side of this.#sides) yield* side.heldLanesOf(scope);
  }

  diverged({ change }: Barrier, reply: Reply, told: (error?: SpoolError) => void = () => {}): void {
    const { handoff, isStorable } = this.#options;
    handoff.changeFailed(change, reply, isStorable(change), told);
  }

  /** The backend answers again, a pause has ended, or there is more to send. */
  wake(): void {
    this.schedule();
  }

  /** Sends nothing more, and tells those who wait. Resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#settling.stop();
    for (const barrier of [...this.pending]) {
      barrier.retry?.cancel();
      barrier.stuck = CLOSED;
      if (!barrier.inFlight) barrier.answer(CLOSED);
    }
    this.#waiters.end();
    await this.#delivery.landed(() => true);
  }

  #hasRoom({ text }: Change): boolean {
    return this.pending.length < MAX_PENDING && this.#bytes + text.length <= MAX_PENDING_BYTES;
  }

  /** Sends those that nothing comes before, and tells those who wait for one that cannot be sent soon. */
  #judgeAll(): void {
    if (this.#stopped) return;
    const earlier = new EarlierChanges();
    for (const barrier of [...this.pending]) {
      const { scope } = barrier.change;
      const behind = earlier.before(scope);
      earlier.add(barrier);
      if (barrier.gone || barrier.inFlight) continue;
      const obstacle = behind === undefined ? this.#obstacle(barrier) : (behind.stuck ?? WAIT);
      if (obstacle === undefined) this.#begin(barrier);
      else if (obstacle === WAIT) barrier.stuck = undefined;
      else this.stick(barrier, obstacle);
    }
  }

  /** Why a change cannot be sent now, although no other one comes before it. */
  #obstacle(barrier: Barrier): Reply | typeof WAIT | undefined {
    if (barrier.failure !== undefined) return BEHIND;
    const { scope } = barrier.change;
    if (this.#options.pauses.within(scope)) return PAUSED;
    for (const [i, side] of this.#sides.entries()) {
      if (!side.isKnown(barrier.marks[i])) return BEHIND;
      for (const lane of side.lanesOf(scope)) {
        if (lane.sending || lane.hasBefore(barrier)) return this.#waitFor(lane, barrier);
      }
      for (const lane of side.heldLanesOf(scope)) if (lane.sending) return this.#waitFor(lane, barrier);
    }
    return undefined;
  }

  #waitFor(lane: OrderedLane, barrier: Barrier): Reply | typeof WAIT {
    this.#witnesses.set(lane, barrier);
    return lane.stalled ? BEHIND : WAIT;
  }

  #begin(barrier: Barrier): void {
    const { clock, gate } = this.#options;
    const { scope } = barrier.change;
    const settleMs = barrier.number === 0 ? this.#main.settleMs : 0;
    if (settleMs > 0) {
      barrier.retry ??= clock.after(settleMs, () => {
        barrier.retry = undefined;
        this.schedule();
      });
      this.stick(barrier, BEHIND);
    } else if (this.#settlingFor.some((other) => overlaps(other, scope))) {
      return;
    } else if (this.#needsSettling(barrier)) {
      for (const lane of this.#main.lanesOf(scope)) lane.unsettled = false;
      for (const lane of this.#main.heldLanesOf(scope)) lane.unsettled = false;
      this.#settlingFor.push(scope);
      if (!this.#settling.active) this.#settling.start();
    } else if (barrier.doubt === "storing") {
      return;
    } else if (barrier.doubt === undefined && this.#overtakesHeld(barrier)) {
      // Before it is sent: after a crash nobody else would know.
      barrier.doubt = "storing";
      void this.#options.handoff.store().then(() => {
        barrier.doubt = "stored";
        this.schedule();
      });
    } else if (gate.open || (!barrier.answered && gate.tryOnce())) this.#delivery.send(barrier);
    else this.stick(barrier, unanswered("down"));
  }

  /** What is held is sent after it, although it was accepted before: true if there is any, whose databases are suspect now. */
  #overtakesHeld({ change: { text, scope } }: Barrier): boolean {
    if (/^\s*create\b/i.test(text)) return false;
    const held = new Set<string>();
    for (const lane of this.#heldLanesOf(scope)) if (lane.pending > 0) held.add(lane.db);
    if (held.size > 0) this.#options.handoff.doubtAll([...held]);
    return held.size > 0;
  }

  /**
   * What was in a log and is done would be sent again after a crash, and so after the change, unless the change is
   * behind it in the same log.
   */
  #needsSettling({ record, change: { scope } }: Barrier): boolean {
    for (const lane of this.#main.heldLanesOf(scope)) if (lane.unsettled) return true;
    if (record !== undefined) return false;
    for (const lane of this.#main.lanesOf(scope)) if (lane.unsettled) return true;
    return this.#main.isUnsettled(scope);
  }

  /** It cannot be sent soon. */
  stick(barrier: Barrier, reply: Reply): void {
    const isNew = barrier.stuck === undefined;
    barrier.stuck = reply;
    barrier.answer(reply);
    // The lanes tell those who wait behind it.
    if (isNew && !barrier.gone) this.#wakeBehind(barrier);
  }

  /** Lanes that have nothing before it wait for it. */
  #wakeBehind(barrier: Barrier): void {
    const { scope } = barrier.change;
    for (const side of this.#sides) {
      for (const lane of [...side.lanesOf(scope)]) if (!lane.hasBefore(barrier)) lane.wake();
      for (const lane of [...side.heldLanesOf(scope)]) lane.wake();
    }
  }

  /** It must reach the backend: it is sent again after a while, or when the backend answers again. */
  #retry(barrier: Barrier): void {
    const { clock, gate } = this.#options;
    const { failure } = barrier;
    if (failure === undefined || barrier.retry !== undefined || this.#stopped) return;
    const again = () => {
      barrier.retry = undefined;
      barrier.failure = undefined;
      this.schedule();
    };
    if (failure.waitMs !== undefined) barrier.retry = clock.after(failure.waitMs, again);
    // The gate tells when it is back; it may be already.
    else if (gate.open) again();
    else barrier.failure = undefined;
  }

  /** It is done, or given up. */
  leave(barrier: Barrier): void {
    if (barrier.gone) return;
    barrier.gone = true;
    barrier.retry?.cancel();
    barrier.retry = undefined;
    this.pending.splice(this.pending.indexOf(barrier), 1);
    this.#bytes -= barrier.change.text.length;
    if (barrier.record !== undefined) this.#main.release(barrier);
    for (const [lane, waiting] of this.#witnesses) if (waiting === barrier) this.#witnesses.delete(lane);
    this.#waiters.check();
    this.#wakeBehind(barrier);
    this.schedule();
  }
}
