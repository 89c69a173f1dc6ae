import { Backend } from "./backend/backend.ts";
import type { BackendStatus } from "./backend/backend-status.ts";
import type {
  Config,
  HttpListenerConfig,
  OutputConfig,
  RecoveryConfig,
  SpoolConfig,
} from "./config/config.ts";
import type { AppListener, HttpCounters } from "./http/listener.ts";
import type { Figures } from "./observe/figures.ts";
import { createLog, type Log } from "./observe/log.ts";
import { type PeerStatus, Peers } from "./peers/peers.ts";
import type { Platform } from "./platform.ts";
import type { QueryCounters } from "./query/counters.ts";
import { AutoRecovery } from "./recovery/auto-recovery.ts";
import { createTaskRunner } from "./recovery/auto-run.ts";
import type { AutoStatus } from "./recovery/auto-status.ts";
import { type CheckStatus, ScheduledCheck } from "./recovery/scheduled-check.ts";
import { FieldCheck, type FieldTypesStatus } from "./relay/field-check.ts";
import { recoveryFigures, removedFigures } from "./relay/figures.ts";
import { Listener } from "./relay/listener.ts";
import { MissingDatabases } from "./relay/missing-databases.ts";
import { nameOf, signatureOf } from "./relay/names.ts";
import { Storages } from "./relay/storages.ts";
import { checkTlsFiles } from "./relay/tls-files.ts";
import { MAP_ALGORITHM, MAP_VERSION } from "./shard/map.ts";
import type { ShardingStatus } from "./shard/sharding.ts";
import { UdpListeners, type UdpStatus } from "./udp/listeners.ts";
import { Budget } from "./write/budget.ts";
import { createStampClock } from "./write/precision.ts";

/** Bytes of bodies whose clients may wait for an answer at a time; who comes beyond it is told to come later. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** A start waits this long for the backends to say that they are there, and for none that hangs. */
const GREETING_MS = 500;
/** How often a stop looks whether everything in flight has ended, in milliseconds. */
const STOP_POLL_MS = 10;

/** The state of the relay as `/status` shows it. */
export interface RelayStatus {
  readonly runtime: Platform["runtime"];
  readonly listeners: readonly {
    name: string;
    consistency: string;
    replicas: readonly string[];
    counters: Readonly<HttpCounters>;
    queries: Readonly<QueryCounters>;
    /** Absent if every replica gets every write. */
    sharding?: ShardingStatus;
  }[];
  readonly udp: readonly UdpStatus[];
  /** Bodies whose clients wait for an answer, and writes refused because there were too many. */
  readonly waiting: { readonly bytes: number; readonly refused: number };
  readonly backends: readonly BackendStatus[];
  /** Backends that a reload took out of the config while they still lacked something. */
  readonly removed: readonly BackendStatus[];
  /** Fields that replicas store with different types. */
  readonly fieldTypes: FieldTypesStatus;
  readonly recovery: {
    readonly mode: RecoveryConfig["mode"];
    readonly backends: readonly AutoStatus[];
    readonly check: CheckStatus;
  };
  /** The other relays that share backends with this one. */
  readonly peers: readonly PeerStatus[];
}

/** What a stop left undone. */
export interface Leftover {
  readonly backend: string;
  readonly records: number;
  readonly bytes: number;
}

/** One relay: listeners over replica sets over backends, and what they share. */
export class Relay {
  readonly log: Log;
  readonly peers: Peers;
  readonly #platform: Platform;
  readonly #stampClock: () => bigint;
  readonly #stopping = new AbortController();
  readonly #listeners = new Map<string, Listener>();
  readonly #udp: UdpListeners;
  readonly #budget = new Budget(MAX_WAITING_BYTES);
  #backends = new Map<string, Backend>();
  #outputs = new Map<string, string>();
  #removed: Backend[] = [];
  #spool: SpoolConfig | undefined;
  readonly #storages: Storages;
  readonly #fieldCheck: FieldCheck;
  #recoveryConfig: RecoveryConfig;
  readonly #recovery: AutoRecovery;
  readonly #check: ScheduledCheck;

