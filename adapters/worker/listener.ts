import { DirectBackend, type DirectProbe } from "../../src/backend/direct.ts";
import type { WaitUntil } from "../../src/backend/direct-delivery.ts";
import type { Config, HttpListenerConfig, SpoolConfig } from "../../src/config/config.ts";
import { type AppListener, createHttpAnswers, createHttpCounters } from "../../src/http/listener.ts";
import { listenerFigures } from "../../src/http/listener-figures.ts";
import type { Figures } from "../../src/observe/figures.ts";
import { createLog } from "../../src/observe/log.ts";
import type { Platform } from "../../src/platform.ts";
import { createQueryCounters } from "../../src/query/counters.ts";
import { DirectChanges } from "../../src/query/direct-changes.ts";
import { NoQueries } from "../../src/query/no-queries.ts";
import type { Queries } from "../../src/query/query.ts";
import type { ReadReplica } from "../../src/query/replica.ts";
import { QueryService } from "../../src/query/service.ts";
import { createPlanCounters } from "../../src/query/sharded/plan.ts";
import { ShardedQueryService } from "../../src/query/sharded/sharded-service.ts";
import { withSkipped } from "../../src/query/skipped-changes.ts";
import { replicaSets } from "../../src/shard/sets.ts";
import { Sharding } from "../../src/shard/sharding.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import { createStampClock } from "../../src/write/precision.ts";
import type { Writer } from "../../src/writer.ts";
import { openKeeper } from "./keeper.ts";
import type { SpoolObject } from "./spool-object.ts";

/** The app's listener, and what a Worker must do itself before it shows its figures. */
export interface WorkerListener extends AppListener {
  /** Asks the objects for their figures, which `status` then shows. Never rejects. */
  refreshStatus(): Promise<void>;
  /** Those of this isolate. */
  isolateFigures(): Figures;
}

/**
 * A relay without lanes and without memory beyond a request, but for what goes to the backends' objects. Requests
 * share its counters and its config, and nothing that does input or output.
 * @param objects must be there if the config has [spool].
 */
