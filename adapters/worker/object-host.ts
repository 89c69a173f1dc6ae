import type { Config, OutputConfig, SpoolConfig } from "../../src/config/config.ts";
import { SPOOL_DEFAULTS } from "../../src/config/defaults.ts";
import { RelayError } from "../../src/errors.ts";
import { createLog, type Log } from "../../src/observe/log.ts";
import { MetricsLog } from "../../src/observe/metrics-log.ts";
import type { Clock } from "../../src/platform.ts";
import { createCredentialSealer } from "../../src/spool/credential-sealer.ts";
import { type Env, findConfig, readConfig } from "./config.ts";
import { ObjectBackend } from "./object-backend.ts";
import { createObjectClock } from "./object-clock.ts";
import { ObjectConnections } from "./object-connections.ts";
import { consoleLog, workerPlatform } from "./platform.ts";
import { type ObjectSpool, openSqlSpool } from "./sql-spool.ts";
import type { SqlStorageArea } from "./sql-storage.ts";

/**
 * The first alarm comes so long after something was stored, and the next one so long after one that failed. Without
 * events an object is evicted after 70 s and more, whatever it waits for: it must come before.
 */
const ALARM_DELAY_MS = 10_000;

interface ObjectHostOptions {
  /** Of the backend. */
  readonly name: string;
  readonly storage: SqlStorageArea;
  readonly env: Env;
  /** Only another event lets more requests out. */
  readonly onExhausted: () => void;
}

export interface OpenSpool {
  readonly spool: ObjectSpool;
  /** Writes below were parked by requests that an earlier life of the object knew. */
  readonly parkedEnd: number;
}

interface Settings {
  readonly output: OutputConfig;
  readonly spool: SpoolConfig;
}

/** What is kept for a backend that the config does not name. */
export class OrphanError extends RelayError {
  constructor() {
    super("ORPHAN", "no output has this name");
  }
}

/** What an object has open: its storage, and its backend while that lacks something, so that an idle one costs nothing. */
export class ObjectHost {
  readonly clock: Clock = createObjectClock(workerPlatform(consoleLog("info")).clock);
  readonly connections: ObjectConnections;
  /** Calls and sessions that are at work. */
  users = 0;
  readonly #options: ObjectHostOptions;
  #config: Config | undefined;
  #log: Log | undefined;
  #metrics: MetricsLog | undefined;
  #spool: Promise<OpenSpool> | undefined;
  #opened: OpenSpool | undefined;
  #opening: Promise<ObjectBackend> | undefined;
  #backend: ObjectBackend | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: ObjectHostOptions) {
    this.#options = options;
    this.connections = new ObjectConnections(this.clock, options.onExhausted);
  }

  get log(): Log {
    this.#log ??= createLog(consoleLog(this.#config?.logLevel ?? "info"), this.clock);
    return this.#log;
  }

  /** Between two alarms, in milliseconds: no longer than the output's `max-delay-interval`. */
  get alarmDelayMs(): number {
    try {
      return Math.min(ALARM_DELAY_MS, this.#settings().output.maxDelayIntervalMs);
    } catch {
      return ALARM_DELAY_MS;
    }
  }

  /** True if nothing waits for anybody. */
  get idle(): boolean {
    if (this.#opening !== undefined) return this.#backend?.idle === true;
    if (this.#opened === undefined) return true;
    const { spool, parkedEnd } = this.#opened;
    return spool.main.bytes + spool.hold.bytes === 0 && spool.parked.first >= parkedEnd;
  }

  /** True if in addition nobody is at work. */
  get done(): boolean {
    return this.users === 0 && this.idle;
  }

  /** Runs something that needs the backend. */
  async use<T>(run: (backend: ObjectBackend) => T | Promise<T>): Promise<T> {
    this.users++;
    try {
      return await run(await this.open());
    } finally {
      this.users--;
    }
  }

  /** @throws {ConfigError} {OrphanError} {SpoolError} */
  open(): Promise<ObjectBackend> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** @throws {ConfigError} {SpoolError} */
  spool(): Promise<OpenSpool> {
    this.#spool ??= this.#openSpool().catch((error) => {
      this.#spool = undefined;
      throw error;
    });
    return this.#spool;
  }

  /** Writes its figures to the log, at most once a minute; while it is closed there are none. */
  tellFigures(): void {
    const backend = this.#backend;
    if (backend === undefined) return;
    this.#metrics ??= new MetricsLog(this.clock, this.log);
    this.#metrics.tell({ scope: "object", backend: this.#options.name }, () => ({
      atMs: this.clock.monotonic(),
      build: { version: "", runtime: "workers", runtimeVersion: "" },
      ...{ listeners: [], udp: [] },
      backends: [backend.figures()],
    }));
  }

  /** Closes the backend if nothing needs it: its timers would keep the object from sleeping. */
  async closeIfDone(): Promise<void> {
    const backend = this.#backend;
    if (backend !== undefined && this.done) {
      this.#backend = undefined;
      this.#opening = undefined;
      this.#spool = undefined;
      this.#opened = undefined;
      this.#closing = backend.close();
    }
    await this.#closing;
  }

  async #open(): Promise<ObjectBackend> {
    const { spool, parkedEnd } = await this.spool();
    const { output, spool: config } = this.#settings();
    const own = workerPlatform(consoleLog(this.#readConfig().logLevel));
    const openHttp = this.connections.bound(own.openHttp);
    const platform = { ...own, clock: this.clock, openHttp };
    const backend = new ObjectBackend(output, config, spool, platform, this.log);
    await backend.open(parkedEnd);
    this.#backend = backend;
    return backend;
  }

  async #openSpool(): Promise<OpenSpool> {
    await this.#closing;
    const key = this.#readConfig().spool?.credentialsKey?.reveal();
    const bytes = key === undefined ? undefined : Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
    const sealer = bytes && (await createCredentialSealer(bytes));
    const spool = openSqlSpool(this.#options.storage, sealer);
    this.#opened = { spool, parkedEnd: spool.parked.next };
    return this.#opened;
  }

  /** Without [spool] nothing new comes, and what is there is delivered. */
  #settings(): Settings {
    const { http, spool } = this.#readConfig();
    const output = http[0]?.outputs.find(({ name }) => name === this.#options.name);
    if (output === undefined) throw new OrphanError();
    return { output, spool: spool ?? SPOOL_DEFAULTS };
  }

  #readConfig(): Config {
    const { env } = this.#options;
    this.#config ??= readConfig(findConfig(env), env);
    return this.#config;
  }
}
