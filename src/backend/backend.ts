import type { OutputConfig } from "../config/config.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import { MemoryStore } from "../spool/memory-store.ts";
import type { TimeRange } from "../spool/time-ranges.ts";
import type { Destination, OutcomeKind, Reply, Write } from "../writer.ts";
import { Apart } from "./apart.ts";
import { BackendClient } from "./client.ts";
import { DefaultPolicies } from "./default-policies.ts";
import { Entry } from "./entry.ts";
import { Gate } from "./gate.ts";
import { Handoff } from "./handoff.ts";
import { Lane } from "./lane.ts";
import type { LaneContext, Resting } from "./lane-context.ts";
import type { Acceptance, Replica, ReplyObserver } from "./replica.ts";

/** A {@link TimeRange} for JSON: nanoseconds since 1970 as text. */
export interface RangeStatus {
  readonly db: string;
  readonly rp: string;
  readonly min: string;
  readonly max: string;
}

/** What a backend looks like from outside: names and figures, no addresses and no secrets. */
export interface BackendStatus {
  readonly name: string;
  /** `down`: it does not answer. `behind`: it answers, and lacks something. */
  readonly state: "up" | "behind" | "down";
  readonly version: string | undefined;
  readonly backlog: { readonly records: number; readonly bytes: number };
  readonly lanes: number;
  /** Destinations that the backend is not ready for, and its words. */
  readonly held: readonly { readonly db: string; readonly rp: string; readonly records: number }[];
  /** Where writes for it were dropped, and where it may differ from its replicas for another reason. */
  readonly lost: readonly RangeStatus[];
  readonly suspect: readonly RangeStatus[];
  /** Requests by outcome. Each carried one write or several. */
  readonly requests: Readonly<Record<OutcomeKind, number>>;
  /** Writes that the requests carried; one that was sent again counts again. */
  readonly writes: number;
  readonly counters: Handoff["counters"];
}

