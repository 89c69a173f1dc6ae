import type { SpoolError } from "../errors.ts";
import type { Timer } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import type { Reply } from "../writer.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import type { Barrier } from "./barrier.ts";
import type { Result } from "./client.ts";
import { Departures } from "./departures.ts";
import type { Entry } from "./entry.ts";
import { isKept } from "./entry-state.ts";
import type { Failure } from "./failure.ts";
import { Joiner } from "./joiner.ts";
import { Judge } from "./judge.ts";
import type { OrderedLane } from "./lane-changes.ts";
import type { LaneBacklog, LaneContext } from "./lane-context.ts";
import { LaneFlight } from "./lane-flight.ts";
import { LaneMemory } from "./lane-memory.ts";
import { type Gap, LaneQueue } from "./lane-queue.ts";
import { isRefusal, isTaken, unanswered } from "./outcome.ts";
import { retryAfterMs } from "./retry-after.ts";
import { sameCredentials } from "./same-destination.ts";
import { Settling } from "./settling.ts";
import type { Ticket } from "./ticket.ts";
import { Waiters } from "./waiters.ts";

/** Bytes of writes somebody waits for that may be in one lane; who comes beyond it is told at once to come later. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

const CROWDED = errorReply(503, "too many bytes wait for this database: try again later");
const CLOSED = unanswered("closed");
const PAUSED = unanswered("paused");
/** A change comes first that cannot be executed soon. */
const BEHIND = unanswered("behind");

/**
 * The ordered stream of writes for one database and retention policy to one backend: one request in flight, in
 * order of acceptance. What waits meanwhile is joined into the next request. A *held* lane is the same for one
 * destination that the backend is not ready for.
 *
 * What is at the head of the queue is being sent, or failed and waits for its fan-outs to decide about it, or is
 * kept and waits to be sent again. In the last case the lane is stuck: who comes is told so at once, but keeps its
 * place, and what is safe in the log leaves the memory.
 */
export class Lane implements BacklogLane, OrderedLane {
  readonly db: string;
  readonly held: boolean;
  readonly destinations = new Set<string>();
  records = 0;
  unsettled = false;
  readonly #context: LaneContext;
  readonly #backlog: LaneBacklog;
  readonly #queue = new LaneQueue();
  readonly #joiner: Joiner;
  readonly #departures: Departures;
  /** Bytes of the entries that nobody has been told about. */
  #waitingBytes = 0;
  readonly #memory: LaneMemory;
  readonly hasPassed = (through: number): boolean => this.#queue.hasPassed(through);
  readonly #waiters = new Waiters<number>(this.hasPassed);
  readonly #settling: Settling;
  readonly #judge: Judge;
  readonly #flight: LaneFlight;
  #stopped = false;
  #deferred = false;
  #failure: Failure | undefined;
  #stuck: Reply | undefined;
  #retry: Timer | undefined;
  #attempt = 0;
  /** A wait that nobody is told about. */
  #waiting: Timer | undefined;

