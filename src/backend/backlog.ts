import * as v from "valibot";
import type { SpoolError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../platform.ts";
import { cursorSchema } from "../spool/cursor.ts";
import type { SpoolFacts, SpoolLog, SpoolRecord } from "../spool/log.ts";
import { changeOf, statementRecord } from "../spool/statement.ts";
import { changeRows, changesDone } from "../spool/undelivered.ts";
import type { Destination } from "../writer.ts";
import { BacklogAge } from "./backlog-age.ts";
import { BacklogBounds, type Limits } from "./backlog-bounds.ts";
import { BacklogChanges } from "./backlog-changes.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import { BacklogReader } from "./backlog-reader.ts";
import type { Barrier } from "./barrier.ts";
import type { Changes } from "./changes.ts";
import type { Entry } from "./entry.ts";
import type { Handoff, LossReason } from "./handoff.ts";
import type { LaneBacklog } from "./lane-context.ts";
import type { Gap } from "./lane-queue.ts";
import { Places } from "./places.ts";
import { SETTLE_MS } from "./retry-after.ts";
import { Ticket } from "./ticket.ts";

/** Bound of what waits for a backend that takes writes, when nothing is to be kept for one that does not. */
const UNBUFFERED_BYTES = 64 * 1024 * 1024;
/** While something is delivered, the cursor is stored so often, in milliseconds: after a crash so much is sent again. */
const COMMIT_EVERY_MS = 1_000;

export interface BacklogOptions {
  readonly backend: string;
  /** The name of its cursor among the facts. */
  readonly name: string;
  readonly log: SpoolLog;
  readonly facts: SpoolFacts;
  /** True when what is in the log may have been delivered, and overtaken, before. */
  readonly doubtful: boolean;
  /** True when the backend may still be working on requests of the process before. */
  readonly abandoned: boolean;
  readonly clock: Clock;
  /** Milliseconds that the relay has been running in all. */
  readonly ranMs: () => number;
  readonly handoff: Handoff;
  /** Of `maxBytes` 0 nothing is kept for a backend that does not take writes. */
  readonly limits: () => Limits;
  /** True if each user of a database and policy has a lane of his own. */
  readonly byUser: boolean;
  /** Makes the lane for a record that was found in the log. */
  readonly laneFor: (destination: Destination) => BacklogLane;
  readonly events: Log;
  readonly changes: Changes;
}

/** What a backend lacks, as one log: which lane has which part of it, how far each of them is, and its bounds. */
export class Backlog implements LaneBacklog {
  readonly log: SpoolLog;
  /** Every lane, by each of the destinations that it has: see {@link keyOf}. */
  readonly lanes = new Map<string, BacklogLane>();
  /** The same by database. */
  readonly #databases = new Map<string, Set<BacklogLane>>();
  /** The statements that are in the log. */
  readonly changes: BacklogChanges;
  /** Records that are in the log and not delivered, as far as they have been looked at. */
  known = 0;
  readonly options: BacklogOptions;
  readonly reader: BacklogReader;
  readonly age = new BacklogAge();
  readonly #bounds: BacklogBounds;
  /** Places that are done although records of their lane before them are not. */
  readonly #skipped = new Places();
  /** Below these, records of one database and policy are done; stored with the cursor. */
  readonly #positions: Map<string, number>;
  #committedAt = 0;
  readonly #settledAt: number;

  constructor(options: BacklogOptions) {
    const { log, facts, name, doubtful } = options;
    this.options = options;
    this.log = log;
    const stored = v.safeParse(cursorSchema, facts.get(name));
    // Of facts that are damaged what is left may be older than it was: then more is sent again.
    const cursor = stored.success ? Math.max(stored.output.cursor, log.first) : log.first;
    const lanes = stored.success ? stored.output.lanes : [];
    this.#positions = new Map(lanes.map(([db, rp, place]) => [positionKey(db, rp), place]));
    const done = stored.success ? stored.output.changes : [];
    this.changes = new BacklogChanges(changesDone(done), log.volatile);
    this.reader = new BacklogReader(this, cursor, {
      doubtful: doubtful || !facts.intact,
      abandoned: options.abandoned,
    });
    this.#settledAt = options.abandoned ? options.clock.monotonic() + SETTLE_MS : 0;
    this.#bounds = new BacklogBounds(this, UNBUFFERED_BYTES);
    if (!log.volatile) log.trim(cursor);
  }

  /** Records that are in the log and not delivered; while it is still being looked at, an upper bound. */
  get records(): number {
    return this.known + this.reader.unknownRecords;
  }

  get volatile(): boolean {
    return this.log.volatile;
  }

  /** So long nothing that was in the log when it was opened may be sent, in milliseconds. */
  get settleMs(): number {
    return Math.max(0, this.#settledAt - this.options.clock.monotonic());
  }

  get keepsNothing(): boolean {
    return this.options.limits().maxBytes === 0;
  }

  get firstPlace(): number {
    return Math.max(this.log.first, this.#bounds.floor);
  }

  unknownPart(): Gap | undefined {
    return this.reader.unknownPart();
  }

  pump(): void {
    this.reader.pump();
  }

  /** True when something more would cost the oldest. */
  get full(): boolean {
    return this.#bounds.exceeded(1);
  }

  /** Reads on where records wait that no lane knows yet, and drops what is too old. */
  start(): void {
    this.reader.pump();
    this.#bounds.watchAge();
  }

  /** Puts an entry into the log; tells it, and then `lane`, once it is safe. */
  append(entry: Entry, lane: BacklogLane): void {
    const { clock, ranMs } = this.options;
    const record = {
      destination: entry.destination,
      body: entry.body,
      closed: entry.write.closed,
      ranMs: ranMs(),
      timeMs: clock.now(),
      note: "",
    };
    let ticket: Ticket | undefined;
    const stored = (error?: SpoolError) => {
      if (ticket === undefined) return;
      if (error === undefined) ticket.safe = true;
      lane.stored(entry, ticket, error);
    };
    const place = this.log.append(record, stored);
    this.#appended(place, record.ranMs);
    ticket = new Ticket([place], this.volatile, (places) => this.#free(places, lane));
    entry.ticket = ticket;
    this.known++;
    lane.records++;
    if (this.volatile) entry.stored();
    this.options.handoff.counters.kept++;
    if (this.#bounds.exceeded(1)) this.#bounds.makeRoom();
  }

  #appended(place: number, ranMs: number): void {
    if (this.records === 0) this.age.clear();
    this.age.note(place, ranMs);
  }

  /** How long ago the oldest record was accepted that is not delivered, in milliseconds of running time. */
  get oldestMs(): number | undefined {
    if (this.records === 0) return undefined;
    const acceptedAt = this.age.acceptedAt(this.volatile ? this.log.first : this.#firstPending);
    return acceptedAt === undefined ? undefined : Math.max(0, this.options.ranMs() - acceptedAt);
  }

  /** The first place that is not done, of all lanes and changes. */
  get #firstPending(): number {
    const { next } = this.log;
    let first = this.reader.discovering ? Math.min(this.reader.frontier, next) : next;
    first = Math.min(first, this.changes.first ?? first);
    for (const lane of this.lanes.values()) first = Math.min(first, lane.firstPlace ?? first);
    return first;
  }

  /** Puts a change into the log; `stored` tells once it is safe, or why it is not. */
  appendChange(barrier: Barrier, stored: (error?: SpoolError) => void): number {
    const { clock, ranMs, handoff } = this.options;
    const record = { ...statementRecord(barrier.change), ranMs: ranMs(), timeMs: clock.now() };
    const place = this.log.append(record, stored);
    this.#appended(place, record.ranMs);
    barrier.record = place;
    this.changes.add(place, barrier);
    this.known++;
    handoff.counters.kept++;
    if (this.#bounds.exceeded(1)) this.#bounds.makeRoom();
    return place;
  }

  /** A change is done, or given up. */
  releaseChange(place: number): void {
    if (!this.changes.has(place)) return;
    this.changes.remove(place);
    this.known--;
    this.log.done(place);
    this.#commitNowAndThen();
  }

  /** A lane has one more destination. */
  enter(destination: Destination, lane: BacklogLane): void {
    const key = this.keyOf(destination);
    lane.destinations.add(key);
    this.lanes.set(key, lane);
    const lanes = this.#databases.get(lane.db);
    if (lanes === undefined) this.#databases.set(lane.db, new Set([lane]));
    else lanes.add(lane);
  }

  /** The lanes of some databases, or all. */
  *lanesOf(dbs: readonly string[] | undefined): Generator<BacklogLane> {
    if (dbs === undefined) for (const lanes of this.#databases.values()) yield* lanes;
    for (const db of new Set(dbs)) yield* this.#databases.get(db) ?? [];
  }

  /** Under which key the lane of a destination is found. */
  keyOf({ db, rp, credentials }: Destination): string {
    return `${db}\0${rp}\0${this.options.byUser ? (credentials?.authorization ?? "") : ""}`;
  }

  /** A ticket for records that were read back. */
  ticketFor(places: readonly number[], lane: BacklogLane): Ticket {
    return new Ticket(places, true, (freed) => this.#free(freed, lane));
  }

  #free(places: readonly number[], lane: BacklogLane): void {
    this.known -= places.length;
    lane.records -= places.length;
    const firstPending = this.volatile ? undefined : lane.firstPlace;
    for (const place of places) {
      if (firstPending !== undefined && place > firstPending) this.#skipped.add(place);
      this.log.done(place);
    }
    if (this.volatile) return;
    lane.unsettled = true;
    this.#commitNowAndThen();
  }

  #commitNowAndThen(): void {
    if (this.options.clock.monotonic() - this.#committedAt >= COMMIT_EVERY_MS) void this.commit();
  }

  /** True for a record that was delivered, or given up, before its turn came. */
  isSkipped(place: number): boolean {
    return this.#skipped.has(place);
  }

  /** True for a record that had been delivered before the log was opened. */
  wasDelivered(record: SpoolRecord): boolean {
    if (record.statement) return this.changes.wasDone(record);
    const { seq, destination } = record;
    const { db, rp } = destination;
    return seq < (this.#positions.get(positionKey(db, rp)) ?? 0);
  }

  /**
   * Makes durable how far every lane is: only then a lane may send what is not in the log, because the log would
   * be sent again after a crash, and overtake it. Never rejects: tells whether it is durable.
   */
  async commit(): Promise<boolean> {
    if (this.volatile) return true;
    const { facts, name, events, backend, clock } = this.options;
    this.#committedAt = clock.monotonic();
    const cursor = this.#collect();
    const changes = changeRows(this.changes.positions(cursor), cursor);
    const done = this.changes.unsettled;
    const lanes = [...this.#positions].map(([key, place]) => [...key.split("\0"), place]);
    try {
      await facts.set(name, { cursor, lanes, ...changes });
    } catch (error) {
      const next =
        "after a crash of the relay more is sent again than necessary; see what is wrong with the disk";
      const message = error instanceof Error ? error.message : String(error);
      events.throttled("error", "cursor-not-stored", { backend, error: message, next }, `cursor ${backend}`);
      return false;
    }
    this.changes.settle(done);
    this.#skipped.forgetBelow(cursor);
    this.log.trim(cursor);
    return true;
  }

  /** How far all lanes are; the positions of those that are further on are remembered. */
  #collect(): number {
    const { next } = this.log;
    const cursor = this.#firstPending;
    const reached = new Map<string, number>();
    for (const [key, lane] of this.lanes) {
      const place = lane.firstPlace ?? next;
      const [db = "", rp = ""] = key.split("\0");
      const position = positionKey(db, rp);
      reached.set(position, Math.min(place, reached.get(position) ?? next));
    }
    for (const [position, place] of reached) {
      if (place > (this.#positions.get(position) ?? 0)) this.#positions.set(position, place);
    }
    for (const [key, place] of this.#positions) if (place <= cursor) this.#positions.delete(key);
    return cursor;
  }

  /** True for a record that is still to be delivered. */
  isPending(record: SpoolRecord): boolean {
    const { seq, destination, statement } = record;
    if (statement && this.changes.has(seq)) return true;
    if (this.isSkipped(seq)) return false;
    if (this.reader.discovering && seq >= this.reader.frontier) return !this.wasDelivered(record);
    if (statement) return false;
    const first = this.lanes.get(this.keyOf(destination))?.firstPlace;
    return first !== undefined && seq >= first;
  }

  isTooOld({ ranMs }: SpoolRecord): boolean {
    return this.options.ranMs() - ranMs > this.options.limits().maxAgeMs;
  }

  /** A record that is in the log only, and is to be delivered, is given up. */
  lose(record: SpoolRecord, reason: LossReason): void {
    if (record.statement) {
      this.#loseChange(record, reason);
      return;
    }
    const lane = this.lanes.get(this.keyOf(record.destination));
    if (!this.reader.isUnknown(record.seq)) {
      this.known--;
      if (lane !== undefined) lane.records--;
    }
    this.options.handoff.lose(record, reason);
    // Until everything before it is done, it may be read again.
    this.#skipped.add(record.seq);
    this.log.done(record.seq);
  }

  #loseChange(record: SpoolRecord, reason: LossReason): void {
    const { handoff, changes } = this.options;
    const barrier = this.changes.at(record.seq);
    if (barrier !== undefined) {
      if (!barrier.inFlight) changes.lose(barrier, reason);
      return;
    }
    const change = changeOf(record);
    if (change === undefined) handoff.damaged(1);
    else handoff.loseChange(change, reason);
    this.#skipped.add(record.seq);
    this.log.done(record.seq);
  }

  /** A statement that is to be executed was found in the log when it was looked through. */
  foundChange(record: SpoolRecord, isDoubtful: boolean): void {
    const { handoff, changes } = this.options;
    const change = changeOf(record);
    if (change === undefined) {
      handoff.damaged(1);
      return;
    }
    if (isDoubtful) handoff.doubtAll(change.scope);
    this.changes.add(record.seq, changes.found(change, record.seq));
    this.known++;
  }

  /** Gives up what is there for the destinations that match, and returns how many records that were. */
  async drop(matches: (destination: Destination) => boolean): Promise<number> {
    const dropped = await this.#bounds.give(this.log.next, "dropped", matches);
    await this.options.handoff.store();
    // What is gone need not be looked at again, also after a restart.
    if (!this.reader.discovering) {
      for (const lane of this.distinctLanes()) if (lane.records === 0) lane.skipTo(this.log.next);
    }
    await this.commit();
    return dropped;
  }

  /** Gives up everything below `place`. */
  trim(place: number): void {
    this.reader.skipTo(place);
    this.log.trim(place);
  }

  /** A lane has nothing left. */
  forget(lane: BacklogLane): void {
    for (const key of lane.destinations) if (this.lanes.get(key) === lane) this.lanes.delete(key);
    const lanes = this.#databases.get(lane.db);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#databases.delete(lane.db);
    // Records that were found to be damaged when their turn came were counted until now.
    if (this.lanes.size === 0 && !this.reader.discovering) this.known = this.changes.size;
  }

  distinctLanes(): Set<BacklogLane> {
    return new Set(this.lanes.values());
  }

  stop(): void {
    this.reader.stop();
    this.#bounds.stop();
  }
}

function positionKey(db: string, rp: string): string {
  return `${db}\0${rp}`;
}
