import type { Clock, LogSink, Platform } from "../../src/platform.ts";
import { nodeDatagrams } from "./datagrams.ts";
import { gunzip, gzip } from "./gzip.ts";
import { createHttpClient } from "./http-client.ts";
import { buildOf, processFigures } from "./process-figures.ts";
import { openSpool } from "./spool-files.ts";
import { readText } from "./tls-files.ts";

/** The longest time that a timer of the runtime can be set for; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Wall-clock nanoseconds at the origin of the monotonic clock, renewed with each reading of milliseconds. */
function wallNs(): bigint {
  // timeOrigin + now() is as fine as microseconds but does not follow later steps of the wall clock; Date.now()
  // does. Where the two agree to a few milliseconds the fine one is used.
  const fine = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  const ms = Math.abs(fine - coarse) < 5 ? fine : coarse;
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6));
}

export const nodeClock: Clock = {
  now: () => Date.now(),
  nowNs: wallNs,
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export function nodePlatform(log: LogSink): Platform {
  return {
    runtime: "node",
    clock: nodeClock,
    random: Math.random,
    defer: (run) => {
      setImmediate(run);
    },
    log,
    openHttp: createHttpClient,
    datagrams: nodeDatagrams,
    openSpool: (path) => openSpool(path),
    readText,
    gunzip,
    gzip,
    build: buildOf("node"),
    processFigures,
  };
}
