import type { SpoolError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../platform.ts";
import type { SpoolFacts, SpoolLog } from "../spool/log.ts";
import type { Scope } from "../spool/statement.ts";
import type { Kept } from "../spool/undelivered.ts";
import type { Destination, Reply } from "../writer.ts";
import { Backlog } from "./backlog.ts";
import type { Limits } from "./backlog-bounds.ts";
import type { Barrier } from "./barrier.ts";
import type { ChangeSide, Changes } from "./changes.ts";
import type { DefaultPolicies } from "./default-policies.ts";
import type { Entry } from "./entry.ts";
import type { Handoff } from "./handoff.ts";
import type { WatchedBacklog } from "./lag.ts";
import { Lane } from "./lane.ts";
import { LaneChanges } from "./lane-changes.ts";
import type { LaneContext } from "./lane-context.ts";

interface LanesOptions {
  readonly backend: string;
  readonly context: Omit<LaneContext, "isHeld" | "hold" | "idle" | "changes">;
  readonly changes: Changes;
  /** Which of the logs of the backend this is: see `Barrier.marks`. */
  readonly side: 0 | 1;
  readonly policies: DefaultPolicies;
  readonly handoff: Handoff;
  readonly clock: Clock;
  readonly ranMs: () => number;
  readonly events: Log;
  readonly main: SpoolLog;
  readonly hold: SpoolLog;
  readonly facts: SpoolFacts;
  readonly doubtful: boolean;
  readonly abandoned: boolean;
  readonly limits: () => Limits;
  readonly holdLimits: () => Limits;
}

/**
 * The lanes of a backend over one log, and those of destinations that it is not ready for over another: what is held
 * there keeps nobody else waiting.
 */
export class Lanes implements ChangeSide {
  readonly #options: LanesOptions;
  readonly #main: Backlog;
  readonly #held: Backlog;
  readonly #context: LaneContext;
  #stopped = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#context = {
      ...options.context,
      changes: new LaneChanges(options.side, options.changes),
      isHeld: (destination) => this.#heldLane(destination) !== undefined,
      hold: (entries, failed, reply) => this.#hold(entries, failed, reply),
      idle: (lane) => {
        (lane.held ? this.#held : this.#main).forget(lane);
        void lane.stop();
      },
    };
    this.#main = this.#backlog(options.main, "main", options.limits);
    this.#held = this.#backlog(options.hold, "hold", options.holdLimits);
  }

  /** Finds out for whom something is held before anything is sent. */
  async open(): Promise<void> {
    this.#held.start();
    await this.#held.reader.discovered;
    this.#main.start();
  }

  /** For whoever watches how far they are. */
  get watched(): readonly WatchedBacklog[] {
    return [
      { backlog: this.#main, held: false },
      { backlog: this.#held, held: true },
    ];
  }

  get count(): number {
    return this.#main.distinctLanes().size;
  }

  /** Writes that are not taken, but for what is held: in all lanes, and in the one that has the most. */
  get depth(): { readonly writes: number; readonly deepest: number } {
    let writes = 0;
    let deepest = 0;
    for (const lane of this.#main.distinctLanes()) {
      const { pending } = lane as Lane;
      writes += pending;
      deepest = Math.max(deepest, pending);
    }
    return { writes, deepest };
  }

  /** What waits, or what is held. */
  part(name: "main" | "hold"): Pick<Backlog, "records" | "log" | "oldestMs"> {
    return name === "main" ? this.#main : this.#held;
  }

  get backlog(): { readonly records: number; readonly bytes: number } {
    const [main, held] = [this.#main, this.#held];
    return { records: main.records + held.records, bytes: main.log.bytes + held.log.bytes };
  }

  /** True while something is in flight or waits that could be sent, and would be lost with the process. */
  get busy(): boolean {
    for (const lane of this.#main.distinctLanes()) if ((lane as Lane).busy) return true;
    return false;
  }

  /** True while a request is in flight. */
  get sending(): boolean {
    return this.#every().some((lane) => lane.sending);
  }

  /** True while there is no write at all. */
  get idle(): boolean {
    return [this.#main, this.#held].every(({ lanes, records }) => lanes.size === 0 && records === 0);
  }

  held(): { readonly keys: readonly string[]; readonly records: number }[] {
    return [...this.#held.distinctLanes()].map(({ destinations, records }) => ({
      keys: [...destinations],
      records,
    }));
  }

  kept(part: "main" | "hold"): Kept {
    const backlog = part === "main" ? this.#main : this.#held;
    return {
      log: backlog.log,
      records: backlog.records,
      first: backlog.log.first,
      isPending: (record) => backlog.isPending(record),
    };
  }

  /** How many writes for a database are not taken, but for what is held; an upper bound while the log is looked at. */
  pending(db: string): number {
    let pending = this.#main.reader.unknownRecords;
    for (const lane of this.lanesOf([db])) pending += lane.pending;
    return pending;
  }

  /**
   * Resolves when nothing is left of what was accepted for a database up to this number, but for what is held, or
   * when the signal aborts.
   */
  async passed(db: string, through: number, signal: AbortSignal): Promise<void> {
    if (this.#main.reader.discovering) await unlessAborted(this.#main.reader.discovered, signal);
    await Promise.all([...this.lanesOf([db])].map((lane) => lane.passed(through, signal)));
  }

  /** Whether the lane of a destination would try a write; undefined if there is none. */
  takes(destination: Destination): boolean | undefined {
    return this.#known(destination)?.takes;
  }

  isFull(destination: Destination): boolean {
    return (this.#heldLane(destination) === undefined ? this.#main : this.#held).full;
  }

  /** The lane that a write goes into. */
  laneFor(destination: Destination): Lane {
    return this.#known(destination) ?? this.#lane(this.#main, destination);
  }

  wake(): void {
    for (const lane of this.#every()) lane.wake();
  }

  /**
   * A pause has begun: tells those who wait in the lanes that are paused. Resolves when nothing is in flight there.
   */
  async pause(): Promise<void> {
    const { pauses } = this.#options.context;
    const lanes = this.#every().filter((lane) => pauses.hasAny(lane.destinations));
    for (const lane of lanes) lane.wake();
    await Promise.all(lanes.map((lane) => lane.landed));
  }

  /** So long the backend may still work on requests of an earlier process, in milliseconds. */
  get settleMs(): number {
    return this.#main.settleMs;
  }

  /** Gives up what is kept for the destinations that match; returns how many records that were. */
  drop(part: "main" | "hold", matches: (destination: Destination) => boolean): Promise<number> {
    return (part === "main" ? this.#main : this.#held).drop(matches);
  }

  get volatile(): boolean {
    return this.#main.volatile;
  }

  get keepsNothing(): boolean {
    return this.#main.keepsNothing;
  }

  get next(): number {
    return this.#main.log.next;
  }

  isKnown(place: number | undefined): boolean {
    const { discovering, frontier } = this.#main.reader;
    return !discovering || (place !== undefined && frontier > place);
  }

  lanesOf(scope: Scope): Iterable<Lane> {
    return this.#main.lanesOf(scope) as Iterable<Lane>;
  }

  heldLanesOf(scope: Scope): Iterable<Lane> {
    return this.#held.lanesOf(scope) as Iterable<Lane>;
  }

  append(barrier: Barrier, stored: (error?: SpoolError) => void): number {
    return this.#main.appendChange(barrier, stored);
  }

  release({ record }: Barrier): void {
    if (record !== undefined) this.#main.releaseChange(record);
  }

  get anyUnsettled(): boolean {
    return this.#main.changes.unsettled > 0;
  }

  isUnsettled(scope: Scope): boolean {
    return this.#main.changes.isUnsettled(scope);
  }

  settled(): readonly Scope[] {
    return this.#main.changes.settle(this.#main.changes.unsettled);
  }

  /** Makes durable how far the lanes are; false if that failed. What is held first: it was accepted before. */
  async commit(): Promise<boolean> {
    const held = await this.#held.commit();
    return (await this.#main.commit()) && held;
  }

  /** Sends nothing more. Resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#main.stop();
    this.#held.stop();
    await Promise.all(this.#every().map((lane) => lane.stop()));
  }

  #every(): Lane[] {
    return [this.#main, this.#held].flatMap((backlog) => [...backlog.distinctLanes()] as Lane[]);
  }

  #backlog(log: SpoolLog, name: "main" | "hold", limits: () => Limits): Backlog {
    const { backend, facts, doubtful, abandoned, clock, ranMs, handoff, events } = this.#options;
    const backlog: Backlog = new Backlog({
      ...{ backend, name, log, facts, doubtful, abandoned, clock, ranMs, handoff, events },
      limits,
      byUser: name === "hold",
      laneFor: (destination) => this.#lane(backlog, destination),
      changes: this.#options.changes,
    });
    return backlog;
  }

  /** What is only in the log comes before what is held now: until it was read, new writes go behind it. */
  #known(destination: Destination): Lane | undefined {
    const held = this.#heldLane(destination);
    if (held === undefined) return this.#main.lanes.get(this.#main.keyOf(destination)) as Lane | undefined;
    const lane = this.#existing(this.#main, destination);
    return lane?.gap === undefined ? held : lane;
  }

  #heldLane(destination: Destination): Lane | undefined {
    return this.#held.lanes.size === 0 ? undefined : this.#existing(this.#held, destination);
  }

  #lane(backlog: Backlog, destination: Destination): Lane {
    const lane = this.#existing(backlog, destination) ?? this.#newLane(backlog, destination.db);
    this.#enter(backlog, destination, lane);
    return lane;
  }

  /**
   * The lane of a destination, if there is one. A write that names no policy shares the lane of the default one, so
   * that they keep their order. A destination stays in its lane while that has anything: no write may overtake one
   * of its own lane.
   */
  #existing(backlog: Backlog, destination: Destination): Lane | undefined {
    const known = backlog.lanes.get(backlog.keyOf(destination));
    if (known !== undefined) return known as Lane;
    const { db, rp, credentials } = destination;
    const policy = this.#options.policies.of(db, credentials);
    if (policy === undefined || (rp !== "" && rp !== policy)) return undefined;
    const other = { ...destination, rp: rp === "" ? policy : "" };
    const lane = backlog.lanes.get(backlog.keyOf(other)) as Lane | undefined;
    if (lane !== undefined) this.#enter(backlog, destination, lane);
    return lane;
  }

  #enter(backlog: Backlog, destination: Destination, lane: Lane): void {
    if (!lane.destinations.has(backlog.keyOf(destination))) backlog.enter(destination, lane);
  }

  #newLane(backlog: Backlog, db: string): Lane {
    const lane = new Lane(this.#context, backlog, db, backlog === this.#held);
    if (this.#stopped) void lane.stop();
    return lane;
  }

  /** Entries of one user, but with and without the name of the policy: they may have lanes of their own. */
  #hold(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply | undefined): void {
    const byLane = new Map<Lane, Entry[]>();
    for (const entry of entries) {
      const lane = this.#lane(this.#held, entry.destination);
      const own = byLane.get(lane);
      if (own === undefined) byLane.set(lane, [entry]);
      else own.push(entry);
    }
    for (const [lane, own] of byLane) {
      lane.adopt(own, failed, own.some((entry) => failed.has(entry)) ? reply : undefined);
    }
  }
}

async function unlessAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const abort = () => aborted.resolve();
  signal.addEventListener("abort", abort);
  await Promise.race([done, aborted.promise]);
  signal.removeEventListener("abort", abort);
}