  /**
   * A relay with its spool.
   * @throws {ConfigError} when a certificate cannot be used.
   * @throws {SpoolError} when the spool cannot be opened, or another process has it.
   */
  static async open(config: Config, platform: Platform): Promise<Relay> {
    checkTlsFiles(config, platform);
    const relay = new Relay(config, platform);
    try {
      await relay.#storages.prepare(config, new Set());
      relay.#apply(config);
      return relay;
    } catch (error) {
      await relay.#storages.close();
      throw error;
    }
  }

  private constructor({ recovery }: Config, platform: Platform) {
    this.#platform = platform;
    this.log = createLog(platform.log, platform.clock);
    this.#storages = new Storages(platform, this.log);
    this.#stampClock = createStampClock(platform.clock);
    this.#fieldCheck = new FieldCheck({
      clock: platform.clock,
      log: this.log,
      replicaSets: () => this.#sets(),
    });
    this.#recoveryConfig = recovery;
    const common = {
      ...{ platform, log: this.log },
      config: () => this.#recoveryConfig,
      sets: () => this.#sets(),
    };
    this.peers = new Peers({ platform, log: this.log, self: () => this.#self() });
    this.#recovery = new AutoRecovery({
      ...common,
      run: createTaskRunner(platform),
      lease: (backend, lacking) => this.peers.leaseRepair(backend, lacking),
      missing: new MissingDatabases(platform.clock),
    });
    this.#check = new ScheduledCheck(common);
    this.#udp = new UdpListeners({
      platform,
      log: this.log,
      stampClock: this.#stampClock,
      signal: this.#stopping.signal,
      writer: (name) => this.#listeners.get(name) as Listener,
    });
  }

  /** Asks the backends whether they are there and opens the UDP listeners. Rejects with a BindError. */
  async start(config: Config): Promise<void> {
    await Promise.all([...this.#backends.values()].map((backend) => backend.open()));
    await this.#storages.tellOrphans(new Set(this.#backends.keys()));
    const greetings = [...this.#backends.values()].map((backend) => backend.greet());
    await Promise.race([Promise.all(greetings), this.#until(this.#platform.clock.monotonic() + GREETING_MS)]);
    for (const backend of this.#backends.values()) void backend.watch();
    this.#fieldCheck.start();
    this.#recovery.start();
    this.#check.start();
    this.peers.start();
    await this.#udp.apply(config.udp);
  }

  /**
   * Takes over a new config: connections and backlogs of backends that stay in it stay.
   * @throws {RelayError}
   */
  async reload(config: Config): Promise<void> {
    checkTlsFiles(config, this.#platform);
    await this.#storages.prepare(config, new Set(this.backends().map(({ name }) => name)));
    // What they collected is for listeners and backends that may leave with them.
    await this.#udp.closeOthers(config.udp);
    const before = new Set(this.#backends.values());
    this.#apply(config);
    const fresh = [...this.#backends.values()].filter((backend) => !before.has(backend));
    await Promise.all(fresh.map((backend) => backend.open()));
    for (const backend of fresh) void backend.watch();
    await this.#udp.apply(config.udp);
  }

  /** What the HTTP side of one listener needs. */
  listener(name: string): AppListener {
    const listener = this.#listeners.get(name) as Listener;
    return {
      config: listener.config,
      writer: () => listener,
      signal: this.#stopping.signal,
      stampClock: this.#stampClock,
      log: this.log,
      counters: listener.counters,
      answers: listener.answers,
      queries: () => listener.queries,
      queryCounters: listener.queryCounters,
      backendVersion: () =>
        listener.backends.find(
          ({ up, version, queries }) => up && version !== undefined && queries.hasInfluxql,
        )?.version,
      ready: () => ({
        writes: listener.backends.some(({ up }) => up),
        queries: listener.sets.every((set) =>
          set.some((backend) => backend.queries.hasInfluxql && backend.isInSync()),
        ),
      }),
      outOfSync: (name) => listener.backends.find((backend) => backend.name === name)?.outOfSync(),
      status: () => this.status(),
      figures: () => this.figures(),
    };
  }

  /** All of them, also those that left the config and still lack something. */
  backends(): readonly Backend[] {
    return [...this.#backends.values(), ...this.#removed];
  }

  status(): RelayStatus {
    this.#closeDelivered();
    return {
      runtime: this.#platform.runtime,
      listeners: [...this.#listeners.values()].map((listener) => {
        const { config, backends, counters, queryCounters } = listener;
        const sharding = listener.shardingStatus();
        return {
          name: config.name,
          consistency: config.consistency,
          replicas: backends.map(({ name }) => name),
          counters: { ...counters },
          queries: { ...queryCounters },
          ...(sharding && { sharding }),
        };
      }),
      udp: this.#udp.status(),
      waiting: { bytes: this.#budget.bytes, refused: this.#budget.refused },
      backends: [...this.#backends.values()].map((backend) => backend.status()),
      removed: this.#removed.map((backend) => backend.status()),
      fieldTypes: this.#fieldCheck.status,
      recovery: {
        mode: this.#recoveryConfig.mode,
        backends: this.#recovery.status(),
        check: this.#check.status,
      },
      peers: this.peers.status(),
    };
  }

  /** What `/metrics` and whoever draws the relay are made from. */
  figures(): Figures {
    this.#closeDelivered();
    const { clock, build, processFigures, runtime } = this.#platform;
    return {
      atMs: clock.monotonic(),
      build: { version: "", runtimeVersion: "", ...build, runtime },
      process: processFigures?.(),
      listeners: [...this.#listeners.values()].map((listener) => listener.figures()),
      udp: this.#udp.status(),
      waiting: { bytes: this.#budget.bytes, refused: this.#budget.refused },
      backends: [...this.#backends.values()].map((backend) => backend.figures()),
      removed: removedFigures(this.#removed),
      recovery: recoveryFigures(this.#recovery, this.#check.status),
      fieldTypeConflicts: this.#fieldCheck.status.conflicts.length + this.#fieldCheck.status.omitted,
    };
  }

  /**
   * Ends: flushes what UDP collected, waits until `deadline` (monotonic milliseconds) for what is in flight and
   * what can still be delivered, and closes the connections. Returns what is left: acknowledged writes that some
   * backend lacks and that end with this process.
   */
  async stop(deadline: number): Promise<Leftover[]> {
    const { clock } = this.#platform;
    this.#fieldCheck.stop();
    const ended = Promise.all([this.#udp.stop(), this.#recovery.stop(), this.#check.stop()]);
    await Promise.race([ended, this.#until(deadline)]);
    const backends = [...this.#backends.values(), ...this.#removed];
    while (backends.some(({ busy }) => busy) && clock.monotonic() < deadline) {
      await this.#until(clock.monotonic() + STOP_POLL_MS);
    }
    this.#stopping.abort();
    this.peers.stop();
    await Promise.all(backends.map((backend) => backend.stop()));
    await this.#storages.close();
    return backends
      .map(({ name, volatile }) => ({ backend: name, ...volatile }))
      .filter(({ records }) => records > 0);
  }

  /** What peers may know of it. */
  #self() {
    const listeners = [...this.#listeners.values()].map(({ config: { name }, sharding }) => {
      if (sharding === undefined) return { name };
      return { name, map: { version: MAP_VERSION, algorithm: MAP_ALGORITHM, hash: sharding.map.hash } };
    });
    return { backends: [...this.#backends.keys()], listeners };
  }

  /** The backends that have the same data, set by set: those that can be asked for it. */
  #sets(): (readonly Backend[])[] {
    return [...this.#listeners.values()].flatMap(({ sets }) =>
      sets.map((set) => set.filter(({ queries }) => queries.hasInfluxql)),
    );
  }

  #until(time: number): Promise<void> {
    const { clock } = this.#platform;
    return new Promise((resolve) => {
      clock.after(Math.max(0, time - clock.monotonic()), resolve);
    });
  }

  #apply(config: Config): void {
    const before = this.#backends;
    const signatures = this.#outputs;
    const removed = this.#removed;
    this.#spool = config.spool;
    this.#recoveryConfig = config.recovery;
    this.#backends = new Map();
    this.#outputs = new Map();
    let sets: Map<HttpListenerConfig, Backend[]>;
    try {
      sets = new Map(config.http.map((http) => [http, this.#backendsOf(http, before, signatures)]));
      this.peers.apply(config.admin);
    } catch (error) {
      const known = new Set([...before.values(), ...removed]);
      for (const backend of this.#backends.values()) if (!known.has(backend)) void backend.stop();
      this.#backends = before;
      this.#removed = removed;
      // Without signatures the next config is applied to all of them, whether they took this one over or not.
      this.#outputs = new Map();
      throw error;
    }
    const live = new Set(this.#backends.values());
    for (const backend of before.values()) if (!live.has(backend)) this.#remove(backend);
    for (const [name, listener] of this.#listeners) {
      if (config.http.some((http) => http.name === name)) continue;
      listener.retire(live);
      this.#listeners.delete(name);
    }
    this.#closeDelivered();
    for (const [http, backends] of sets) {
      const listener = this.#listeners.get(http.name);
      if (listener !== undefined) {
        const map = listener.sharding?.map.hash;
        listener.reconfigure(http, backends, config.spool);
        this.#tellMap(http.name, map, listener.sharding?.map.hash);
      } else {
        const created = new Listener(http, backends, config.spool, this.#platform, this.#budget, this.log);
        this.#listeners.set(http.name, created);
      }
    }
  }

  /** Which shard gets what is a promise to whoever reads: somebody should know that it changed. */
  #tellMap(listener: string, before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    this.log.warn("shard-map-changed", {
      listener,
      before: before ?? "no shards",
      after: after ?? "no shards",
      next: "what is stored stays where it is, and new points of some keys go to other servers: take the change back, or move what influxdb-relay shards check finds",
    });
  }

  #backendsOf(
    http: HttpListenerConfig,
    before: Map<string, Backend>,
    signatures: Map<string, string>,
  ): Backend[] {
    return http.outputs.map((output) => {
      const name = nameOf(output, http, this.#outputs);
      const signature = signatureOf(output);
      const shared = this.#backends.get(name);
      if (shared !== undefined) return shared;
      const backend = this.#keepOrCreate(name, output, before.get(name), signatures.get(name) !== signature);
      this.#backends.set(name, backend);
      this.#outputs.set(name, signature);
      return backend;
    });
  }

  #keepOrCreate(name: string, output: OutputConfig, known: Backend | undefined, changed: boolean): Backend {
    // What is stored for a name is for the server that has it now; in memory it is for the server that lacked it.
    const stored = this.#spool !== undefined;
    const same = (backend: Backend) => backend.name === name && (stored || backend.origin === output.origin);
    const backend = known !== undefined && same(known) ? known : this.#removed.find(same);
    if (backend === undefined) return this.#create(name, output);
    this.#removed = this.#removed.filter((other) => other !== backend);
    const certificates = output.ca !== undefined || output.cert !== undefined;
    if (changed || certificates) backend.reconfigure(output);
    if (this.#spool !== undefined) backend.bound(this.#spool);
    return backend;
  }

  #create(name: string, output: OutputConfig): Backend {
    const spool = this.#storages.take(name);
    const storage = spool && this.#spool && { spool, config: this.#spool };
    return new Backend(name, output, this.#platform, this.log, storage);
  }

  /** A backend that left the config still gets what it lacks, if it can; it is closed once it lacks nothing. */
  #remove(backend: Backend): void {
    const { records, bytes } = backend.backlog;
    this.#removed.push(backend);
    if (records > 0)
      this.log.warn("backend-removed-with-backlog", {
        backend: backend.name,
        records,
        bytes,
        next: "its writes are kept and delivered if it answers; put it back into the config to see it among the others",
      });
  }

  #closeDelivered(): void {
    for (const backend of this.#removed) {
      if (!backend.idle) continue;
      this.#storages.giveBack(backend.name, backend.stop());
    }
    this.#removed = this.#removed.filter(({ idle }) => !idle);
  }
}
