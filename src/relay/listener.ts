import type { Backend } from "../backend/backend.ts";
import type { HttpListenerConfig, SpoolConfig } from "../config/config.ts";
import { createHttpAnswers, createHttpCounters } from "../http/listener.ts";
import { listenerFigures } from "../http/listener-figures.ts";
import type { ListenerFigures } from "../observe/figures.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import { ChangeFanOut } from "../query/change-fan-out.ts";
import { createQueryCounters } from "../query/counters.ts";
import { NoQueries } from "../query/no-queries.ts";
import type { Queries } from "../query/query.ts";
import { QueryService } from "../query/service.ts";
import { createPlanCounters } from "../query/sharded/plan.ts";
import { ShardedQueryService } from "../query/sharded/sharded-service.ts";
import { withSkipped } from "../query/skipped-changes.ts";
import { replicaSets } from "../shard/sets.ts";
import { Sharding, type ShardingStatus } from "../shard/sharding.ts";
import type { Budget } from "../write/budget.ts";
import { FanOut } from "../write/fan-out.ts";
import type { Reply, Write, Writer } from "../writer.ts";

/** An HTTP listener's side of the relay: where its writes go. */
export class Listener implements Writer {
  config: HttpListenerConfig;
  backends: readonly Backend[];
  readonly counters = createHttpCounters();
  readonly answers = createHttpAnswers();
  readonly queryCounters = createQueryCounters();
  readonly #plans = createPlanCounters();
  queries: Queries;
  sharding: Sharding | undefined;
  /** The backends in groups that are replicas of each other: one, or one a shard. */
  sets: readonly (readonly Backend[])[];
  #writer: Writer;
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
    this.sets = replicaSets(config, backends);
    this.sharding = config.sharding && new Sharding(config.sharding);
    this.#writer = this.#createWriter();
    this.queries = this.#query();
  }

  /** Left the config: what clients are just sending goes to those of its backends that are still there. */
  retire(live: ReadonlySet<Backend>): void {
    this.sets = this.sets.map((set) => set.filter((backend) => live.has(backend)));
    this.backends = this.sets.flat();
    this.#writer = this.#createWriter();
  }

  reconfigure(
    config: HttpListenerConfig,
    backends: readonly Backend[],
    spool: SpoolConfig | undefined,
  ): void {
    this.config = config;
    this.backends = backends;
    this.#spool = spool;
    this.sets = replicaSets(config, backends);
    this.sharding = config.sharding && new Sharding(config.sharding, this.sharding);
    this.#writer = this.#createWriter();
    this.queries = this.#query();
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    return this.#writer.post(write, signal);
  }

  #query(): Queries {
    const { name, query, queryTimeoutMs, syncWaitMs, readOnly, deny, maxRowsPulled } = this.config;
    const { clock, random, gunzip } = this.#platform;
    const common = {
      ...{ clock, random, gunzip },
      listener: name,
      policy: query,
      timeoutMs: queryTimeoutMs,
      syncWaitMs,
      rules: { readOnly, deny },
      counters: this.queryCounters,
      log: this.#log,
    };
    const sides = this.sets.map((set) => {
      const replicas = set.filter(({ queries }) => queries.hasInfluxql);
      const changes = new ChangeFanOut({ replicas, clock, onDisk: this.#spool !== undefined });
      const others = set.filter(({ queries }) => !queries.hasInfluxql);
      const skipped = others.map((backend) => ({ name: backend.name, counters: backend.handoff.counters }));
      return { replicas, changes: withSkipped(changes, skipped, this.#log) };
    });
    if (sides.some(({ replicas }) => replicas.length === 0)) return new NoQueries(this.queryCounters);
    if (this.sharding !== undefined) {
      const { map } = this.sharding;
      return new ShardedQueryService({ ...common, map, shards: sides, maxRowsPulled, plans: this.#plans });
    }
    const [side] = sides as [(typeof sides)[number]];
    return new QueryService({ ...common, ...side, background: () => {} });
  }

  /** What `/status` shows of the shards; undefined if there are none. */
  shardingStatus(): ShardingStatus | undefined {
    return this.sharding?.status(this.sets.map((set) => set.map(({ name }) => name)));
  }

  figures(): ListenerFigures {
    const shards = this.shardingStatus()?.shards;
    return listenerFigures(this, shards && { plans: { ...this.#plans }, shards });
  }

  #createWriter(): Writer {
    const outputs = replicaSets(this.config, this.config.outputs);
    const fanOuts = this.sets.map((set, i) => {
      return this.#fan(set, Math.max(...(outputs[i] ?? []).map(({ timeoutMs }) => timeoutMs)));
    });
    return this.sharding?.router(fanOuts) ?? (fanOuts[0] as Writer);
  }

  #fan(replicas: readonly Backend[], deadlineMs: number): FanOut {
    const { clock } = this.#platform;
    const spool = this.#spool && {
      graceMs: this.#spool.graceMs,
      refuseWhenFull: this.#spool.whenFull === "refuse",
    };
    return new FanOut({
      replicas,
      clock,
      deadlineMs,
      budget: this.#budget,
      ...(spool && { spool }),
    });
  }
}
