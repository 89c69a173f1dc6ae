import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Client } from "undici";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { seededRandom } from "../support/crashable-files.ts";
import { INSPECTED, liveHeapMb } from "../support/live-heap.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { ask, backendStatus, mainListener } from "./replica-set.ts";

// Load for ten minutes (SOAK_MINUTES says otherwise) while one replica after the other has an accident, drawn by SEED.
// Every write is taken, no query misses what was acknowledged before without saying so, what the relay uses does not
// grow, and both replicas end with every point.

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 10);
const WRITERS = 16;
const READERS = 2;
const PAUSE_MS = 2;
const SAMPLE_MS = 5_000;
const REST_MS = [2_000, 20_000] as const;
const AWAY_MS = [500, 6_000] as const;
const IN_SYNC_MS = 120_000;
const ACCIDENTS = ["stopped", "killed", "hung", "rebuilt"] as const;

/** A repair takes memory for a while, and what it leaves is garbage that nobody hurries to collect. */
const MAX_RSS_MB = 700;

interface Sample {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly lanes: number;
}

describe("a soak", { skip: requireReal("influxd") }, () => {
  const spool = temporaryDirectory("soak");
  const servers: RealInfluxdb[] = [];
  let relay: RelayProcess;

  before(async () => {
    for (let i = 0; i < 2; i++) servers.push(await startRealInfluxdb({ databases: ["soak"] }));
    const output = 'timeout = "2s", health-check-interval = "250ms"';
    const config = `[spool]\ndir = "${spool}"\n${mainListener(servers, output)}`;
    relay = await startRelay({ config, env: INSPECTED });
  });
  after(async () => {
    await Promise.all([relay?.kill(), ...servers.map((server) => server.close())]);
    removeDirectory(spool);
  });

  test(`of ${MINUTES} minutes with accidents loses nothing and grows nothing`, async (t) => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    t.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const between = ([least, most]: readonly [number, number]) => least + random() * (most - least);
    const until = performance.now() + MINUTES * 60_000;
    let failed = false;
    const running = () => !failed && performance.now() < until;
    const acknowledged = Array.from({ length: WRITERS }, () => 0);
    const accidents = Object.fromEntries(ACCIDENTS.map((kind) => [kind, 0]));
    const samples: Sample[] = [];
    let answers = 0;
    let stale = 0;

    async function writeAll(w: number): Promise<void> {
      const client = new Client(relay.url("main"));
      for (let n = 1; running(); n++) {
        const body = `soak,w=${w} v=${n} ${n}`;
        const answer = await client.request({ method: "POST", path: "/write?db=soak", body });
        const refusal = await answer.body.text();
        assert.equal(answer.statusCode, 204, `${refusal}\n${relay.output.slice(-5_000)}`);
        acknowledged[w] = n;
        await sleep(PAUSE_MS);
      }
      await client.close();
    }

    async function readAll(): Promise<void> {
      for (; running(); answers++) {
        const least = [...acknowledged];
        const { status, body, headers } = await ask(relay.url("main"), `/query?${newest}`);
        assert.equal(status, 200, body);
        const found = lastOfEach(body);
        // While one is away the other one may fall behind for a moment; then the answer says so.
        if (headers.has("x-relay-stale")) stale++;
        else
          for (const [w, n] of least.entries())
            assert.ok((found.get(w) ?? 0) >= n, `${w} wrote ${n}: ${body}`);
        await sleep(SAMPLE_MS / 10);
      }
    }

    async function haveAccidents(): Promise<void> {
      while (running()) {
        await sleep(between(REST_MS));
        const i = random() < 0.5 ? 0 : 1;
        const kind = ACCIDENTS[Math.floor(random() * ACCIDENTS.length)] ?? assert.fail();
        accidents[kind] = (accidents[kind] ?? 0) + 1;
        servers[i] = await haveAccident(kind, servers[i]!, between(AWAY_MS));
        const name = i === 0 ? "a" : "b";
        let reasons = "";
        await poll(
          async () => {
            const { status, body } = await ask(relay.url("main"), `/health/backends/${name}`);
            reasons = body;
            return status === 200 && (await backendStatus(relay, name)).backlog.records === 0;
          },
          `${name} to be in sync after it was ${kind}`,
          IN_SYNC_MS,
          () => `\n${reasons}\n${relay.output.slice(-5_000)}`,
        );
      }
    }

    async function sampleAll(): Promise<void> {
      for (; running(); await sleep(SAMPLE_MS)) samples.push(await sample(relay));
    }

    async function measureEarly(): Promise<number> {
      await sleep(MINUTES * 12_000);
      return liveHeapMb(relay);
    }

    const earlyHeapMb = measureEarly();
    const writers = acknowledged.map((_, w) => writeAll(w));
    const readers = Array.from({ length: READERS }, readAll);
    const all = [earlyHeapMb, haveAccidents(), sampleAll(), ...writers, ...readers];
    for (const one of all)
      one.catch(() => {
        failed = true;
      });
    await Promise.allSettled(all);
    await Promise.all(all);

    const expected = acknowledged.map((n, w) => ({ w, count: n, sum: (n * (n + 1)) / 2 }));
    for (const server of servers) assert.deepEqual(await countAndSum(server), expected);
    // The beginning fills caches and buffers.
    const settled = samples.slice(samples.length / 5);
    const [early, late] = [settled.slice(0, settled.length / 2), settled.slice(settled.length / 2)].map(
      figures,
    );
    const heapMb = [await earlyHeapMb, await liveHeapMb(relay)] as const;
    const points = acknowledged.reduce((sum, n) => sum + n, 0);
    t.diagnostic(JSON.stringify({ points, answers, stale, accidents, heapMb, early, late }));
    assert.ok(stale <= answers / 100, `${stale} of ${answers} answers were stale`);
    assert.ok(heapMb[1] <= heapMb[0] * 1.15 + 5, "memory grows");
    assert.ok(Math.max(early!.rssMb, late!.rssMb) < MAX_RSS_MB, "memory");
    assert.ok(late!.descriptors <= early!.descriptors + 2, "file descriptors");
    assert.ok(late!.lanes <= 2, "lanes");
  });
});

