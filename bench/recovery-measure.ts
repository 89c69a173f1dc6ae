import { nodePlatform } from "../adapters/node/platform.ts";
import { parseConfig } from "../src/config/parse.ts";
import { BatchWriter } from "../src/recovery/batch-writer.ts";
import { copySpan } from "../src/recovery/copy.ts";
import { inParallel } from "../src/recovery/parallel.ts";
import { Server } from "../src/recovery/server.ts";
import type { RealInfluxdb } from "../test/support/real-influxdb.ts";
import { DATABASE } from "./backends.ts";
import { cpuTimeMs, peakMemoryBytes } from "./processes.ts";
import { configText, startCommand } from "./recovery-command.ts";
import { DAY_NS, emptied, FIRST_NS, MEASUREMENTS, writeAll } from "./recovery-data.ts";
import { pointsStored, withInfluxdbs } from "./spool-relay.ts";
import { figure, median, ratio, type Table } from "./spool-report.ts";

export interface RecoveryBenchOptions {
  readonly rounds: number;
  readonly points: number;
  /** Percent of the time of servers, beside live writes. */
  readonly loads: readonly number[];
}

/** The large database of {@link measureMemory}, in small ones. */
const GROWTH = 5;
const POLL_MS = 20;
const LIMIT_MS = 600_000;

interface Recovered {
  readonly pointsPerSecond: number;
  readonly totalSeconds: number;
  readonly cpuUsPerPoint: number;
  readonly peakMb: number;
}

/** An empty server built by the command `recover`, beside the same points sent straight into it, 5,000 lines at a time. */
export async function measureCopy({ rounds, points }: RecoveryBenchOptions): Promise<Table> {
  return await withInfluxdbs(2, async ([a, b]) => {
    await emptied(a!);
    await writeAll(a!, points);
    const straight: number[] = [];
    const recovered: Recovered[] = [];
    const alone: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await emptied(b!);
      straight.push(await writeAll(b!, points));
      await emptied(b!);
      alone.push(await copyAlone(a!, b!, points));
      await emptied(b!);
      recovered.push(await recover(a!, b!, points));
    }
    const of = (name: keyof Recovered) => recovered.map((one) => one[name]);
    const rates = of("pointsPerSecond");
    const command = [median(of("cpuUsPerPoint")), Math.max(...of("peakMb")), median(of("totalSeconds"))];
    return {
      title: `into an empty server: ${points.toLocaleString("en")} points of two fields`,
      head: ["", "points/s", "ratio", "CPU us/point", "peak MB", "all of it, s"],
      rows: [
        ["straight", figure(median(straight)), "1.00"],
        ["copied", figure(median(alone)), ratio(alone, straight)],
        [
          "recover: copied and compared",
          figure(median(rates)),
          ratio(rates, straight),
          ...command.map(figure),
        ],
      ],
    };
  });
}

/** What the command does between its comparisons. */
async function copyAlone(a: RealInfluxdb, b: RealInfluxdb, points: number): Promise<number> {
  const platform = nodePlatform(() => {});
  const { http } = parseConfig(configText(a, b), { name: "bench", env: () => undefined, readFile: () => "" });
  const [source, target] = (http[0]?.outputs ?? []).map((output) => new Server(output, platform)) as [
    Server,
    Server,
  ];
  const place = { db: DATABASE, rp: "days", onSource: true, onTarget: true };
  const { signal } = new AbortController();
  const alive = setInterval(() => {}, 1_000);
  const started = performance.now();
  for (let day = 0n; day < 3n; day++) {
    const ports = { clock: platform.clock, random: Math.random, pace: async () => {}, progress: () => {} };
    const writer = new BatchWriter(target, place, ports, signal);
    const span = { start: FIRST_NS + day * DAY_NS, end: FIRST_NS + (day + 1n) * DAY_NS };
    const copy = (m: number) =>
      copySpan({ source }, { ...place, ...span, measurement: `m${m}` }, span, writer);
    await inParallel(
      Array.from({ length: MEASUREMENTS }, (_, m) => m),
      3,
      async (m) => void (await copy(m)),
    );
    await writer.finish();
  }
  const rate = (points * 1_000) / (performance.now() - started);
  clearInterval(alive);
  await Promise.all([source.close(), target.close()]);
  return rate;
}

