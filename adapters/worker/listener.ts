import { DirectBackend } from "../../src/backend/direct.ts";
import type { HttpListenerConfig } from "../../src/config/config.ts";
import { type AppListener, createHttpCounters } from "../../src/http/listener.ts";
import { createLog } from "../../src/observe/log.ts";
import type { Platform } from "../../src/platform.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import { createStampClock } from "../../src/write/precision.ts";

/**
 * A relay without lanes and without memory beyond a request. Requests share its counters and its config, and nothing
 * that does input or output.
 */
export function createListener(config: HttpListenerConfig, platform: Platform): AppListener {
  const log = createLog(platform.log, platform.clock);
  const backends = config.outputs.map((output) => new DirectBackend(output, platform, log));
  const counters = createHttpCounters();
  const deadlineMs = Math.max(...config.outputs.map(({ timeoutMs }) => timeoutMs));
  return {
    config,
    writer: (c) => {
      const { executionCtx } = c;
      const replicas = backends.map((backend) =>
        backend.replica((promise) => executionCtx.waitUntil(promise)),
      );
      // The runtime bounds what an isolate holds, and a count of what cut-off requests held would never end.
      const budget = new Budget(Number.POSITIVE_INFINITY);
      return new FanOut({ replicas, clock: platform.clock, deadlineMs, budget });
    },
    // A Worker is never told to stop. A signal belongs to the request that made it, so each gets its own.
    get signal() {
      return new AbortController().signal;
    },
    stampClock: createStampClock(platform.clock),
    log,
    counters,
    backendVersion: () => backends.find(({ client }) => client.version !== undefined)?.client.version,
    ready: () => anyAnswers(backends),
    status: () => ({
      runtime: platform.runtime,
      scope: "the figures of one isolate since it started; there are others",
      listeners: [
        {
          name: config.name,
          consistency: config.consistency,
          replicas: backends.map(({ name }) => name),
          counters: { ...counters },
        },
      ],
      backends: backends.map((backend) => backend.status()),
    }),
  };
}

/** Asks now: what an isolate knew of its backends would be as old as its last request. */
async function anyAnswers(backends: readonly DirectBackend[]): Promise<boolean> {
  const pings = backends.map(async ({ name, client }) => {
    if (!(await client.ping())) throw new Error(name);
  });
  return Promise.any(pings).then(
    () => true,
    () => false,
  );
}