const newest = new URLSearchParams({ db: "soak", q: "SELECT last(v) FROM soak GROUP BY w" });

function lastOfEach(body: string): Map<number, number> {
  const { results } = JSON.parse(body);
  const series: { tags: { w: string }; values: [[string, number]] }[] = results[0].series ?? [];
  return new Map(series.map(({ tags, values }) => [Number(tags.w), values[0][1]]));
}

async function countAndSum(server: RealInfluxdb) {
  const [result] = await server.query("SELECT count(v), sum(v) FROM soak GROUP BY w", "soak");
  const rows = (result?.series ?? []).map(({ tags, values }) => ({
    w: Number(tags?.["w"]),
    count: values?.[0]?.[1],
    sum: values?.[0]?.[2],
  }));
  return rows.sort((a, b) => a.w - b.w);
}

/** Returns the server that is there in the end. */
async function haveAccident(
  kind: (typeof ACCIDENTS)[number],
  server: RealInfluxdb,
  awayMs: number,
): Promise<RealInfluxdb> {
  if (kind === "hung") server.pause();
  else if (kind === "rebuilt") await server.close();
  else await (kind === "stopped" ? server.stop() : server.kill());
  await sleep(awayMs);
  if (kind === "rebuilt") return startRealInfluxdb({ port: server.port });
  if (kind === "hung") server.resume();
  else await server.start();
  return server;
}

async function sample(relay: RelayProcess): Promise<Sample> {
  const status = readFileSync(`/proc/${relay.pid}/status`, "utf8");
  const lanes = (await backendStatus(relay, "a")).lanes + (await backendStatus(relay, "b")).lanes;
  return {
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${relay.pid}/fd`).length,
    lanes,
  };
}

function figures(part: readonly Sample[]) {
  const most = (figure: keyof Sample) => Math.max(...part.map((each) => each[figure]));
  const sorted = part.map(({ rssMb }) => rssMb).sort((a, b) => a - b);
  const medianRssMb = sorted[sorted.length >> 1] ?? Number.NaN;
  return { medianRssMb, rssMb: most("rssMb"), descriptors: most("descriptors"), lanes: most("lanes") };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