  constructor(context: LaneContext, backlog: LaneBacklog, db: string, held: boolean) {
    this.#context = context;
    this.#backlog = backlog;
    this.db = db;
    this.#flight = new LaneFlight(context);
    this.held = held;
    this.#joiner = new Joiner(context.apart, !backlog.volatile);
    this.#memory = new LaneMemory(this.#queue, backlog, this, context.changes);
    this.#judge = new Judge(context, this.#memory, this.#joiner);
    this.#departures = new Departures(backlog.volatile, () => {
      this.#restIfEmpty();
      this.#nextLater();
    });
    this.#settling = new Settling({
      clock: context.clock,
      commit: async () => (await backlog.commit()) && context.changes.commit(this),
      onSettled: (durable) => {
        if (!durable) context.handoff.unsettled(this.destinations);
        if (!durable) context.changes.giveUpSettling();
        this.#next();
      },
    });
    this.#queue.gap = backlog.unknownPart();
    if (this.#queue.gap !== undefined) this.#nextLater();
  }

  /** False when a write would be answered at once because the backend is down: with nothing to say about it. */
  get takes(): boolean {
    return this.#stuck === undefined || this.#stuck.status > 0;
  }

  /** True when a write cannot be delivered soon. */
  get behind(): boolean {
    return this.#flight.isSlow || this.stalled || this.#isPaused || this.#context.changes.delays(this);
  }

  get stalled(): boolean {
    return this.#stuck !== undefined || this.#queue.gap !== undefined;
  }

  /** True while something is in flight or waits that would be lost with the process. */
  get busy(): boolean {
    if (this.sending || this.#settling.active) return true;
    if (this.#stuck !== undefined) return false;
    return this.#queue.list().some(({ ticket }) => this.#backlog.volatile || ticket === undefined);
  }

  /** Resolves when the request that is in flight has been dealt with. */
  get landed(): Promise<void> {
    return this.#flight.landed;
  }

  /** True while a request is in flight. */
  get sending(): boolean {
    return this.#flight.sending;
  }

  get gap(): Gap | undefined {
    return this.#queue.gap;
  }

  get firstPlace(): number | undefined {
    return this.#departures.firstPlace(this.#queue.firstPlace);
  }

  get hungry(): boolean {
    const canSend = this.#stuck === undefined && !this.#stopped && !this.#departures.any;
    return canSend && this.#memory.hasRoom && (this.gap?.next ?? 0) < this.limit;
  }

  get limit(): number {
    return this.#context.changes.limit(this);
  }

  /** How many writes the backend has not taken. */
  get pending(): number {
    return this.records + this.#memory.unplaced;
  }

  get loadedBytes(): number {
    return this.#memory.loaded;
  }

  /** Resolves when nothing is left here of what was accepted up to this number, or the signal aborts. */
  passed(through: number, signal: AbortSignal): Promise<void> {
    return this.#waiters.until(through, signal);
  }

  hasBefore(barrier: Barrier): boolean {
    return this.#queue.hasBefore(barrier, this.#context.changes);
  }

  placeThrough(number: number): void {
    this.#memory.placeThrough(number);
  }

  push(entry: Entry): void {
    this.#enter(entry);
    if (this.#stuck !== undefined) {
      entry.answer(this.#stuck);
      return;
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) entry.answer(CROWDED);
    this.#nextLater();
  }

  answered(entry: Entry): void {
    this.#waitingBytes -= entry.body.byteLength;
  }

  /** Takes over entries of which another lane could not deliver `failed`, because of `reply` if it tried. */
  adopt(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply | undefined): void {
    const first = this.#queue.empty;
    for (const entry of entries) {
      entry.unstorable = false;
      this.#enter(entry);
    }
    if (first && reply !== undefined) {
      this.#failed(
        entries.filter((entry) => failed.has(entry)),
        reply,
        false,
      );
    } else {
      if (this.#stuck !== undefined) for (const entry of entries) entry.answer(this.#stuck);
      this.#nextLater();
    }
    const failure = this.#failure?.reply ?? this.#stuck;
    for (const entry of entries) if (entry.decision === "keep" && !entry.gone) this.#keep(entry, failure);
  }

  /** A decision about one of this lane's entries was made. */
  decided(entry: Entry): void {
    if (entry.inFlight) {
      // It may be stored any moment; only a log that survives has to have it until then.
      if (entry.decision === "keep" && !this.#backlog.volatile) this.place(entry);
      return;
    }
    if (entry.decision === "keep") this.#keep(entry, this.#failure?.reply ?? this.#stuck);
    else this.#memory.leave(entry);
    const failure = this.#failure;
    if (failure?.undecided.delete(entry)) {
      if (!entry.gone) failure.kept = true;
      if (failure.undecided.size === 0) this.#decidedAll(failure);
    } else if (entry.gone) {
      this.#restIfEmpty();
    }
  }

  place(entry: Entry): void {
    this.#memory.place(entry);
  }

  stored(entry: Entry, ticket: Ticket, error: SpoolError | undefined): void {
    if (error === undefined) {
      entry.stored();
      entry.arrived();
      if (this.behind || this.#memory.full) this.#shed();
      return;
    }
    const { handoff } = this.#context;
    handoff.notStored(error);
    if (entry.ticket === ticket && !entry.gone) {
      this.#memory.notPlaced(entry);
      // One that came from another log is safe there until it is delivered.
      if (this.#stuck !== undefined && isKept(entry) && entry.onArrival === undefined) {
        handoff.lose(entry, "not-stored");
        this.#memory.leave(entry);
      }
    }
    entry.stored(error);
  }

  diverged(entry: Entry, reply: Reply): void {
    this.#judge.diverged(entry, reply);
  }

  load(entries: readonly Entry[], next: number): void {
    this.#memory.load(entries, next);
    this.#nextLater();
  }

  collectBelow(place: number, entries: Map<number, Entry>): void {
    this.#queue.collectBelow(place, entries);
  }

  skipTo(place: number): void {
    if (this.#queue.skipTo(place)) this.#nextLater();
  }

  /** The backend answers again, or a pause begins or ends: what waited for that is sent, or told. */
  wake(): void {
    if (this.#retry === undefined && this.#failure === undefined) this.#resume();
  }

  /** Sends nothing more, and tells those who wait. Resolves when what is in flight has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#waiting?.cancel();
    this.#settling.stop();
    this.#stuck = CLOSED;
    this.#answerAll(CLOSED);
    this.#waiters.end();
    return this.#flight.landed;
  }

  #enter(entry: Entry): void {
    entry.lane = this;
    this.#memory.enter(entry);
    if (!entry.answered) this.#waitingBytes += entry.body.byteLength;
  }

  get #isPaused(): boolean {
    return this.#context.pauses.hasAny(this.destinations);
  }

  #resume(): void {
    if (this.#stopped) return;
    this.#stuck = undefined;
    this.#next();
  }

  /** An idle lane waits until the current turn has ended, so that what arrives together goes together. */
  #nextLater(): void {
    if (this.sending || this.#deferred || this.#failure !== undefined) return;
    this.#deferred = true;
    this.#context.defer(() => {
      this.#deferred = false;
      this.#next();
    });
  }

  #next(): void {
    this.#left();
    if (this.sending || this.#settling.active || this.#waiting || this.#failure !== undefined) return;
    if (this.#stopped) this.#answerAll(CLOSED);
    if (this.#stopped || this.#stuck !== undefined) return;
    if (this.#isPaused) {
      this.#block(PAUSED, undefined);
      return;
    }
    if (this.#queue.gap !== undefined && this.hungry) this.#backlog.pump();
    const head = this.#queue.peek();
    const { gate, isHeld, hold, changes } = this.#context;
    if (head !== undefined && !this.held && isHeld(head.destination)) {
      this.#moveOut(head, new Set(), undefined, hold);
      this.#next();
      return;
    }
    const change = changes.before(this, head);
    if (change !== undefined) {
      if (change.stuck !== undefined) this.#block(BEHIND, undefined);
    } else if (head === undefined) this.#rest();
    else if ((head.ticket === undefined && this.unsettled) || changes.isUnsettled(this, head)) this.#settle();
    else if (!gate.open) {
      if (!head.answered && gate.tryOnce()) this.#send([head]);
      else this.#block(unanswered("down"), undefined);
    } else this.#sendFrom(head);
  }

  #sendFrom(head: Entry): void {
    const { maxBatchBytes, pace, changes } = this.#context;
    const mayGo = changes.any ? (entry: Entry) => changes.before(this, entry) === undefined : undefined;
    const waitMs = head.missed ? pace.waitMs() + this.#backlog.settleMs : 0;
    if (waitMs > 0) this.#wait(waitMs);
    else {
      const most = head.missed ? Math.min(maxBatchBytes(), pace.requestBytes) : maxBatchBytes();
      this.#send(this.#joiner.take(this.#queue, most, mayGo));
    }
  }

  #send(entries: readonly Entry[]): void {
    this.#flight.send(entries, this.#joiner.join(entries), (result) => this.#sent(entries, result));
  }

  #sent(entries: readonly Entry[], { reply, unknownOutcome }: Result): void {
    const { handoff, hold } = this.#context;
    const head = entries[0] as Entry;
    if (this.#joiner.divide(entries, reply)) {
      for (const entry of entries) if (entry.decision !== "pending") this.decided(entry);
      this.#next();
    } else if (isTaken(reply)) {
      this.#attempt = 0;
      if (reply.kind === "stored" && head.missed) this.#context.pace.stored();
      for (const entry of entries) this.#judge.taken(entry, reply);
      this.#next();
    } else if (reply.kind === "not-ready" && !this.held) {
      this.#moveOut(head, new Set(entries), reply, hold);
      this.#next();
    } else if (entries.length === 1 && isRefusal(reply) && isKept(head)) {
      this.#refused(head, reply);
    } else {
      if (unknownOutcome) for (const entry of entries) handoff.doubt(entry);
      this.#failed(entries, reply, unknownOutcome);
    }
  }

  /** The backend answers this write, alone, with an error of its own: is it the write, or is it the backend? */
  #refused(entry: Entry, reply: Reply): void {
    const fault = this.#judge.refused(entry, reply);
    if (fault === "divided" || fault === "write") {
      this.#next();
      return;
    }
    // If nothing else goes to this backend, the write behind it is all there is to find out with.
    const behind = fault === "unknown" && !this.#isPaused ? this.#queue.second() : undefined;
    if (behind === undefined || this.#context.changes.before(this, behind) !== undefined)
      this.#failed([entry], reply, false);
    else this.#send([behind]);
  }

  /** Entries of one destination go to a lane of their own. */
  #moveOut(head: Entry, failed: ReadonlySet<Entry>, reply: Reply | undefined, hold: LaneContext["hold"]) {
    const taken = this.#queue.take((entry) => sameCredentials(entry.destination, head.destination));
    this.#joiner.reset();
    for (const entry of taken) {
      if (!entry.answered) this.answered(entry);
      this.#memory.forget(entry);
    }
    const { moved, stillFailed } = this.#departures.take(taken, failed);
    hold(moved, stillFailed, reply);
  }

  /** Entries were not taken this time: their fan-outs hear of it, and decide about them now or later. */
  #failed(entries: readonly Entry[], reply: Reply, unknownOutcome: boolean): void {
    this.#joiner.reset();
    const failure: Failure = {
      undecided: new Set(entries),
      reply,
      waitMs: retryAfterMs(reply, unknownOutcome, this.#attempt, this.#context),
      kept: false,
    };
    this.#failure = failure;
    this.#attempt++;
    for (const entry of entries) {
      const wasDecided = entry.decision !== "pending";
      entry.answer(reply);
      if (wasDecided) this.decided(entry);
    }
    if (this.#failure === failure && reply.status === 0) this.#answerAll(reply);
  }

  /**
   * All that failed were decided about: go on if all are forgotten, else wait before they are sent again. A backend
   * that did not answer may be back already: then there is nothing to wait for.
   */
  #decidedAll({ kept, reply, waitMs }: Failure): void {
    this.#failure = undefined;
    const wait = kept && (waitMs !== undefined || !this.#context.gate.open);
    if (wait) this.#block(reply, waitMs);
    else this.#next();
  }

  /** Keeps an entry for the backend; without a buffer only as long as the lane moves. */
  #keep(entry: Entry, failure: Reply | undefined): void {
    const { handoff } = this.#context;
    if (failure !== undefined && failure !== PAUSED && this.#backlog.keepsNothing) {
      handoff.lose(entry, "no-buffer", entry.ticket?.places.length);
      this.#memory.leave(entry);
      entry.stored();
      entry.answer(failure);
      return;
    }
    this.place(entry);
    if (this.held && !entry.gone && failure !== undefined) handoff.alarm(entry, failure);
  }

  /** Before anything is sent that is not in the log: makes durable that what was in it is delivered. */
  #settle(): void {
    this.unsettled = false;
    this.#settling.start();
  }

  /** Sends nothing for a while, and tells nobody. */
  #wait(ms: number): void {
    this.#waiting ??= this.#context.clock.after(ms, () => {
      this.#waiting = undefined;
      this.#next();
    });
  }

  /** Nothing can be sent now: is there nothing left? */
  #rest(): void {
    if (this.#queue.gap !== undefined || this.#departures.any) return;
    if (this.unsettled) this.#settle();
    else this.#context.idle(this);
  }

  /** Something has left, or the lane cannot go on. */
  #left(): void {
    this.#waiters.check();
    this.#context.changes.progressed(this);
  }

  #restIfEmpty(): void {
    this.#left();
    if (this.sending || this.#settling.active || this.#failure !== undefined || !this.#queue.empty) return;
    if (this.#stuck !== undefined && this.unsettled && !this.#stopped) this.#stuck = undefined;
    this.#rest();
  }

  #block(reply: Reply, waitMs: number | undefined): void {
    this.#stuck = reply;
    if (waitMs !== undefined && !this.#stopped) {
      this.#retry = this.#context.clock.after(waitMs, () => {
        this.#retry = undefined;
        this.#resume();
      });
    }
    this.#answerAll(reply);
    this.#shed();
    // Those that were answered may all have been forgotten.
    this.#restIfEmpty();
  }

  /** What can be read back leaves the memory. */
  #shed(): void {
    if (!this.#memory.shed(this.#stuck !== undefined)) return;
    // What was divided may have left with them.
    this.#joiner.reset();
  }

  #answerAll(reply: Reply): void {
    for (const entry of this.#queue.list()) if (!entry.inFlight) entry.answer(reply);
  }
}