export function createListener(
  { http, spool }: Config,
  objects: DurableObjectNamespace<SpoolObject> | undefined,
  platform: Platform,
): WorkerListener {
  // That there is exactly one was checked.
  const config = http[0] as HttpListenerConfig;
  const log = createLog(platform.log, platform.clock);
  const backends = config.outputs.map((output) => new DirectBackend(output, platform, log));
  const counters = createHttpCounters();
  const answers = createHttpAnswers();
  const plans = createPlanCounters();
  const queryCounters = createQueryCounters();
  const sets = replicaSets(config, backends);
  const timeouts = replicaSets(config, config.outputs).map((outputs) =>
    Math.max(...outputs.map((output) => output.timeoutMs)),
  );
  const sharding = config.sharding && new Sharding(config.sharding);
  // The runtime bounds what an isolate holds, and a count of what cut-off requests held would never end.
  const budget = new Budget(Number.POSITIVE_INFINITY);

  /** Lets what is known of the backends' objects be fresh. */
  async function refresh(
    set: readonly DirectBackend[],
    namespace: DurableObjectNamespace<SpoolObject>,
    waitUntil: WaitUntil,
  ): Promise<void> {
    await Promise.all(set.map(({ name, known }) => known.refresh(openKeeper(namespace, name), waitUntil)));
  }

  function inMemory(set: readonly DirectBackend[], timeoutMs: number, waitUntil: WaitUntil): Writer {
    const replicas = set.map((backend) => backend.replica({ waitUntil }));
    return new FanOut({ replicas, clock: platform.clock, deadlineMs: timeoutMs, budget });
  }

  function inObjects(
    set: readonly DirectBackend[],
    timeoutMs: number,
    { graceMs, whenFull, storeCredentials }: SpoolConfig,
    namespace: DurableObjectNamespace<SpoolObject>,
    waitUntil: WaitUntil,
  ): Writer {
    const { clock } = platform;
    const requests = set.map(({ name }) => ({ waitUntil, keeper: openKeeper(namespace, name) }));
    const replicas = requests.map((request, i) =>
      (set[i] as DirectBackend).replica(request, storeCredentials),
    );
    return {
      async post(write, signal) {
        const since = clock.monotonic();
        await refresh(set, namespace, waitUntil);
        const deadlineMs = Math.max(1, timeoutMs - (clock.monotonic() - since));
        const safely = { graceMs, refuseWhenFull: whenFull === "refuse" };
        return new FanOut({ replicas, clock, deadlineMs, budget, spool: safely }).post(write, signal);
      },
    };
  }

  function service(background: (work: Promise<unknown>) => void): Queries {
    const { name: listener, query, queryTimeoutMs, syncWaitMs, readOnly, deny, maxRowsPulled } = config;
    const common = {
      ...{ clock: platform.clock, random: platform.random, gunzip: platform.gunzip },
      ...{ listener, log },
      policy: query,
      timeoutMs: queryTimeoutMs,
      syncWaitMs,
      rules: { readOnly, deny },
      counters: queryCounters,
    };
    const sides = sets.map((set) => {
      const asked = set.filter(({ queries }) => queries.hasInfluxql);
      const skipped = set.filter(({ queries }) => !queries.hasInfluxql);
      const changes = withSkipped(new DirectChanges(asked, log), skipped, log);
      return { replicas: asked.map(readReplica), changes };
    });
    if (sides.some(({ replicas }) => replicas.length === 0)) return new NoQueries(queryCounters);
    if (sharding !== undefined) {
      return new ShardedQueryService({ ...common, map: sharding.map, shards: sides, maxRowsPulled, plans });
    }
    const [side] = sides as [(typeof sides)[number]];
    return new QueryService({ ...common, ...side, background });
  }

  /** Asks now: what an isolate knew of its backends would be as old as its last request. */
  function probe(backend: DirectBackend): Promise<DirectProbe> {
    return backend.probe(spool && objects && openKeeper(objects, backend.name));
  }

  return {
    config,
    queries: async ({ executionCtx }) => {
      const waitUntil: WaitUntil = (promise) => executionCtx.waitUntil(promise);
      if (spool !== undefined && objects !== undefined) await refresh(backends, objects, waitUntil);
      return service(waitUntil);
    },
    queryCounters,
    writer: ({ executionCtx }) => {
      const waitUntil: WaitUntil = (promise) => executionCtx.waitUntil(promise);
      const writers = sets.map((set, i) => {
        const timeoutMs = timeouts[i] as number;
        return spool === undefined || objects === undefined
          ? inMemory(set, timeoutMs, waitUntil)
          : inObjects(set, timeoutMs, spool, objects, waitUntil);
      });
      return sharding?.router(writers) ?? (writers[0] as Writer);
    },
    // A Worker is never told to stop. A signal belongs to the request that made it, so each gets its own.
    get signal() {
      return new AbortController().signal;
    },
    stampClock: createStampClock(platform.clock),
    log,
    counters,
    answers,
    backendVersion: () =>
      backends.find(({ client, queries }) => client.version !== undefined && queries.hasInfluxql)?.client
        .version,
    async ready() {
      const probes = await Promise.all(backends.map(probe));
      const isInSync = probes.map(({ reasons }) => reasons.length === 0);
      return {
        writes: probes.some(({ answers }) => answers),
        queries: isInSync.some((inSync, i) => inSync && (backends[i] as DirectBackend).queries.hasInfluxql),
      };
    },
    async outOfSync(name) {
      const backend = backends.find((other) => other.name === name);
      return backend && (await probe(backend)).reasons;
    },
    status: () => ({
      runtime: platform.runtime,
      scope: "the figures of one isolate since it started; there are others",
      listeners: [
        {
          name: config.name,
          consistency: config.consistency,
          replicas: backends.map(({ name }) => name),
          counters: { ...counters },
          queries: { ...queryCounters },
          ...(sharding && { sharding: sharding.status(sets.map((set) => set.map(({ name }) => name))) }),
        },
      ],
      backends: backends.map((backend) => backend.status()),
    }),
    isolateFigures: () => ({
      atMs: platform.clock.monotonic(),
      build: { version: "", runtime: platform.runtime, runtimeVersion: "" },
      listeners: [
        listenerFigures(
          { config, counters, answers, queryCounters },
          sharding && { plans: { ...plans }, shards: sharding.status([]).shards },
        ),
      ],
      udp: [],
      backends: backends.map((backend) => backend.figures()),
    }),
    refreshStatus: async () => {
      if (spool === undefined || objects === undefined) return;
      await Promise.all(backends.map((backend) => backend.refreshStatus(openKeeper(objects, backend.name))));
    },
  };
}

/** Of the keeper it is known what it said last; without one nothing is kept, and each that answers is as good. */
function readReplica({ name, queries, known }: DirectBackend): ReadReplica {
  const { state } = known;
  return {
    name,
    queries,
    isInSync: () => state.up && state.records === 0,
    staleMs: () => (state.records === 0 ? 0 : 1_000),
    pending: () => 0,
    answered: async () => {},
  };
}
