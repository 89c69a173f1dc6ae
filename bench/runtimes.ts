/**
 * The relay on each runtime, beside a bare Hono app on the same runtime in the same rounds, and how long a Worker takes
 * to start: `node bench/runtimes.ts [--rounds N] [--seconds S] [--markdown]`.
 */
import { fileURLToPath } from "node:url";
import { listenerConfig } from "../test/conformance/launcher.ts";
import { startWorker, workerdLauncher } from "../test/conformance/workerd-launcher.ts";
import { startChild } from "../test/support/child.ts";
import { DENO_RUN, denoBinary } from "../test/support/deno.ts";
import { startRelay } from "../test/support/relay-process.ts";
import { createWatch } from "../test/support/wait.ts";
import { type Backends, type Server, startBackends } from "./backends.ts";
import { type LoadGenerator, startLoad } from "./helpers.ts";
import { measure } from "./measure.ts";
import { type Options, parseOptions } from "./options.ts";
import { LEGEND, machine, toMarkdown, toText } from "./report.ts";

const CASE = "single-64";
const COLD_STARTS = 5;
const RUNTIMES = ["node", "deno", "workers"] as const;
type Runtime = (typeof RUNTIMES)[number];

interface Running {
  readonly server: Server;
  stop(): Promise<unknown>;
}

const LOCATIONS = ({ pair }: Backends) =>
  pair.map(({ host, port }, i) => ({ name: "ab"[i] ?? "", location: `http://${host}:${port}/write` }));

async function startRelayOn(runtime: Runtime, backends: Backends): Promise<Running> {
  const output = LOCATIONS(backends);
  if (runtime === "workers") {
    const RELAY_CONFIG = listenerConfig(workerdLauncher, { output });
    return await worker({ RELAY_CONFIG });
  }
  const config = listenerConfig({ ...workerdLauncher, runtime }, { output });
  const relay = await startRelay({ config, runtime });
  return { server: { host: "127.0.0.1", port: relay.port("main"), pid: relay.pid }, stop: relay.kill };
}

async function startBareOn(runtime: Runtime): Promise<Running> {
  if (runtime === "workers") return await worker({}, "bench/bare.ts");
  const [command = "", ...flags] = runtime === "node" ? [process.execPath] : [denoBinary(), ...DENO_RUN];
  const entry = fileURLToPath(new URL("bare-server.ts", import.meta.url));
  const watch = createWatch();
  const child = startChild(command, [...flags, entry], { onLine: watch.changed, onEnd: watch.changed });
  const port = () => Number(/^port (\d+)$/m.exec(child.output)?.[1] ?? 0);
  await watch.until(() => port() > 0 || child.end !== undefined, "the bare server to listen");
  if (port() === 0) throw new Error(`the bare server ended\n${child.output}`);
  return { server: { host: "127.0.0.1", port: port(), pid: child.pid }, stop: () => child.stop("SIGKILL") };
}

async function worker(bindings: Record<string, string>, main?: string): Promise<Running> {
  const { url, pid, stop } = await startWorker(bindings, main === undefined ? {} : { main });
  const { hostname, port } = new URL(url);
  return { server: { host: hostname, port: Number(port), pid }, stop };
}

async function measureRuntime(runtime: Runtime, backends: Backends, load: LoadGenerator, options: Options) {
  const bare = await startBareOn(runtime);
  const relay = await startRelayOn(runtime, backends);
  try {
    const contenders = [
      { name: `${runtime}: bare Hono app`, server: bare.server },
      { name: `${runtime}: relay`, server: relay.server },
    ];
    const rows = await measure(CASE, contenders, load, options);
    const table = { backends: "sinks", backendsTitle: backends.title, case: CASE, rows } as const;
    console.log(options.format === "markdown" ? toMarkdown(table) : toText(table));
  } finally {
    await Promise.all([bare.stop(), relay.stop()]);
  }
}

/** What a first request costs beyond the second: reading the config and building the app. */
async function measureColdStart(backends: Backends): Promise<void> {
  const RELAY_CONFIG = listenerConfig(workerdLauncher, { output: LOCATIONS(backends) });
  const times: [start: number, first: number, second: number][] = [];
  for (let i = 0; i < COLD_STARTS; i++) {
    const began = performance.now();
    const { url, stop } = await startWorker({ RELAY_CONFIG });
    const started = performance.now();
    const write = () => fetch(`${url}/write?db=bench`, { method: "POST", body: "cpu v=1 1\n" });
    await write();
    const first = performance.now();
    await write();
    times.push([first - began, first - started, performance.now() - first]);
    await stop();
  }
  const median = (column: 0 | 1 | 2) =>
    times.map((row) => row[column]).sort((a, b) => a - b)[COLD_STARTS >> 1];
  const show = (column: 0 | 1 | 2) => `${median(column)?.toFixed(1)} ms`;
  console.log(
    `A Worker's cold start, median of ${COLD_STARTS}: from starting workerd to the first answer ${show(0)};`,
  );
  console.log(`the first write of a fresh isolate ${show(1)}, its second ${show(2)}.`);
}

const options = parseOptions(process.argv.slice(2));
const backends = await startBackends("sinks", []);
if (options === "help" || backends === undefined) throw new Error("only --rounds, --seconds and --markdown");
const load = startLoad();
console.log(
  `${machine()}\nMedians over ${options.rounds} rounds of ${options.seconds} s, by turns. ${LEGEND}\n`,
);
try {
  for (const runtime of RUNTIMES) await measureRuntime(runtime, backends, load, options);
  await measureColdStart(backends);
} finally {
  load.close();
  await backends.close();
}
