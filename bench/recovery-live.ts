import type { RealInfluxdb } from "../test/support/real-influxdb.ts";
import { startRelay } from "../test/support/relay-process.ts";
import { DATABASE } from "./backends.ts";
import { type LoadGenerator, startLoad } from "./helpers.ts";
import type { LoadJob, LoadResult } from "./load.ts";
import { configText, startCommand } from "./recovery-command.ts";
import { emptied, writeAll } from "./recovery-data.ts";
import type { RecoveryBenchOptions } from "./recovery-measure.ts";
import { pointsStored, withInfluxdbs } from "./spool-relay.ts";
import { figure, median, ratio, type Table } from "./spool-report.ts";

const CONNECTIONS = 64;
/** Between an answer and the next write, so that clients leave the machine time to spare. */
const PAUSE_MS = 25;
const WARM_UP_MS = 1_000;
const COUNTED_MS = 3_000;
const STRAIGHT_LINES = 5_000;
const POLL_MS = 20;
const LIMIT_MS = 60_000;
let run = 3_000;

/** What goes on beside the live writes: a recovery with so many MB/s at most, 0 for one without a limit. */
type Beside = "no recovery" | "written straight" | "counted straight" | number;

interface Live extends LoadResult {
  /** What the second server got beside the live writes. */
  readonly pointsPerSecond: number;
}

/** What clients of a relay notice while one of its two InfluxDBs is built anew by the command `recover`. */
export async function measureLive(options: RecoveryBenchOptions): Promise<Table> {
  const { rounds, points, limits } = options;
  const load = startLoad();
  try {
    return await withInfluxdbs(2, async ([a, b]) => {
      await emptied(a!);
      await writeAll(a!, points);
      const results = new Map<Beside, Live[]>(
        (["no recovery", "written straight", "counted straight", ...limits] as const).map((beside) => [
          beside,
          [],
        ]),
      );
      for (let round = 0; round < rounds; round++) {
        for (const [beside, list] of results) list.push(await writeBeside(beside, a!, b!, load));
      }
      const none = p99(results.get("no recovery") ?? []);
      return {
        title: `live single points, ${CONNECTIONS} connections with ${PAUSE_MS} ms between`,
        head: ["beside", "points/s", "writes/s", "p50 ms", "p99 ms", "failed", "p99 ratio"],
        rows: [...results].map(([beside, list]) => [
          nameOf(beside),
          figure(median(list.map(({ pointsPerSecond }) => pointsPerSecond))),
          figure(median(list.map(({ writes, countedMs }) => (writes * 1_000) / countedMs))),
          figure(median(list.map(({ p50Ms }) => p50Ms ?? Number.NaN))),
          figure(median(p99(list))),
          String(list.reduce((sum, { failed }) => sum + failed, 0)),
          ratio(p99(list), none),
        ]),
      };
    });
  } finally {
    load.close();
  }
}

const p99 = (list: readonly LoadResult[]) => list.map(({ p99Ms }) => p99Ms ?? Number.NaN);

function nameOf(beside: Beside): string {
  if (typeof beside === "string") return beside;
  return beside === 0 ? "recover, no limit" : `recover, ${beside} MB/s`;
}

async function writeBeside(
  beside: Beside,
  a: RealInfluxdb,
  b: RealInfluxdb,
  load: LoadGenerator,
): Promise<Live> {
  await emptied(b);
  const text = (port: number) =>
    configText(a, b, `[recovery]\nmode = "manual"\n[admin]\nbind-addr = "127.0.0.1:${port}"\n`);
  const relay = await startRelay({ config: text(0) });
  const other = beside === "written straight" ? startLoad() : undefined;
  const limit = beside === 0 ? [] : ["--max-mb-per-second", String(beside)];
  const command =
    typeof beside === "number"
      ? startCommand(text(relay.port("[admin]")), ["recover", "--backend", "b", "--json", ...limit])
      : undefined;
  let over = false;
  void command?.ended.then(() => {
    over = true;
  });
  let counting = beside === "counted straight";
  try {
    const straight = other?.run({
      ...jobFor(b.port),
      ...{ connections: 1, linesPerWrite: STRAIGHT_LINES },
    });
    const counted = counting ? countWhile(a, () => counting) : undefined;
    if (command !== undefined) await firstPoints(b, () => over);
    const before = await pointsStored(b);
    const started = performance.now();
    const result = await load.run({ ...jobFor(relay.port("bench")), pauseMs: PAUSE_MS });
    if (over) throw new Error(`the recovery was over too early: more --points`);
    const seconds = (performance.now() - started) / 1_000;
    const live = (result.writes / result.countedMs) * 1_000;
    const pointsPerSecond = Math.max(0, ((await pointsStored(b)) - before) / seconds - live);
    counting = false;
    await Promise.all([straight, counted]);
    const copies = beside === "written straight" || command !== undefined;
    return { ...result, pointsPerSecond: copies ? pointsPerSecond : 0 };
  } finally {
    counting = false;
    other?.close();
    command?.kill();
    await command?.ended;
    await relay.stop();
  }
}

/** Until a recovery has looked at both servers and begins to copy. */
async function firstPoints(b: RealInfluxdb, over: () => boolean): Promise<void> {
  const before = await pointsStored(b);
  const limit = performance.now() + LIMIT_MS;
  while ((await pointsStored(b)) === before) {
    if (over() || performance.now() > limit) throw new Error("the recovery copies nothing");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What somebody who counts the points of the first server, again and again, costs the others. */
async function countWhile(a: RealInfluxdb, wanted: () => boolean): Promise<void> {
  while (wanted()) await a.query("SELECT count(*) FROM days.m0; SELECT count(*) FROM days.m1", DATABASE);
}

const jobFor = (port: number): LoadJob => ({
  ...{ host: "127.0.0.1", port, path: `/write?db=${DATABASE}`, connections: CONNECTIONS, linesPerWrite: 1 },
  ...{ warmUpMs: WARM_UP_MS, countedMs: COUNTED_MS, run: run++, pid: undefined },
});
