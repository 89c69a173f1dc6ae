import { createServer } from "node:net";
import type { RealInfluxdb } from "../test/support/real-influxdb.ts";
import { DATABASE } from "./backends.ts";
import { type LoadGenerator, startLoad } from "./helpers.ts";
import type { LoadJob, LoadResult } from "./load.ts";
import { peakMemoryBytes } from "./processes.ts";
import { fill } from "./spool-logs.ts";
import { type BenchRelay, pointsStored, startBenchRelay, withInfluxdbs } from "./spool-relay.ts";
import { figure, median, ratio, type SpoolOptions, type Table } from "./spool-report.ts";

const CONNECTIONS = 64;
/** With so long a pause between an answer and the next write the clients leave the machine time to spare. */
const PAUSE_MS = 25;
const WARM_UP_MS = 1_500;
const BACKLOG_LINES = 5_000;
const LINE_BYTES = 75;
/** Longer than a measurement takes, so that the drain is still going on when it ends. */
const DRAIN_EXTRA_SECONDS = 3;
/** One database is not drained faster than InfluxDB takes one request after the other. */
const FASTEST_DRAIN_MB = 64;
let run = 1_000;

/** Two replicas that answer: with a spool beside without. */
export async function measureHealthy(options: SpoolOptions): Promise<Table[]> {
  return await withServers(2, async ([a, b], load) => {
    const outputs = { a: a!.port, b: b!.port };
    const memory = await startBenchRelay({ outputs, spool: false }, options);
    const disk = await startBenchRelay({ outputs, spool: true }, options);
    const results: { memory: LoadResult[]; disk: LoadResult[] } = { memory: [], disk: [] };
    try {
      for (let round = 0; round < options.rounds; round++) {
        results.memory.push(await write(load, memory, options.seconds));
        results.disk.push(await write(load, disk, options.seconds));
      }
    } finally {
      await memory.close();
      await disk.close();
    }
    const base = results.memory.map(rate);
    return [
      {
        title: `two replicas that answer, single points, ${CONNECTIONS} connections`,
        head: ["relay", "writes/s", "p50 ms", "p99 ms", "failed", "ratio"],
        rows: [
          ["in memory", ...figures(results.memory), ratio(base, base)],
          ["with [spool]", ...figures(results.disk), ratio(results.disk.map(rate), base)],
        ],
      },
    ];
  });
}

/** One of two replicas is down all the time. */
export async function measureOutage(options: SpoolOptions): Promise<Table[]> {
  return await withServers(1, async ([a], load) => {
    const rows: string[][] = [];
    for (const spool of [false, true]) {
      const relay = await startBenchRelay({ outputs: { a: a!.port, b: await closedPort() }, spool }, options);
      try {
        const atStart = peakMemoryBytes(relay.process.pid);
        const result = await write(load, relay, options.outageSeconds);
        const peak = peakMemoryBytes(relay.process.pid);
        rows.push([
          spool ? "with [spool]" : "in memory",
          ...figures([result]),
          ...[atStart, peak].map((bytes) => figure(bytes && bytes / 1e6)),
        ]);
      } finally {
        await relay.close();
      }
    }
    return [
      {
        title: `a replica is down for ${options.outageSeconds} s, single points, ${CONNECTIONS} connections`,
        head: ["relay", "writes/s", "p50 ms", "p99 ms", "failed", "MB at start", "peak MB"],
        rows,
      },
    ];
  });
}

/** A measurement while the second replica gets what it missed. */
interface DuringDrain extends LoadResult {
  /** What it got of that. */
  readonly mbPerSecond: number;
}

/**
 * What clients notice while one of two replicas gets what it missed; and while somebody else writes to that replica as
 * fast as it takes it, which shows what is due to the machine.
 */
