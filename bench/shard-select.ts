/**
 * Queries of a million points over 4 shards, beside one InfluxDB that has them all: time until the answer has come, CPU
 * time of the relay, and its peak memory, which starts anew for each query. By turns.
 * `node bench/shard-select.ts [rounds] [points] [a part of a case's name]`; needs influxd.
 */
import { writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { type RealInfluxdb, startRealInfluxdb } from "../test/support/real-influxdb.ts";
import { startRelay } from "../test/support/relay-process.ts";
import { cpuTimeMs, peakMemoryBytes } from "./processes.ts";
import { machine } from "./report.ts";

const [rounds = 3, points = 1_000_000] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4] ?? "";
const profile = process.env["PROFILE"];

const SHARDS = 4;
const CUSTOMERS = 100;
const LINES = 5_000;
const START_S = 1_700_000_000;
const RANGE = `time >= ${START_S}s AND time < ${START_S + points / 10}s`;

const CASES: Readonly<Record<string, { readonly q: string; readonly chunked?: true }>> = {
  "raw rows": { q: "SELECT v FROM m" },
  "raw rows, chunked": { q: "SELECT v FROM m", chunked: true },
  "raw rows of four columns": { q: "SELECT * FROM m" },
  median: { q: "SELECT median(v) FROM m" },
  "median of integers": { q: "SELECT median(n) FROM m" },
  percentile: { q: "SELECT percentile(v, 95) FROM m" },
  "first of intervals": { q: `SELECT first(v) FROM m WHERE ${RANGE} GROUP BY time(1m)` },
  "last of intervals": { q: `SELECT last(v) FROM m WHERE ${RANGE} GROUP BY time(1m)` },
  "median of intervals": { q: `SELECT median(v) FROM m WHERE ${RANGE} GROUP BY time(1m)` },
  "mean of intervals": { q: `SELECT mean(v) FROM m WHERE ${RANGE} GROUP BY time(1m)` },
};

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Every point has a time of its own. */
function line(i: number): string {
  const value = ((i * 7919) % 100_000) / 100;
  return `m,customer_id=c${i % CUSTOMERS},host=h${i % 7} v=${value},n=${i % 9973}i ${START_S * 1_000 + i * 100}`;
}

async function writeAll(url: string): Promise<void> {
  for (let i = 0; i < points; i += LINES) {
    const body = Array.from({ length: Math.min(LINES, points - i) }, (_, at) => line(i + at)).join("\n");
    const response = await fetch(`${url}/write?db=d&precision=ms`, { method: "POST", body });
    if (response.status !== 204) throw new Error(await response.text());
  }
}

interface Answer {
  readonly ms: number;
  readonly bytes: number;
  /** Its last 300 bytes, in which an error would be. */
  readonly end: string;
}

function ask(url: string, { q, chunked }: { readonly q: string; readonly chunked?: true }): Promise<Answer> {
  const start = performance.now();
  const parameters = { db: "d", epoch: "ms", q, ...(chunked && { chunked: "true" }) };
  return new Promise((resolve, reject) => {
    const path = `${url}/query?${new URLSearchParams(parameters)}`;
    const outgoing = request(path, { agent }, (incoming: IncomingMessage) => {
      let bytes = 0;
      let end = Buffer.alloc(0);
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
        end = Buffer.concat([end, chunk.subarray(-300)]).subarray(-300);
      });
      incoming.on("end", () => resolve({ ms: performance.now() - start, bytes, end: end.toString() }));
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

const servers = await Promise.all(
  Array.from({ length: SHARDS + 1 }, () => startRealInfluxdb({ databases: ["d"] })),
);
const [whole, ...shards] = servers as [RealInfluxdb, ...RealInfluxdb[]];
const config = `shutdown-timeout = "1s"
[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
shard-by = "tag:customer_id"
${shards.map(({ url }, i) => `[[http.shard]]\nname = "s${i + 1}"\noutput = [{ name = "o${i + 1}", location = "${url}/write" }]\n`).join("")}`;
const startOne = () =>
  startRelay({
    config,
    ...(profile === undefined ? {} : { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } }),
  });

/** Linux begins to look for the peak anew. */
const forgetPeak = (pid: number) => writeFileSync(`/proc/${pid}/clear_refs`, "5");

try {
  const writer = await startOne();
  await Promise.all([writeAll(whole.url), writeAll(writer.url("main"))]);
  await writer.kill();
  console.log(`${machine()}\n${points} points on ${SHARDS} shards; medians of ${rounds} rounds, by turns.`);
  for (const [name, question] of Object.entries(CASES).filter(([name]) => name.includes(only))) {
    const relay = await startOne();
    const url = relay.url("main");
    const direct: number[] = [];
    const merged: number[] = [];
    const cpu: number[] = [];
    const peaks: number[] = [];
    let bytes = 0;
    await ask(url, { q: "SELECT v FROM m LIMIT 10" });
    for (let round = 0; round < rounds; round++) {
      const one = await ask(whole.url, question);
      direct.push(one.ms);
      forgetPeak(relay.pid);
      const before = cpuTimeMs(relay.pid) ?? Number.NaN;
      const ours = await ask(url, question);
      cpu.push((cpuTimeMs(relay.pid) ?? Number.NaN) - before);
      peaks.push((peakMemoryBytes(relay.pid) ?? Number.NaN) / 1e6);
      merged.push(ours.ms);
      ({ bytes } = ours);
      if (ours.end.includes('"error"')) throw new Error(`${name}: ${ours.end}`);
      // Sums of floats may end with another digit, and chunks elsewhere.
      if (name.startsWith("raw") && !question.chunked && one.bytes !== ours.bytes)
        throw new Error(`${name}: ${one.bytes} bytes of InfluxDB, ${ours.bytes} of the relay`);
    }
    const ratio = median(direct.map((ms, i) => ms / (merged[i] as number)));
    console.log(
      `${name.padEnd(26)} ${(bytes / 1e6).toFixed(1).padStart(6)} MB  InfluxDB ${median(direct).toFixed(0).padStart(6)} ms  ` +
        `relay ${median(merged).toFixed(0).padStart(6)} ms  speed ${ratio.toFixed(2)}  CPU ${median(cpu).toFixed(0).padStart(5)} ms  ` +
        `peak ${peaks.map((mb) => mb.toFixed(0)).join(" ")} MB`,
    );
    await (profile === undefined ? relay.kill() : relay.stop());
  }
} finally {
  agent.destroy();
  await Promise.all(servers.map((server) => server.close()));
}