/** One InfluxDB server: its connections, the order of what goes to it, and what it lacks. */
export class Backend implements Replica {
  readonly name: string;
  readonly handoff: Handoff;
  readonly #platform: Platform;
  #output: OutputConfig;
  #client: BackendClient;
  /** Clients from before a change of options, while something may be in flight with them. */
  readonly #retiring = new Set<BackendClient>();
  readonly #gate: Gate;
  readonly #policies: DefaultPolicies;
  readonly #context: LaneContext;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes of destinations that the backend is not ready for. */
  readonly #held = new Map<string, Lane>();
  readonly #requests: Record<OutcomeKind, number> = {
    stored: 0,
    rejected: 0,
    "not-ready": 0,
    overloaded: 0,
    unreachable: 0,
  };
  #writes = 0;
  #stopped = false;
  #seq = 0;

  constructor(name: string, output: OutputConfig, platform: Platform, log: Log) {
    this.name = name;
    this.#platform = platform;
    this.#output = output;
    this.#client = new BackendClient(output, platform);
    this.handoff = new Handoff({ backend: name, store: new MemoryStore(), maxBytes: output.bufferSize, log });
    this.#gate = new Gate({
      clock: platform.clock,
      random: platform.random,
      maxDelayMs: () => this.#output.maxDelayIntervalMs,
      ping: () => this.#client.ping(),
      onChange: (open, reason) => {
        if (open) log.info("backend-up", { backend: name });
        else
          log.warn("backend-down", {
            backend: name,
            reason,
            next: "it is asked again until it answers",
          });
        if (open) for (const lane of [...this.#lanes.values(), ...this.#held.values()]) lane.wake();
      },
    });
    this.#policies = new DefaultPolicies(platform.clock, (db, credentials) =>
      this.#client.defaultPolicy(db, credentials),
    );
    this.#context = {
      clock: platform.clock,
      random: platform.random,
      client: () => this.#client,
      gate: this.#gate,
      handoff: this.handoff,
      apart: new Apart(platform.clock),
      maxDelayMs: () => this.#output.maxDelayIntervalMs,
      maxBatchBytes: () => this.#output.maxBatchBytes,
      defer: (run) => platform.defer(run),
      hold: (entries, failed, reply) => this.#hold(entries, failed, reply),
      idle: (lane) => this.#forget(lane),
      observed: (reply, writes) => {
        this.#requests[reply.kind]++;
        this.#writes += writes;
      },
    };
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

  takes({ destination }: Write): boolean {
    const lane = this.#heldLane(destination) ?? this.#lanes.get(this.#key(this.#lanes, destination));
    return lane === undefined ? this.#gate.mayTry : lane.takes;
  }

  accept(write: Write, observer: ReplyObserver, index: number): Acceptance {
    const { destination } = write;
    const lane = this.#heldLane(destination) ?? this.#lane(this.#lanes, destination, false);
    const entry = new Entry(this.#seq++, write, lane, observer, index);
    lane.push(entry);
    return entry;
  }

  diverged(write: Write, reply: Reply): void {
    this.handoff.diverged(write, reply);
  }

  /** Asks the backend whether it is there, so that its state is known before the first write. */
  async greet(): Promise<void> {
    if (!(await this.#client.ping())) this.#gate.failed("no answer to ping");
  }

  /** Takes over changed options and certificates. What is kept stays, and what is in flight ends as it began. */
  reconfigure(output: OutputConfig): void {
    const { clock } = this.#platform;
    const old = this.#client;
    this.#client = new BackendClient(output, this.#platform);
    this.#client.version = old.version;
    this.#retiring.add(old);
    clock.after(this.#output.timeoutMs, () => {
      this.#retiring.delete(old);
      void old.close();
    });
    this.#output = output;
    this.handoff.maxBytes = output.bufferSize;
  }

  /** True while a request is in flight or something waits that could be sent. */
  get busy(): boolean {
    for (const lane of this.#lanes.values()) if (lane.takes && lane.depth > 0) return true;
    return false;
  }

  /** True while it has no write at all. */
  get idle(): boolean {
    return this.#lanes.size === 0 && this.#held.size === 0;
  }

  status(): BackendStatus {
    const { records, bytes, lost, suspect, counters } = this.handoff;
    return {
      name: this.name,
      state: !this.up ? "down" : records > 0 ? "behind" : "up",
      version: this.version?.version,
      backlog: { records, bytes },
      lanes: this.#lanes.size,
      held: [...this.#held.values()].map((lane) => ({ ...place(lane.key), records: lane.depth })),
      lost: lost.list().map(rangeStatus),
      suspect: suspect.list().map(rangeStatus),
      requests: { ...this.#requests },
      writes: this.#writes,
      counters: { ...counters },
    };
  }

  /** Sends nothing more and aborts what is in flight. What is kept stays where it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#gate.stop();
    const ended = [...this.#lanes.values(), ...this.#held.values()].map((lane) => lane.stop());
    await Promise.all([this.#client, ...this.#retiring].map((client) => client.close()));
    await Promise.all(ended);
  }

  /**
   * A write that names no policy shares the lane of the default one, so that they keep their order. Once the default
   * is known, what waits in the lane of unnamed policies goes on in that of the default one; if both are in use they
   * stay apart until one is idle, because no write may overtake one of its own lane.
   */
  #key(lanes: Map<string, Lane>, destination: Destination): string {
    const { db, rp, credentials } = destination;
    const user = lanes === this.#held ? credentials?.authorization : undefined;
    const policy = this.#policies.of(db, credentials);
    if (policy === undefined) return laneKey(db, rp, user);
    const key = laneKey(db, policy, user);
    const unnamed = lanes.get(laneKey(db, "", user));
    if (unnamed === undefined) return rp === "" ? key : laneKey(db, rp, user);
    if (lanes.has(key)) return laneKey(db, rp, user);
    lanes.delete(unnamed.key);
    unnamed.key = key;
    lanes.set(key, unnamed);
    return rp === "" ? key : laneKey(db, rp, user);
  }

  #heldLane(destination: Destination): Lane | undefined {
    return this.#held.size === 0 ? undefined : this.#held.get(this.#key(this.#held, destination));
  }

  #lane(lanes: Map<string, Lane>, destination: Destination, held: boolean): Lane {
    const key = this.#key(lanes, destination);
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(key, this.#context, held);
      lanes.set(key, lane);
      if (this.#stopped) void lane.stop();
    }
    return lane;
  }

  #hold(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply): void {
    const { destination } = entries[0] as Entry;
    this.#lane(this.#held, destination, true).adopt(entries, failed, reply);
  }

  #forget(lane: Resting): void {
    const lanes = lane.held ? this.#held : this.#lanes;
    if (lanes.get(lane.key) === lane) lanes.delete(lane.key);
    void lane.stop();
  }
}

function rangeStatus({ db, rp, minNs, maxNs }: TimeRange): RangeStatus {
  return { db, rp, min: String(minNs), max: String(maxNs) };
}

function laneKey(db: string, rp: string, user = ""): string {
  return `${db}\0${rp}\0${user}`;
}

function place(key: string): { db: string; rp: string } {
  const [db = "", rp = ""] = key.split("\0");
  return { db, rp };
}
