import type { Backend } from "../backend/backend.ts";
import type { RecoveryConfig } from "../config/config.ts";
import type { Platform } from "../platform.ts";
import type { TimeRange } from "../spool/time-ranges.ts";
import type { Task } from "./auto-plan.ts";
import { fromReadable } from "./bytes.ts";
import { compareServers, type RecoveryPorts } from "./compare.ts";
import { memoryState } from "./memory-state.ts";
import type { Scope } from "./places.ts";
import { processControl } from "./process-control.ts";
import type { Meter } from "./progress.ts";
import { Recovery } from "./recover.ts";
import type { CompareReport } from "./report.ts";
import { Server } from "./server.ts";
import { shareOf } from "./share.ts";
import type { StateStore } from "./state.ts";
import type { Pair } from "./unit.ts";
import { ALL_TIME, earliest, latest } from "./windows.ts";

/** A server may be away for so long before that ends a recovery, which is tried again later. */
const PATIENCE_MS = 10_000;

/** What became of a task. */
export interface Outcome {
  /** Points that were copied. */
  readonly points: number;
  /** What still differs, in words; undefined if nothing does. */
  readonly differs: string | undefined;
}

/** @throws {RelayError} Also the reason of the signal. */
export type RunTask = (
  task: Task<Backend>,
  config: RecoveryConfig,
  meter: Meter,
  signal: AbortSignal,
) => Promise<Outcome>;

/** Carries tasks out with the servers themselves. */
export function createTaskRunner(platform: Platform): RunTask {
  const states = new Map<string, StateStore>();

  return async (task, config, meter, signal) => {
    const { target, other, db } = task;
    const pair = {
      source: new Server(other.output, platform),
      target: new Server(target.output, platform),
      share: shareOf(config.maxLoad, platform.clock, signal),
    };
    const suspects = task.known.ranges.map(({ minNs, maxNs, ...place }) => ({
      ...place,
      min: minNs,
      max: maxNs,
    }));
    const control = processControl([target, other], suspects);
    const { clock, random } = platform;
    const ports = { clock, random, control, meter };
    try {
      if (task.kind === "compare") return await compare(task, pair, ports, signal);
      const key = JSON.stringify([target.name, other.name, db]);
      const store = states.get(key) ?? memoryState();
      states.set(key, store);
      const options = {
        ...{ scope: scopeOf(db), deep: false, patienceMs: PATIENCE_MS, dryRun: false, prune: false },
        ...{ limits: { bytesPerSecond: config.maxRate }, suspectsOnly: true },
      };
      const report = await new Recovery(pair, options, ports, store).run(signal);
      return { points: report.copied.points, differs: pointsIn(report) ?? missingIn(report, task) };
    } finally {
      await Promise.all([pair.source.close(), pair.target.close()]);
    }
  };
}

const scopeOf = (db: string): Scope => (db === "*" ? {} : { db: fromReadable(db) });

/** Row by row, because nobody knows what may differ. */
async function compare(
  task: Task<Backend>,
  pair: Pair,
  ports: RecoveryPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  for (const range of task.known.ranges) {
    const options = {
      scope: { ...scopeOf(range.db), ...partOf(range) },
      deep: true,
      patienceMs: PATIENCE_MS,
    };
    const differs = pointsIn(await compareServers(pair, options, ports, signal));
    if (differs !== undefined) return { points: 0, differs };
  }
  return { points: 0, differs: undefined };
}

function partOf({ rp, minNs, maxNs }: TimeRange): Scope {
  const span = { start: latest(minNs, ALL_TIME.start), end: earliest(maxNs + 1n, ALL_TIME.end) };
  return rp === "" || rp === "*" ? { span } : { rp: fromReadable(rp), span };
}

function pointsIn({ differences, omitted }: CompareReport): string | undefined {
  const [first] = differences;
  if (first === undefined) return undefined;
  const { db, rp, measurement, rows } = first;
  const more = differences.length + omitted - 1;
  const what = Object.entries(rows ?? {})
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");
  const place = [db, rp, measurement].join(".");
  return `${place}${what === "" ? "" : ` (${what})`}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * What a server that lacked a whole database needs beside points before it gets queries: users, whom no copy can make, because
 * no server tells passwords. Elsewhere such a difference has nothing to do with the ranges.
 */
function missingIn({ schema }: CompareReport, { known }: Task): string | undefined {
  if (!known.ranges.some(({ rp }) => rp === "*")) return undefined;
  const missing = schema.filter(({ kind }) => kind === "missing");
  if (missing.length === 0) return undefined;
  return `it lacks ${missing.map(({ what, name }) => `${what} ${name}`).join(", ")}`;
}
