import { Pool } from "undici";
import type { RealInfluxdb } from "../test/support/real-influxdb.ts";
import { DATABASE } from "./backends.ts";
import { cpuTimeMs, peakMemoryBytes } from "./processes.ts";
import { bodies, fill } from "./spool-logs.ts";
import { pointsStored, startBenchRelay, withInfluxdbs } from "./spool-relay.ts";
import { figure, median, ratio, type SpoolOptions, type Table } from "./spool-report.ts";

const LINES = 5_000;
/** A record costs more than its bytes: a backlog of single lines is smaller, so that it takes about as long. */
const SINGLE_SHARE = 0.25;
const POLL_MS = 20;
const LIMIT_MS = 300_000;
let run = 0;

interface Drained {
  readonly linesPerSecond: number;
  readonly cpuUsPerLine: number;
  readonly peakMb: number;
}

/**
 * A backlog for one database that a relay has when it starts, beside the same lines sent straight, 5,000 at a time. One
 * connection: a relay has one request in flight for a database.
 */
export async function measureDrain(options: SpoolOptions): Promise<Table[]> {
  return await withInfluxdbs(1, async ([influxdb]) => {
    const rows: string[][] = [];
    for (const lines of [LINES, 1]) {
      const bytes = options.backlogMb * 1e6 * (lines === 1 ? SINGLE_SHARE : 1);
      const straight: number[] = [];
      const drained: Drained[] = [];
      for (let round = 0; round < options.rounds; round++) {
        straight.push(await writeStraight(influxdb!, bytes));
        drained.push(await drain(influxdb!, lines, bytes, options));
      }
      const rates = drained.map(({ linesPerSecond }) => linesPerSecond);
      const cells = [
        median(straight),
        median(rates),
        median(drained.map(({ cpuUsPerLine }) => cpuUsPerLine)),
        Math.max(...drained.map(({ peakMb }) => peakMb)),
      ].map(figure);
      const label = `${bytes / 1e6} MB in records of ${lines === 1 ? "one line" : "5,000 lines"}`;
      rows.push([label, ...cells, ratio(rates, straight)]);
    }
    return [
      {
        title: "drain into one InfluxDB",
        head: ["backlog", "straight, lines/s", "drain, lines/s", "CPU us/line", "peak MB", "ratio"],
        rows,
      },
    ];
  });
}

async function writeStraight(influxdb: RealInfluxdb, bytes: number): Promise<number> {
  const pool = new Pool(influxdb.url, { connections: 1 });
  const all = [...bodies(run++, LINES, bytes)];
  const before = await pointsStored(influxdb);
  const rate = linesPerSecond(influxdb, before, all.length * LINES);
  for (const body of all) {
    const answer = await pool.request({ method: "POST", path: `/write?db=${DATABASE}`, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 204) throw new Error(`${answer.statusCode} ${text}`);
  }
  await pool.destroy();
  return rate;
}

async function drain(
  influxdb: RealInfluxdb,
  lines: number,
  bytes: number,
  options: SpoolOptions,
): Promise<Drained> {
  const before = await pointsStored(influxdb);
  let count = 0;
  const relay = await startBenchRelay(
    {
      outputs: { b: influxdb.port },
      spool: true,
      fill: async (dir) => {
        count = await fill(dir, "b", run++, lines, bytes);
      },
      drainMb: 100_000,
    },
    options,
  );
  const { pid } = relay.process;
  try {
    const rate = await linesPerSecond(influxdb, before, count);
    const cpuUsPerLine = ((cpuTimeMs(pid) ?? Number.NaN) * 1_000) / count;
    return { linesPerSecond: rate, cpuUsPerLine, peakMb: (peakMemoryBytes(pid) ?? Number.NaN) / 1e6 };
  } finally {
    await relay.close();
  }
}

/** How fast `count` points come, from the first ones on, by what InfluxDB itself counts. */
async function linesPerSecond(influxdb: RealInfluxdb, before: number, count: number): Promise<number> {
  const limit = performance.now() + LIMIT_MS;
  let first: { readonly at: number; readonly points: number } | undefined;
  while (performance.now() < limit) {
    const points = (await pointsStored(influxdb)) - before;
    const at = performance.now();
    if (points > 0) first ??= { at, points };
    if (first !== undefined && points >= count) return ((points - first.points) * 1_000) / (at - first.at);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${count} points did not come within ${LIMIT_MS} ms`);
}
