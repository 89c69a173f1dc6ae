import type { Backend } from "../backend/backend.ts";
import type { HttpListenerConfig, SpoolConfig } from "../config/config.ts";
import { createHttpCounters } from "../http/listener.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import { createQueryCounters } from "../query/counters.ts";
import { DirectChanges } from "../query/direct-changes.ts";
import { QueryService } from "../query/service.ts";
import type { Budget } from "../write/budget.ts";
import { FanOut } from "../write/fan-out.ts";
import type { Reply, Write, Writer } from "../writer.ts";

/** An HTTP listener's side of the relay: where its writes go. */
export class Listener implements Writer {
  config: HttpListenerConfig;
  backends: readonly Backend[];
  readonly counters = createHttpCounters();
  readonly queryCounters = createQueryCounters();
  queries: QueryService;
  #fanOut: FanOut;
  readonly #platform: Platform;
  readonly #budget: Budget;
  readonly #log: Log;

  #spool: SpoolConfig | undefined;

  constructor(
    config: HttpListenerConfig,
    backends: readonly Backend[],
    spool: SpoolConfig | undefined,
    platform: Platform,
    budget: Budget,
    log: Log,
  ) {
    this.#platform = platform;
    this.#log = log;
    this.#budget = budget;
    this.config = config;
    this.backends = backends;
    this.#spool = spool;
    this.#fanOut = this.#fan();
    this.queries = this.#query();
  }

  /** Left the config: what clients are just sending goes to those of its backends that are still there. */
  retire(live: ReadonlySet<Backend>): void {
    const left = this.backends.filter((backend) => live.has(backend));
    this.reconfigure(this.config, left, this.#spool);
  }

  reconfigure(
    config: HttpListenerConfig,
    backends: readonly Backend[],
    spool: SpoolConfig | undefined,
  ): void {
    this.config = config;
    this.backends = backends;
    this.#spool = spool;
    this.#fanOut = this.#fan();
    this.queries = this.#query();
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    return this.#fanOut.post(write, signal);
  }

  #query(): QueryService {
    const { name, query, queryTimeoutMs, syncWaitMs, readOnly, deny } = this.config;
    const { clock, random } = this.#platform;
    return new QueryService({
      listener: name,
      replicas: this.backends,
      changes: new DirectChanges(this.backends, this.#log),
      policy: query,
      timeoutMs: queryTimeoutMs,
      syncWaitMs,
      rules: { readOnly, deny },
      clock,
      random,
      counters: this.queryCounters,
      log: this.#log,
      background: () => {},
    });
  }

  #fan(): FanOut {
    const deadlineMs = Math.max(...this.config.outputs.map(({ timeoutMs }) => timeoutMs));
    const { clock } = this.#platform;
    const spool = this.#spool && {
      graceMs: this.#spool.graceMs,
      refuseWhenFull: this.#spool.whenFull === "refuse",
    };
    return new FanOut({
      replicas: this.backends,
      clock,
      deadlineMs,
      budget: this.#budget,
      ...(spool && { spool }),
    });
  }
}
