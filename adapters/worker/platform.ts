import type { Clock, LogLevel, LogSink, Platform } from "../../src/platform.ts";
import { gunzip, gzip } from "./gzip.ts";
import { createHttpClient } from "./http-client.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const NS_PER_MS = 1_000_000;

/** The time stands still while a request computes, and moves on with its input and output. */
const workerClock: Clock = {
  now: () => Date.now(),
  // Isolates do not know of each other: two of them must not give points of one series the same time.
  nowNs: () => BigInt(Date.now()) * BigInt(NS_PER_MS) + BigInt(Math.floor(Math.random() * NS_PER_MS)),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Everything here may be used by all requests of an isolate; what it returns only by the request that asked. */
export function workerPlatform(log: LogSink): Platform {
  return {
    runtime: "workers",
    clock: workerClock,
    random: Math.random,
    defer: (run) => queueMicrotask(run),
    log,
    openHttp: createHttpClient,
    gunzip,
    gzip,
  };
}

/** Writes each event as a line of JSON to the Worker's log. */
export function consoleLog(lowest: LogLevel): LogSink {
  const from = LEVELS.indexOf(lowest);
  return (level, event, fields) => {
    if (LEVELS.indexOf(level) < from) return;
    console.log(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
  };
}
