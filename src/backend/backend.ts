import type { OutputConfig, SpoolConfig } from "../config/config.ts";
import type { BackendFigures } from "../observe/figures.ts";
import type { Log } from "../observe/log.ts";
import type { HttpAnswer, Platform } from "../platform.ts";
import { ABANDONED } from "../spool/cursor.ts";
import type { BackendSpool } from "../spool/log.ts";
import { placeOf } from "../spool/statement.ts";
import type { Kept } from "../spool/undelivered.ts";
import type { Change, Destination, Write } from "../writer.ts";
import { Apart } from "./apart.ts";
import { backendFigures } from "./backend-figures.ts";
import { type BackendStatus, backendStatus, type HeldStatus, heldStatus } from "./backend-status.ts";
import { type BackendStorage, memorySpool } from "./backend-storage.ts";
import { Changes } from "./changes.ts";
import { BackendClient } from "./client.ts";
import { DeadLetters } from "./dead-letters.ts";
import { DefaultPolicies } from "./default-policies.ts";
import { Entry } from "./entry.ts";
import { Gate } from "./gate.ts";
import { Handoff } from "./handoff.ts";
import { kept } from "./kept.ts";
import type { LaneContext } from "./lane-context.ts";
import { Lanes } from "./lanes.ts";
import { Pace } from "./pace.ts";
import { Pauses } from "./pauses.ts";
import { QueryClient } from "./query-client.ts";
import type { Acceptance, ChangeReplica, Replica, ReplyObserver } from "./replica.ts";
import { Results } from "./results.ts";
import { SETTLE_MS } from "./retry-after.ts";
import { SyncState } from "./sync-state.ts";

/** One InfluxDB server: its connections, the order of what goes to it, and what it lacks. */
export class Backend implements Replica, ChangeReplica {
  readonly name: string;
  readonly handoff: Handoff;
  readonly deadLetters: DeadLetters | undefined;
  readonly queries: QueryClient;
  readonly #platform: Platform;
  #output: OutputConfig;
  #storage: BackendStorage | undefined;
  #client: BackendClient;
  /** Clients from before a change of options, while something may be in flight with them. */
  readonly #retiring = new Set<BackendClient>();
  readonly #gate: Gate;
  readonly #pauses: Pauses;
  readonly #changes: Changes;
  /** What goes through its log: on disk if there is one. */
  readonly #main: Lanes;
  /** Writes with credentials that must not be stored on disk. */
  readonly #private: Lanes | undefined;
  readonly #sync: SyncState;
  readonly #results: Results;
  /** So many entries were accepted. */
  #accepted = 0;
  /** Running time of the relay before this start, less the monotonic time at it. */
  readonly #ranBeforeMs: number;

