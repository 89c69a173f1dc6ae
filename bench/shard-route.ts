/**
 * CPU time of a relay for a write and for a query, with shards and without: `node bench/shard-route.ts [seconds]
 * [rounds] [writes | queries]`.
 */
import { Agent, request } from "node:http";
import { type RelayProcess, startRelay } from "../test/support/relay-process.ts";
import { DATABASE } from "./backends.ts";
import type { Contender } from "./contenders.ts";
import { startLoad, startSinks } from "./helpers.ts";
import { measure, SHAPES } from "./measure.ts";
import type { CaseName, Options } from "./options.ts";
import { cpuTimeMs } from "./processes.ts";

const CASES: readonly CaseName[] = ["single-64", "batch-8"];
const [seconds = 3, rounds = 5] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4];
const profile = process.env["PROFILE"];

const QUERIES: Readonly<Record<string, string>> = {
  "a short query": "SELECT v FROM cpu WHERE region = 'eu' LIMIT 1",
  "a panel of Grafana":
    `SELECT mean("usage_user") FROM "autogen"."cpu" WHERE ("region" = 'eu' AND "host" =~ /^(h1|h2|h3)$/) ` +
    `AND time >= 1700000000000ms and time <= 1700007200000ms GROUP BY time(1m), "host" fill(null)`,
};
const CONNECTIONS = 16;

const sinks = await startSinks("answers", "answers", "answers", "answers");
const [a, b, c, d] = sinks.ports.map(
  (port, i) => `{ name = "s${i}", location = "http://127.0.0.1:${port}" }`,
);

/** Every line of a write has the tag region=eu, and a host of its own. */
const LISTENERS: Readonly<Record<string, string>> = {
  "no shards": `output = [${a}, ${b}]`,
  "shards, one for it": sharded("region"),
  "shards, both for a write": sharded("host"),
  // Tells how much of a difference is chance.
  "no shards, once more": `output = [${a}, ${b}]`,
};

function sharded(tag: string): string {
  const shard = (name: string, outputs: string) =>
    `[[http.shard]]\nname = "${name}"\noutput = [${outputs}]\n`;
  const two = shard("s1", `${a}, ${b}`) + shard("s2", `${c}, ${d}`);
  return `shard-by = "tag:${tag}"\npin = { eu = "s1" }\n${two}`;
}

const relays: RelayProcess[] = [];
const contenders: Contender[] = [];
for (const [name, listener] of Object.entries(LISTENERS)) {
  const relay = await startRelay({
    config: `shutdown-timeout = "500ms"\n[[http]]\nname = "bench"\nbind-addr = "127.0.0.1:0"\n${listener}\n`,
    ...(profile === undefined
      ? {}
      : { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}/${contenders.length}` } }),
  });
  relays.push(relay);
  const server = { host: "127.0.0.1", port: relay.port("bench"), pid: relay.pid };
  contenders.push({ name, server });
}
const load = startLoad();

async function measureWrites(): Promise<void> {
  for (const name of CASES) {
    console.log(`\n${SHAPES[name].title}, database ${DATABASE}`);
    const rows = await measure(name, contenders, load, { seconds, rounds } as Options);
    const base = rows[0]?.cpuUsPerWrite ?? Number.NaN;
    for (const { name: label, cpuUsPerWrite = Number.NaN, rounds: each, ...row } of rows) {
      const shares = each.map(({ cpuUsPerWrite: us = Number.NaN }, i) => {
        return us / (rows[0]?.rounds[i]?.cpuUsPerWrite ?? Number.NaN);
      });
      show(label, `${row.writesPerSecond.toFixed(0)} writes/s`, cpuUsPerWrite, median(shares), row.failed);
    }
    if (Number.isNaN(base)) throw new Error("this machine does not tell CPU time");
  }
}

/** Shares are of the same round. */
async function measureQueries(): Promise<void> {
  const compared = contenders.filter(({ name }) => name !== "shards, both for a write");
  for (const [title, q] of Object.entries(QUERIES)) {
    console.log(`\n${title}, ${CONNECTIONS} connections: ${q}`);
    const costs = compared.map((): number[] => []);
    const rates = compared.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      for (const [i, { server }] of compared.entries()) {
        const { count, cpuMs } = await queriesOf(server.port, server.pid as number, q);
        if (round < 0) continue;
        costs[i]?.push((cpuMs * 1_000) / count);
        rates[i]?.push(count / seconds);
      }
    }
    for (const [i, { name }] of compared.entries()) {
      const own = costs[i] as number[];
      const shares = own.map((cost, round) => cost / (costs[0]?.[round] as number));
      show(name, `${median(rates[i] as number[]).toFixed(0)} queries/s`, median(own), median(shares), 0);
    }
  }
}

async function queriesOf(port: number, pid: number, q: string): Promise<{ count: number; cpuMs: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const path = `/query?${new URLSearchParams({ db: DATABASE, epoch: "ms", q })}`;
  const before = cpuTimeMs(pid) ?? Number.NaN;
  const end = performance.now() + seconds * 1_000;
  let count = 0;
  const connection = async () => {
    for (; performance.now() < end; count++) {
      const status = await get(port, path, agent);
      if (status !== 200) throw new Error(`${q}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return { count, cpuMs: (cpuTimeMs(pid) ?? Number.NaN) - before };
}

function get(port: number, path: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, path, agent }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve(incoming.statusCode));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function show(label: string, rate: string, cpuUs: number, share: number, failed: number): void {
  const cpu = `${cpuUs.toFixed(0)} us`.padStart(9);
  console.log(`${label.padEnd(28)} ${rate.padStart(16)} ${cpu} x${share.toFixed(2)} ${failed} failed`);
}

try {
  if (only !== "queries") await measureWrites();
  if (only !== "writes") await measureQueries();
} finally {
  load.close();
  await Promise.all(relays.map((relay) => (profile === undefined ? relay.kill() : relay.stop())));
  sinks.close();
}
