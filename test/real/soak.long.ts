import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Client } from "undici";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { backendStatus, type ReplicaSet, startReplicaSet } from "./replica-set.ts";

// Load for ten minutes (SOAK_MINUTES says otherwise) while one replica after the other stops and comes back. What the
// relay uses must not grow, and both replicas must end with every acknowledged point.

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 10);
const WRITERS = 16;
const PAUSE_MS = 2;
const SAMPLE_MS = 5_000;
/** A replica is away for this long, every so often. */
const OUTAGE_MS = 3_000;
const OUTAGE_EVERY_MS = 30_000;

interface Sample {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly lanes: number;
}

describe("a soak", { skip: requireReal("influxd") }, () => {
  let set: ReplicaSet;
  before(async () => {
    set = await startReplicaSet();
    for (const server of set.servers) await server.query("CREATE DATABASE soak");
  });
  after(() => set?.close());

  test(`of ${MINUTES} minutes loses nothing and grows nothing`, async (t) => {
    const until = performance.now() + MINUTES * 60_000;
    const running = () => performance.now() < until;
    const samples: Sample[] = [];
    const acknowledged = Array.from({ length: WRITERS }, () => 0);

    async function writer(i: number): Promise<void> {
      const client = new Client(set.relay.url("main"));
      for (let n = 1; running(); n++) {
        const body = `soak,w=${i} v=${n} ${n}`;
        const answer = await client.request({ method: "POST", path: "/write?db=soak", body });
        await answer.body.dump();
        assert.equal(answer.statusCode, 204);
        acknowledged[i] = n;
        await sleep(PAUSE_MS);
      }
      await client.close();
    }

    async function outages(): Promise<void> {
      for (let n = 0; running(); n++) {
        await sleep(OUTAGE_EVERY_MS);
        const server = n % 2 === 0 ? set.a : set.b;
        if (n % 4 < 2) await server.stop();
        else server.pause();
        await sleep(OUTAGE_MS);
        if (n % 4 < 2) await server.start();
        else server.resume();
        const name = n % 2 === 0 ? "a" : "b";
        await poll(
          async () => (await backendStatus(set.relay, name)).backlog.records === 0,
          "caught up",
          60_000,
        );
      }
    }

    async function sampler(): Promise<void> {
      while (running()) {
        await sleep(SAMPLE_MS);
        samples.push(await sample());
      }
    }

    async function sample(): Promise<Sample> {
      const { pid } = set.relay;
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const lanes = (await backendStatus(set.relay, "a")).lanes + (await backendStatus(set.relay, "b")).lanes;
      return {
        rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
        lanes,
      };
    }

    await Promise.all([outages(), sampler(), ...Array.from({ length: WRITERS }, (_, i) => writer(i))]);

    const total = acknowledged.reduce((sum, n) => sum + n, 0);
    for (const server of [set.a, set.b]) {
      await poll(
        async () => (await server.points("soak")).length === total,
        "every acknowledged point",
        60_000,
      );
    }
    const [early, late] = [samples.slice(0, samples.length / 2), samples.slice(samples.length / 2)];
    const highest = (part: Sample[], figure: keyof Sample) => Math.max(...part.map((entry) => entry[figure]));
    t.diagnostic(`${total} points; ${JSON.stringify({ early: worst(early), late: worst(late) })}`);
    assert.ok(highest(late, "rssMb") <= highest(early, "rssMb") * 1.15 + 5, "memory");
    assert.ok(highest(late, "descriptors") <= highest(early, "descriptors") + 2, "file descriptors");
    assert.ok(highest(late, "lanes") <= 2, "lanes");

    function worst(part: Sample[]): Sample {
      return {
        rssMb: highest(part, "rssMb"),
        descriptors: highest(part, "descriptors"),
        lanes: highest(part, "lanes"),
      };
    }
  });
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
