/**
 * What a query through the relay costs beside the same query to InfluxDB itself: CPU time of both servers together for
 * an answer of 10 MB, and how much later the first byte comes. By turns, so that both see the same machine.
 * `node bench/query.ts [--runtime deno] [--rounds N]`
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { parseArgs } from "node:util";
import { startRealInfluxdb } from "../test/support/real-influxdb.ts";
import { startRelay } from "../test/support/relay-process.ts";
import { cpuTimeMs } from "./processes.ts";
import { machine } from "./report.ts";

const { values } = parseArgs({
  options: { runtime: { type: "string", default: "node" }, rounds: { type: "string", default: "9" } },
});
const rounds = Number(values.rounds);
const runtime = values.runtime as "node" | "deno";

/** A tick of CPU time is 10 ms: so many answers of 10 MB are measured as one. */
const BATCH = 2;
const SMALL_BATCH = 100;
const SERIES = 50;
const POINTS = 5_200;
const LARGE = "q=SELECT%20*%20FROM%20m&db=d&epoch=ms";
const SMALL = "q=SELECT%20v%20FROM%20one&db=d&epoch=ms";
const FORMATS = { plain: {}, gzip: { "accept-encoding": "gzip" } };

interface Timing {
  readonly firstByteMs: number;
  readonly bytes: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function ask(url: string, query: string, headers: Record<string, string> = {}): Promise<Timing> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/query?${query}`, { agent, headers }, (incoming: IncomingMessage) => {
      let firstByteMs = 0;
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - start;
        bytes += chunk.byteLength;
      });
      incoming.on("end", () => resolve({ firstByteMs, bytes }));
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

function lines(series: number): string {
  let text = "";
  for (let i = 0; i < POINTS; i++) {
    const time = 1_700_000_000_000 + i * 1000;
    text += `m,host=server${series} usage=${((i * 7919) % 10_000) / 100},free=${i * 31}i ${time}\n`;
  }
  return text;
}

const influxdb = await startRealInfluxdb({ databases: ["d"], http: "max-row-limit = 0" });
const output = `{ name = "a", location = "${influxdb.url}/write" }`;
const relay = await startRelay({
  runtime,
  config: `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\noutput = [${output}]\n`,
});
const ways = { direct: influxdb.url, relay: relay.url("main") };
const cpu = () => (cpuTimeMs(influxdb.pid) ?? 0) + (cpuTimeMs(relay.pid) ?? 0);

try {
  await influxdb.write("d", "one v=1 1");
  for (let series = 0; series < SERIES; series++) {
    const response = await influxdb.write("d", lines(series), { precision: "ms" });
    if (!response.ok) throw new Error(await response.text());
  }
  console.log(`${machine()}\nOn ${runtime}, medians of ${rounds} rounds, by turns.`);
  for (const [format, headers] of Object.entries(FORMATS)) {
    const costs = { direct: [] as number[], relay: [] as number[] };
    const own: number[] = [];
    const firsts = { direct: [] as number[], relay: [] as number[] };
    let size = 0;
    for (let round = -1; round < rounds; round++) {
      for (const way of ["direct", "relay"] as const) {
        const before = cpu();
        const ownBefore = cpuTimeMs(relay.pid) ?? 0;
        for (let i = 0; i < BATCH; i++) size = (await ask(ways[way], LARGE, headers)).bytes;
        if (round >= 0) costs[way].push((cpu() - before) / BATCH);
        if (round >= 0 && way === "relay") own.push(((cpuTimeMs(relay.pid) ?? 0) - ownBefore) / BATCH);
        for (let i = 0; i < SMALL_BATCH; i++) {
          const { firstByteMs } = await ask(ways[way], SMALL, headers);
          if (round >= 0) firsts[way].push(firstByteMs);
        }
      }
    }
    const [direct, through] = [median(costs.direct), median(costs.relay)];
    const [early, late] = [median(firsts.direct), median(firsts.relay)];
    const more = ((through / direct - 1) * 100).toFixed(1);
    console.log(
      `${format}: ${(size / 1e6).toFixed(1)} MB, CPU ${direct.toFixed(1)} ms directly and ${through.toFixed(1)} ms through the relay (${more} % more; the relay's own ${mean(own).toFixed(1)} ms); ` +
        `first byte of a small answer after ${early.toFixed(2)} and ${late.toFixed(2)} ms (${(late - early).toFixed(2)} ms later)`,
    );
  }
} finally {
  agent.destroy();
  await relay.kill();
  await influxdb.close();
}