export async function measureLive(options: SpoolOptions): Promise<Table[]> {
  return await withServers(2, async (influxdbs, load) => {
    const tables: Table[] = [];
    for (const pauseMs of [PAUSE_MS, undefined]) {
      const variants = ["no drain", "written straight", ...options.drainMb] as const;
      const results = new Map(variants.map((variant) => [variant, [] as DuringDrain[]]));
      for (let round = 0; round < options.rounds; round++) {
        for (const [variant, list] of results) {
          list.push(await writeDuring(variant, influxdbs, load, options, pauseMs));
        }
      }
      const p99 = (list: readonly LoadResult[]) => list.map(({ p99Ms }) => p99Ms ?? Number.NaN);
      const none = p99(results.get("no drain") ?? []);
      const pace = pauseMs === undefined ? "as fast as they can" : `with ${pauseMs} ms between`;
      tables.push({
        title: `live single points during a drain, ${CONNECTIONS} connections, ${pace}`,
        head: [
          "drain-max-mb-per-second",
          "drained MB/s",
          "writes/s",
          "p50 ms",
          "p99 ms",
          "failed",
          "p99 ratio",
        ],
        rows: [...results].map(([variant, list]) => [
          String(variant),
          figure(median(list.map(({ mbPerSecond }) => mbPerSecond))),
          ...figures(list),
          ratio(p99(list), none),
        ]),
      });
    }
    return tables;
  });
}

async function writeDuring(
  variant: "no drain" | "written straight" | number,
  [a, b]: readonly RealInfluxdb[],
  load: LoadGenerator,
  options: SpoolOptions,
  pauseMs: number | undefined,
): Promise<DuringDrain> {
  const drainMb = typeof variant === "number" ? variant : undefined;
  const outputs = { a: a!.port, b: b!.port };
  const relay = await startBenchRelay({ outputs, spool: true, ...backlog(drainMb, options) }, options);
  const other = variant === "written straight" ? startLoad() : undefined;
  try {
    const before = await pointsStored(b!);
    const start = performance.now();
    const straight = other?.run({
      ...jobFor(b!.port, options.seconds),
      connections: 1,
      linesPerWrite: BACKLOG_LINES,
    });
    const result = await load.run({
      ...jobFor(relay.port, options.seconds),
      ...(pauseMs === undefined ? {} : { pauseMs }),
    });
    await straight;
    // What is written now waits behind the backlog: what comes is from there.
    const lines = variant === "no drain" ? 0 : (await pointsStored(b!)) - before;
    return { ...result, mbPerSecond: (lines * LINE_BYTES) / 1e3 / (performance.now() - start) };
  } finally {
    other?.close();
    await relay.close();
  }
}

/** A backlog that lasts until the measurement ends. */
function backlog(drainMb: number | undefined, { seconds }: SpoolOptions) {
  if (drainMb === undefined) return {};
  const lasts = seconds + WARM_UP_MS / 1_000 + DRAIN_EXTRA_SECONDS;
  const bytes = Math.min(drainMb, FASTEST_DRAIN_MB) * 2 ** 20 * lasts;
  return { drainMb, fill: (dir: string) => fill(dir, "b", run++, BACKLOG_LINES, bytes) };
}

function write(load: LoadGenerator, relay: BenchRelay, seconds: number): Promise<LoadResult> {
  return load.run({ ...jobFor(relay.port, seconds), pid: relay.process.pid });
}

function jobFor(port: number, seconds: number): LoadJob {
  return {
    host: "127.0.0.1",
    port,
    path: `/write?db=${DATABASE}`,
    connections: CONNECTIONS,
    linesPerWrite: 1,
    warmUpMs: WARM_UP_MS,
    countedMs: seconds * 1_000,
    run: run++,
    pid: undefined,
  };
}

const rate = ({ writes, countedMs }: LoadResult) => (writes * 1_000) / countedMs;

/** Writes per second, p50, p99, and how many failed. */
function figures(results: readonly LoadResult[]): string[] {
  const medians = [
    median(results.map(rate)),
    median(results.map(({ p50Ms }) => p50Ms ?? Number.NaN)),
    median(results.map(({ p99Ms }) => p99Ms ?? Number.NaN)),
  ];
  const failed = results.reduce((sum, one) => sum + one.failed, 0);
  const why = results.find((one) => one.firstFailure !== undefined)?.firstFailure;
  if (why !== undefined) console.error(`the first failure: ${why}`);
  return [...medians.map(figure), String(failed)];
}

async function withServers<T>(
  count: number,
  use: (influxdbs: readonly RealInfluxdb[], load: LoadGenerator) => Promise<T>,
): Promise<T> {
  const load = startLoad();
  try {
    return await withInfluxdbs(count, (all) => use(all, load));
  } finally {
    load.close();
  }
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
