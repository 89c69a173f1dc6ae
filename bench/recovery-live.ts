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

/** What goes on beside the live writes: a command with so much of the time of the servers, or something else. */
type Beside =
  | "no recovery"
  | "written straight"
  | "counted straight"
  | { readonly args: readonly string[]; readonly load: number };

const COMPARE = ["compare", "--from", "a", "--to", "b"];
/** A recovery begins with the first of these and ends with the last. */
const COMMANDS = [COMPARE, ["recover", "--backend", "b"], [...COMPARE, "--deep"]];

interface Live extends LoadResult {
  /** What the second server got beside the live writes. */
  readonly pointsPerSecond: number;
  /** Without anything beside, just before. */
  readonly alone: LoadResult;
}

/** What clients of a relay notice while one of its two InfluxDBs is built anew by the command `recover`. */
export async function measureLive(options: RecoveryBenchOptions): Promise<Table> {
  const { rounds, points, loads } = options;
  const load = startLoad();
  try {
    return await withInfluxdbs(2, async ([a, b]) => {
      await emptied(a!);
      await writeAll(a!, points);
      const commands = loads.flatMap((load) => COMMANDS.map((args) => ({ args, load })));
      const all: Beside[] = ["no recovery", "written straight", "counted straight", ...commands];
      const results = new Map(all.map((beside): [Beside, Live[]] => [beside, []]));
      for (let round = 0; round < rounds; round++) {
        for (const [beside, list] of results) list.push(await writeBeside(beside, points, a!, b!, load));
      }
      return {
        title: `live single points, ${CONNECTIONS} connections with ${PAUSE_MS} ms between`,
        head: ["beside", "points/s", "writes/s", "p50 ms", "p99 ms", "failed", "p99 just before", "ratio"],
        rows: [...results].map(([beside, list]) => [
          nameOf(beside),
          figure(median(list.map(({ pointsPerSecond }) => pointsPerSecond))),
          figure(median(list.map(({ writes, countedMs }) => (writes * 1_000) / countedMs))),
          figure(median(list.map(({ p50Ms }) => p50Ms ?? Number.NaN))),
          figure(median(p99(list))),
          String(list.reduce((sum, { failed }) => sum + failed, 0)),
          figure(median(p99(list.map(({ alone }) => alone)))),
          ratio(p99(list), p99(list.map(({ alone }) => alone))),
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
  const words = beside.args.filter((word) => word === "--deep" || !/^-|^[ab]$/.test(word));
  return `${words.join(" ")}, ${beside.load} %`;
}

async function writeBeside(
  beside: Beside,
  points: number,
  a: RealInfluxdb,
  b: RealInfluxdb,
  load: LoadGenerator,
): Promise<Live> {
  await emptied(b);
  const recovers = typeof beside === "object" && beside.args[0] === "recover";
  if (typeof beside === "object" && !recovers) await writeAll(b, points);
  const text = (port: number) =>
    configText(a, b, `[recovery]\nmode = "manual"\n[admin]\nbind-addr = "127.0.0.1:${port}"\n`);
  const relay = await startRelay({ config: text(0) });
  const other = beside === "written straight" ? startLoad() : undefined;
  const job = () => ({ ...jobFor(relay.port("bench")), pauseMs: PAUSE_MS });
  const alone = await load.run(job());
  const command = typeof beside === "object" ? repeat(text(relay.port("[admin]")), beside) : undefined;
  let counting = beside === "counted straight";
  try {
    const straight = other?.run({
      ...jobFor(b.port),
      ...{ connections: 1, linesPerWrite: STRAIGHT_LINES },
    });
    const counted = counting ? countWhile(a, () => counting) : undefined;
    if (recovers) await firstPoints(b, () => (command?.over ? command.said : undefined));
    const before = await pointsStored(b);
    const started = performance.now();
    const result = await load.run(job());
    if (recovers && command?.over) throw new Error("the recovery was over too early: more --points");
    const seconds = (performance.now() - started) / 1_000;
    const live = (result.writes / result.countedMs) * 1_000;
    const pointsPerSecond = Math.max(0, ((await pointsStored(b)) - before) / seconds - live);
    counting = false;
    await Promise.all([straight, counted]);
    const copies = beside === "written straight" || recovers;
    return { ...result, alone, pointsPerSecond: copies ? pointsPerSecond : 0 };
  } finally {
    counting = false;
    other?.close();
    await command?.stop();
    await relay.stop();
  }
}

/** A command, and once it has ended the same again. */
function repeat(config: string, { args, load }: Exclude<Beside, string>) {
  const start = () => startCommand(config, [...args, "--json", "--max-load-percent", String(load)]);
  let running = start();
  let stopped = false;
  let over = false;
  let said = "";
  const ended = (async () => {
    while (!stopped) {
      const { stdout } = await running.ended;
      over = true;
      said = stdout;
      if (!stopped && args[0] !== "recover") running = start();
      else return;
    }
  })();
  return {
    get over() {
      return over;
    },
    /** What the command said last. */
    get said() {
      return said;
    },
    async stop() {
      stopped = true;
      running.kill();
      await ended;
    },
  };
}

/** Until a recovery has looked at both servers and begins to copy. */
async function firstPoints(b: RealInfluxdb, over: () => string | undefined): Promise<void> {
  const before = await pointsStored(b);
  const limit = performance.now() + LIMIT_MS;
  while ((await pointsStored(b)) === before) {
    const said = over();
    if (said !== undefined || performance.now() > limit)
      throw new Error(`the recovery copies nothing: ${said ?? "it still looks"}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What somebody who counts the points of the first server, again and again, costs the others. */
async function countWhile(a: RealInfluxdb, wanted: () => boolean): Promise<void> {
  while (wanted()) await a.query("SELECT count(*) FROM days.m0; SELECT count(*) FROM days.m1", DATABASE);
}

/** New points, until the next round. */
const jobFor = (port: number): LoadJob => ({
  ...{ host: "127.0.0.1", port, path: `/write?db=${DATABASE}`, connections: CONNECTIONS, linesPerWrite: 1 },
  ...{ warmUpMs: WARM_UP_MS, countedMs: COUNTED_MS, run: run++, pid: undefined },
});
