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
import { compareSchemas, readSchema, type Schema, type SchemaDifference } from "./schema.ts";
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
  /** Where a person has to make that: tells whether it is there by now. Rejects with a ServerError. */
  readonly settled?: (signal: AbortSignal) => Promise<Settled>;
}

/** `again`: something is missing that a recovery makes, so whatever was known is not true any more. */
export type Settled = "yes" | "no" | "again";

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
    const ports = { clock: platform.clock, random: platform.random, meter };
    try {
      if (task.kind === "compare") {
        const control = processControl([target, other], []);
        return await compare(task, pair, { ...ports, control }, signal);
      }
      const key = JSON.stringify([target.name, other.name, db]);
      const store = states.get(key) ?? memoryState();
      states.set(key, store);
      const { points, differs, schema } = await repair(task, pair, { config, store }, ports, signal);
      const missing = differs === undefined ? missingIn(schema, task) : [];
      if (missing.length === 0) return { points, differs };
      return { points, differs: missingText(missing), settled: (until) => lookAgain(task, platform, until) };
    } finally {
      await Promise.all([pair.source.close(), pair.target.close()]);
    }
  };
}

/** Range by range: what else lies in the same time shards may be right here, and wrong at the other one. */
async function repair(
  { target, other, known, db }: Task<Backend>,
  pair: Pair,
  { config, store }: { readonly config: RecoveryConfig; readonly store: StateStore },
  ports: Omit<RecoveryPorts, "control">,
  signal: AbortSignal,
): Promise<Outcome & { readonly schema: readonly SchemaDifference[] }> {
  const { lost, suspect: suspected } = target.handoff;
  let points = 0;
  let differs: string | undefined;
  let schema: readonly SchemaDifference[] = [];
  for (const range of known.ranges) {
    const { db: of, rp, minNs: min, maxNs: max } = range;
    const revision = [lost, suspected].map((ranges) => ranges.touched(of, rp)).join(".");
    const suspect = { db: of, rp, min, max, revision };
    const control = processControl([target, other], [suspect]);
    const options = {
      ...{ scope: { ...scopeOf(db), ...partOf(range) }, suspectsOnly: true, deep: false, prune: false },
      ...{ limits: { bytesPerSecond: config.maxRate }, patienceMs: PATIENCE_MS, dryRun: false },
    };
    const report = await new Recovery(pair, options, { ...ports, control }, store).run(signal);
    points += report.copied.points;
    differs ??= pointsIn(report);
    schema = report.schema;
  }
  return { points, differs, schema };
}

/** Whether the target still misses something beside points. */
async function lookAgain(task: Task<Backend>, platform: Platform, signal: AbortSignal): Promise<Settled> {
  const scope = scopeOf(task.db);
  const servers = [task.other, task.target].map(({ output }) => new Server(output, platform));
  try {
    const [source, target] = await Promise.all(servers.map((server) => readSchema(server, scope, signal)));
    const missing = missingIn(compareSchemas(source as Schema, target as Schema), task);
    if (missing.some(({ what }) => what !== "user" && what !== "grant")) return "again";
    return missing.length === 0 ? "yes" : "no";
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
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
function missingIn(schema: readonly SchemaDifference[], { known }: Task): SchemaDifference[] {
  if (!known.ranges.some(({ rp }) => rp === "*")) return [];
  return schema.filter(({ kind }) => kind === "missing");
}

function missingText(missing: readonly SchemaDifference[]): string {
  const names = missing.map(({ what, name, db }) => `${what} ${name}${what === "grant" ? ` on ${db}` : ""}`);
  return `it lacks ${names.join(", ")}: create that there, and it gets queries by itself`;
}