/** In a process of its own, as people run it. */
async function recover(a: RealInfluxdb, b: RealInfluxdb, points: number): Promise<Recovered> {
  const before = await pointsStored(b);
  const command = startCommand(configText(a, b), ["recover", "--backend", "b", "--json"]);
  const started = performance.now();
  const failed = command.ended.then(({ code, stdout }) => {
    if (code !== 0) throw new Error(`recover failed: ${code} ${stdout}`);
    return new Promise<never>(() => {});
  });
  const pointsPerSecond = await Promise.race([rateOf(b, before, points), failed]);
  let cpuMs = Number.NaN;
  let peak = Number.NaN;
  // What it needs to verify counts too.
  for (let over = false; !over; ) {
    cpuMs = cpuTimeMs(command.pid) ?? cpuMs;
    peak = peakMemoryBytes(command.pid) ?? peak;
    over = await Promise.race([command.ended.then(() => true), sleep(POLL_MS).then(() => false)]);
  }
  const { code, stdout } = await command.ended;
  if (code !== 0 || JSON.parse(stdout).copied.points !== points)
    throw new Error(`recover failed: ${code} ${stdout}`);
  const totalSeconds = (performance.now() - started) / 1_000;
  return { pointsPerSecond, totalSeconds, cpuUsPerPoint: (cpuMs * 1_000) / points, peakMb: peak / 1e6 };
}

/** What the command needs for a database, and for one that is so many times as large. */
export async function measureMemory({ rounds, points }: RecoveryBenchOptions): Promise<Table> {
  return await withInfluxdbs(2, async ([a, b]) => {
    const rows: string[][] = [];
    for (const times of [1, GROWTH]) {
      await emptied(a!);
      await writeAll(a!, points * times);
      const recovered: Recovered[] = [];
      for (let round = 0; round < rounds; round++) {
        await emptied(b!);
        recovered.push(await recover(a!, b!, points * times));
      }
      const of = (name: keyof Recovered) => median(recovered.map((one) => one[name]));
      const figures = [of("pointsPerSecond"), of("cpuUsPerPoint"), of("peakMb"), of("totalSeconds")];
      rows.push([(points * times).toLocaleString("en"), ...figures.map(figure)]);
    }
    return {
      title: "the command `recover` into an empty server",
      head: ["points", "points/s", "CPU us/point", "peak MB", "all of it, s"],
      rows,
    };
  });
}

/** Two equal servers compared, beside one count, and one count and sum, of each measurement and window on one of them. */
export async function measureCompare({ rounds, points }: RecoveryBenchOptions): Promise<Table> {
  return await withInfluxdbs(2, async ([a, b]) => {
    for (const influxdb of [a!, b!]) {
      await emptied(influxdb);
      await writeAll(influxdb, points);
    }
    const counted: number[] = [];
    const summed: number[] = [];
    const compared: number[] = [];
    const deep: number[] = [];
    for (let round = 0; round < rounds; round++) {
      counted.push(await askAll(a!, "count(*)"));
      summed.push(await askAll(a!, "count(*), sum(*)"));
      compared.push(await compare(a!, b!, []));
      deep.push(await compare(a!, b!, ["--deep"]));
    }
    const row = (name: string, ms: readonly number[]) => [name, figure(median(ms)), ratio(ms, counted)];
    return {
      title: `two equal servers with ${points.toLocaleString("en")} points of two fields`,
      head: ["", "ms", "ratio"],
      rows: [
        row("SELECT count(*) of one", counted),
        row("SELECT count(*), sum(*) of one", summed),
        row("compare", compared),
        row("compare --deep", deep),
      ],
    };
  });
}

async function askAll(a: RealInfluxdb, what: string): Promise<number> {
  const started = performance.now();
  for (let day = 0n; day < 3n; day++) {
    for (let m = 0; m < MEASUREMENTS; m++) {
      const start = FIRST_NS + day * DAY_NS;
      await a.query(
        `SELECT ${what} FROM days.m${m} WHERE time >= ${start} AND time < ${start + DAY_NS}`,
        DATABASE,
      );
    }
  }
  return performance.now() - started;
}

/** By what the command itself says: the start of a process is not what is measured. */
async function compare(a: RealInfluxdb, b: RealInfluxdb, more: readonly string[]): Promise<number> {
  const { code, stdout } = await startCommand(configText(a, b), [
    "compare",
    "--from",
    "a",
    "--to",
    "b",
    "--json",
    ...more,
  ]).ended;
  if (code !== 0) throw new Error(`compare failed: ${code} ${stdout}`);
  return JSON.parse(stdout).ms;
}

/** How fast `count` points come, from the first ones on, by what InfluxDB itself counts. */
async function rateOf(influxdb: RealInfluxdb, before: number, count: number): Promise<number> {
  const limit = performance.now() + LIMIT_MS;
  let first: { readonly at: number; readonly points: number } | undefined;
  while (performance.now() < limit) {
    const points = (await pointsStored(influxdb)) - before;
    const at = performance.now();
    if (points > 0) first ??= { at, points };
    if (first !== undefined && points >= count) return ((points - first.points) * 1_000) / (at - first.at);
    await sleep(POLL_MS);
  }
  throw new Error(`${count} points did not come within ${LIMIT_MS} ms`);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