  constructor(name: string, output: OutputConfig, platform: Platform, log: Log, storage?: BackendStorage) {
    const { clock, random } = platform;
    this.name = name;
    this.#platform = platform;
    this.#output = output;
    this.#storage = storage;
    this.#results = new Results(clock);
    this.#client = new BackendClient(output, platform);
    this.queries = new QueryClient(output, platform);
    const { main, hold, dead, facts } = storage?.spool ?? memorySpool();
    const volatile = storage === undefined;
    this.#ranBeforeMs = Math.max(main.lastRanMs, hold.lastRanMs) - clock.monotonic();
    const ranMs = () => clock.monotonic() + this.#ranBeforeMs;
    this.deadLetters = volatile
      ? undefined
      : new DeadLetters({
          backend: name,
          log: dead,
          facts,
          maxBytes: () => this.#storage?.config.deadLetterMaxSize ?? 0,
          clock,
          ranMs,
          events: log,
        });
    this.handoff = new Handoff({ backend: name, facts, deadLetters: this.deadLetters, clock, log });
    const pace = new Pace(clock, () => this.#output.drainMaxRate);
    this.#gate = new Gate({
      clock,
      random: platform.random,
      maxDelayMs: () => this.#output.maxDelayIntervalMs,
      ping: () => this.#client.ping(),
      onChange: (open, reason) => {
        if (open) log.info("backend-up", { backend: name });
        else log.warn("backend-down", { backend: name, reason, next: "it is asked again until it answers" });
        if (!open) pace.slow();
        this.#sync.health.gateChanged(open, reason ?? "");
        if (open) this.#wake();
      },
    });
    const policies = new DefaultPolicies(clock, facts, (db, credentials) =>
      this.#client.defaultPolicy(db, credentials),
    );
    this.#pauses = new Pauses(clock, (db) => policies.known(db));
    const context: Omit<LaneContext, "isHeld" | "hold" | "idle" | "changes"> = {
      clock,
      random,
      client: () => this.#client,
      gate: this.#gate,
      handoff: this.handoff,
      apart: new Apart(clock),
      pace,
      pauses: this.#pauses,
      maxDelayMs: () => this.#output.maxDelayIntervalMs,
      poisonAfterMs: () => this.#storage?.config.poisonAfterMs ?? Number.POSITIVE_INFINITY,
      storedSince: (ms) => this.#results.storedSince(ms),
      maxBatchBytes: () => this.#output.maxBatchBytes,
      defer: (run) => platform.defer(run),
      observed: (result, carried) => this.#results.add(result, carried),
    };
    this.#changes = new Changes({
      ...{ clock, random, gate: this.#gate, pauses: this.#pauses, handoff: this.handoff },
      client: context.client,
      maxDelayMs: context.maxDelayMs,
      poisonAfterMs: context.poisonAfterMs,
      defer: context.defer,
      isStorable: (change) => this.#isStorable(change),
      observed: (result) => this.#results.add(result, undefined),
      executed: ({ scope }) => policies.doubt(scope),
    });
    const common = {
      backend: name,
      context,
      changes: this.#changes,
      policies,
      handoff: this.handoff,
      clock,
      ranMs,
      events: log,
    };
    const inMemory = () => ({
      maxBytes: this.#output.bufferSize,
      maxRecords: Number.POSITIVE_INFINITY,
      maxAgeMs: Number.POSITIVE_INFINITY,
    });
    const onDisk = (hold: boolean) => () => {
      const { holdMaxSize, maxSize, maxRecords, maxAgeMs } = (this.#storage as BackendStorage).config;
      return { maxBytes: hold ? holdMaxSize : maxSize, maxRecords, maxAgeMs };
    };
    const { doubtful = false, abandoned = false } = storage?.spool ?? {};
    this.#main = new Lanes({
      ...common,
      facts,
      side: 0,
      doubtful,
      abandoned,
      main,
      hold,
      limits: volatile ? inMemory : onDisk(false),
      holdLimits: volatile ? inMemory : onDisk(true),
    });
    if (!volatile) {
      const own = { ...common, ...memorySpool(), side: 1 } as const;
      this.#private = new Lanes({ ...own, limits: inMemory, holdLimits: inMemory });
    }
    this.#changes.connect(this.#all());
    this.#sync = new SyncState({
      ...{ clock, facts, handoff: this.handoff },
      health: {
        gate: this.#gate,
        intervalMs: () => this.#output.healthCheckIntervalMs,
        storedSince: context.storedSince,
        ping: () => this.#client.pingStatus(),
      },
      accepted: () => this.#accepted,
      watched: this.#all().flatMap(({ watched }) => watched),
      backlog: () => this.backlog,
      heldRecords: () => this.kept("hold").reduce((sum, { records }) => sum + records, 0),
    });
  }

  /** How it is reached. It holds secrets. */
  get output(): OutputConfig {
    return { ...this.#output, name: this.name };
  }

  get origin(): string {
    return this.#output.origin;
  }

  get version(): BackendClient["version"] {
    return this.#client.version;
  }

  get up(): boolean {
    return this.#gate.open;
  }

  /** Whether queries for a database, or for any, should go to it. */
  isInSync(db?: string): boolean {
    return this.#sync.isInSync(db);
  }

  /** Why not, in words; empty if they should. */
  outOfSync(): readonly string[] {
    return this.#sync.reasons;
  }

  /** How long ago it was in sync, for a database or for all, in milliseconds; 0 while it is. */
  staleMs(db?: string): number {
    return this.#sync.staleMs(db);
  }

  /** True if it has not delivered in time what was written to a database, or to any. */
  isBehind(db?: string): boolean {
    return this.#sync.isBehind(db);
  }

  /** True if it is just getting what it missed of a database, or of any. */
  isCatchingUp(db?: string): boolean {
    return this.#sync.isCatchingUp(db);
  }

  /** Whether it is there, so steadily that it should be relied on, and since when (monotonic milliseconds). */
  get health(): { readonly up: boolean; readonly sinceMs: number } {
    return this.#sync.health;
  }

  get drained(): boolean {
    return this.#sync.drains.list.length > 0;
  }

  /** For whom it was taken out of queries. */
  get drainedBy(): readonly string[] {
    return this.#sync.drains.list.map(({ by }) => by);
  }

  /** Takes it out of queries for somebody, who is named in a word. Resolves when a restart would not forget it. */
  drain(by: string): Promise<void> {
    return this.#sync.drains.add(by);
  }

  /** The end of that; without a name, for all who wanted it. */
  resume(by?: string): Promise<void> {
    return this.#sync.drains.remove(by);
  }

  /** Asks it something with its own credentials, if it has any. Undefined if there is no answer. */
  ask(q: string, maxAnswerBytes: number): Promise<HttpAnswer | undefined> {
    return this.#client.ask(q, undefined, maxAnswerBytes);
  }

  takes(write: Write): boolean {
    const { db, rp } = write.destination;
    if (this.#pauses.has(db, rp)) return false;
    return this.#lanesOf(write).takes(this.#own(write).destination) ?? this.#gate.mayTry;
  }

  isFull(write: Write): boolean {
    return this.#lanesOf(write).isFull(this.#own(write).destination);
  }

  keepsSafely(write: Write): boolean {
    return this.#storage !== undefined && this.#lanesOf(write) === this.#main;
  }

  accept(write: Write, observer: ReplyObserver, index: number): Acceptance {
    const own = this.#own(write);
    this.#results.accepted.add(own);
    const lane = this.#lanesOf(write).laneFor(own.destination);
    const entry = new Entry(own, lane, observer, index);
    entry.number = ++this.#accepted;
    lane.push(entry);
    return entry;
  }

  takesChange(change: Change): boolean {
    return this.#changes.takes(change);
  }

  keepsChange(change: Change): boolean {
    return this.#isStorable(this.#ownChange(change));
  }

  acceptChange(change: Change, observer: ReplyObserver, index: number): Acceptance {
    return this.#changes.accept(this.#ownChange(change), ++this.#accepted, observer, index);
  }

  /** How many writes for a database it has not taken: waiting, in flight or kept, but for what is held. */
  pending(db: string): number {
    return this.#all().reduce((sum, lanes) => sum + lanes.pending(db), this.#changes.pendingFor(db));
  }

  /**
   * Resolves once it has nothing left of what was accepted for a database before the call, but for what is held, or
   * when the signal aborts: it has no limit of its own. What is read back from a log counts as accepted before.
   */
  async answered(db: string, signal: AbortSignal): Promise<void> {
    const through = this.#accepted;
    const parts = [...this.#all(), this.#changes];
    await Promise.all(parts.map((part) => part.passed(db, through, signal)));
  }

  /**
   * Sends nothing more to a database and policy (empty for its default one, undefined for all), also of what is held.
   * Resolves when nothing is in flight there any more, neither what timed out within the last 10 s nor what an earlier
   * process sent; what is written meanwhile is kept. The function ends the pause; with several the last one does.
   */
  async pause(db: string, rp: string | undefined): Promise<() => void> {
    const end = this.#pauses.add(db, rp);
    this.#changes.schedule();
    await Promise.all([...this.#all().map((lanes) => lanes.pause()), this.#changes.landed(db)]);
    await this.#pauses.wait(Math.max(SETTLE_MS - this.#results.unknownForMs, this.#main.settleMs));
    return () => {
      end();
      this.#wake();
    };
  }

  /** Finds out for whom something is held, and begins to deliver what is kept. */
  async open(): Promise<void> {
    await this.#main.open();
    await this.#private?.open();
  }

  /** Asks the backend whether it is there, so that its state is known before the first write. */
  greet(): Promise<void> {
    return this.#sync.health.check();
  }

  /** Asks it again and again from now on, and watches how far it is. */
  watch(): Promise<void> {
    return this.#sync.start([...this.kept("main"), ...this.kept("hold")]);
  }

  /** Takes over changed options and certificates. What is kept stays, and what is in flight ends as it began. */
  reconfigure(output: OutputConfig): void {
    const { clock } = this.#platform;
    const old = this.#client;
    this.#client = new BackendClient(output, this.#platform);
    this.#client.version = old.version;
    this.queries.reconfigure(output);
    this.#retiring.add(old);
    clock.after(this.#output.timeoutMs, () => {
      this.#retiring.delete(old);
      void old.close();
    });
    this.#output = output;
  }

  /** Takes over changed bounds of what is stored. */
  bound(config: SpoolConfig): void {
    if (this.#storage !== undefined) this.#storage = { ...this.#storage, config };
  }

  /** True while a request is in flight or something waits that could be sent, and would be lost with the process. */
  get busy(): boolean {
    return this.#changes.busy || this.#all().some((lanes) => lanes.busy);
  }

  /** True while it has no write and no change at all. */
  get idle(): boolean {
    return this.#changes.pending.length === 0 && this.#all().every((lanes) => lanes.idle);
  }

  /** What would be lost with the process. */
  get volatile(): { readonly records: number; readonly bytes: number } {
    const { records, bytes } = (this.#private ?? this.#main).backlog;
    const { unlogged } = this.#changes;
    return { records: records + unlogged.records, bytes: bytes + unlogged.bytes };
  }

  /** What it is not ready for. */
  get held(): HeldStatus[] {
    const { heldReasons } = this.handoff;
    return this.#all().flatMap((lanes) => lanes.held().map((held) => heldStatus(held, heldReasons)));
  }

  /** What it lacks. */
  get backlog(): { readonly records: number; readonly bytes: number } {
    const parts = [...this.#all().map(({ backlog }) => backlog), this.#changes.unlogged];
    return {
      records: parts.reduce((sum, { records }) => sum + records, 0),
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  status(): BackendStatus {
    return backendStatus(this, {
      drained: this.#sync.drains.list,
      keptOn: this.#storage === undefined ? "memory" : "disk",
      drainBytesPerSecond: this.#output.drainMaxRate,
      lanes: this.#all().reduce((sum, lanes) => sum + lanes.count, 0),
      requests: { ...this.#results.requests },
      writes: this.#results.writes,
    });
  }

  figures(): BackendFigures {
    return backendFigures(this, this.#all(), this.#results);
  }

  /** What it lacks of a part, for whoever wants to look at it: on disk and in memory. */
  kept(part: "main" | "hold"): Kept[] {
    return this.#all().map((lanes) => lanes.kept(part));
  }

  /** What is stored for it; undefined if nothing outlives the process. */
  get storage(): BackendSpool | undefined {
    return this.#storage?.spool;
  }

  /**
   * Gives up what is kept, or held, for the destinations that match, but for what is being sent just now: it counts
   * as lost. Returns how many records that were.
   */
  async drop(part: "main" | "hold", matches: (destination: Destination) => boolean): Promise<number> {
    const dropped = await Promise.all(this.#all().map((lanes) => lanes.drop(part, matches)));
    const inMemory = part === "main" ? this.#changes.dropUnlogged(({ scope }) => matches(placeOf(scope))) : 0;
    return dropped.reduce((sum, records) => sum + records, inMemory);
  }

  /** Sends dead letters once more, as if they had just been written. Returns how many. */
  async replay(matches: (destination: Destination) => boolean): Promise<number> {
    const { deadLetters } = this;
    if (deadLetters === undefined) return 0;
    return deadLetters.take(
      matches,
      (write) => kept((observer) => this.accept(write, observer, 0)),
      (change) => kept((observer) => this.acceptChange(change, observer, 0)),
    );
  }

  /** Sends nothing more and aborts what is in flight. What is kept stays where it is. */
  async stop(): Promise<void> {
    const isSettling = this.#results.unknownForMs < SETTLE_MS;
    const abandons = isSettling || this.#main.sending || this.#changes.sending;
    this.#gate.stop();
    this.#sync.stop();
    this.#pauses.stop();
    const ended = [...this.#all(), this.#changes].map((part) => part.stop());
    await Promise.all([this.#client, ...this.#retiring, this.queries].map((client) => client.close()));
    await Promise.all(ended);
    if (this.#storage === undefined) return;
    const { main, hold, dead, facts } = this.#storage.spool;
    // If it cannot be stored, the end does not count as orderly.
    await facts.set(ABANDONED, abandons).catch(() => {});
    await this.#main.commit();
    await this.handoff.close();
    await Promise.all([main.close(), hold.close(), dead.close()]);
    await facts.close();
  }

  #wake(): void {
    for (const lanes of this.#all()) lanes.wake();
    this.#changes.schedule();
  }

  #all(): Lanes[] {
    return this.#private === undefined ? [this.#main] : [this.#main, this.#private];
  }

  /** A client's credentials that the disk must not see keep its writes off it. */
  #lanesOf({ destination: { credentials } }: Write): Lanes {
    if (this.#private === undefined || credentials === undefined) return this.#main;
    const { authorization } = this.#output;
    return authorization !== undefined || this.#storesSecrets ? this.#main : this.#private;
  }

  /** A password is stored, as credentials are, only where there is a key for it. */
  #isStorable({ hasPassword, credentials }: Change): boolean {
    return this.#storesSecrets || (!hasPassword && credentials === undefined);
  }

  get #storesSecrets(): boolean {
    return this.#storage === undefined || this.#storage.config.storeCredentials;
  }

  #ownChange(change: Change): Change {
    return this.#output.authorization === undefined ? change : { ...change, credentials: undefined };
  }

  /** With credentials of its own it does not matter whose a write is. */
  #own(write: Write): Write {
    if (this.#output.authorization === undefined || write.destination.credentials === undefined) return write;
    return { ...write, destination: { ...write.destination, credentials: undefined } };
  }
}
