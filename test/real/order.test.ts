import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "undici";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";
import {
  backendStatus,
  eventually,
  type ReplicaSet,
  startReplicaSet,
  write,
  writeInOrder,
} from "./replica-set.ts";

const WRITERS = 64;
/** So many of them also write to one series that they share. */
const SHARING = 8;
const WRITING_MS = 3_000;

describe("the order of overwrites", { skip: requireReal("influxd") }, () => {
  let set: ReplicaSet;
  let db: string;
  let databases = 0;

  before(async () => {
    set = await startReplicaSet();
  });
  after(() => set?.close());

  async function newDatabase(): Promise<void> {
    db = `db${databases++}`;
    for (const server of set.servers) await server.query(`CREATE DATABASE ${db}`);
  }

  /** The last acknowledged value of each writer's own series, after all have written for a while. */
  async function overwrite(disturb: () => Promise<void>): Promise<Map<string, number>> {
    await newDatabase();
    const last = new Map<string, number>();
    const until = performance.now() + WRITING_MS;

    async function writer(i: number): Promise<void> {
      const client = new Client(set.relay.url("main"));
      try {
        for (let value = 1; performance.now() < until; value++) {
          const own = `own,w=${i} v=${value} 1000`;
          const body = i < SHARING ? `${own}\nshared v=${value * WRITERS + i} 1000` : own;
          const answer = await client.request({ method: "POST", path: `/write?db=${db}`, body });
          await answer.body.dump();
          assert.equal(answer.statusCode, 204);
          last.set(`own,w=${i}`, value);
        }
      } finally {
        await client.close();
      }
    }

    await Promise.all([disturb(), ...Array.from({ length: WRITERS }, (_, i) => writer(i))]);
    return last;
  }

  async function lastOnesAreStored(last: ReadonlyMap<string, number>, limitMs?: number): Promise<void> {
    assert.equal(last.size, WRITERS);
    assert.ok(
      [...last.values()].every((value) => value > 10),
      `too few writes: ${[...last.values()]}`,
    );
    const expected = [...last].map(([series, value]) => `${series} v=${value} 1000`).sort();
    const own = (server: RealInfluxdb) => server.points(db, { measurements: ["own"] });
    const shared = (server: RealInfluxdb) => server.points(db, { measurements: ["shared"] });
    for (const server of [set.a, set.b]) {
      await eventually(() => own(server), expected, "the last acknowledged values", limitMs);
    }
    const [winner] = await shared(set.a);
    assert.match(winner ?? "", /^shared v=\d+ 1000$/);
    assert.deepEqual(await shared(set.b), [winner]);
    await eventually(async () => (await backendStatus(set.relay, "b")).backlog.records, 0, "no backlog");
  }

  test("is the order of acceptance, also of writes that waited together", async () => {
    await newDatabase();
    const values = Array.from({ length: 30 }, (_, i) => `m v=${i} 1000`);
    for (const { status } of await writeInOrder(set, db, values)) assert.equal(status, 204);
    for (const server of [set.a, set.b])
      await eventually(() => server.points(db), ["m v=29 1000"], "the last value");
  });

  test("is the order of their acknowledgements, on both replicas", async () => {
    await lastOnesAreStored(await overwrite(async () => {}));
  });

  test("and also on a replica that hung meanwhile", async () => {
    const last = await overwrite(async () => {
      await pause(WRITING_MS / 4);
      set.b.pause();
      await pause(WRITING_MS / 4);
      set.b.resume();
    });
    await lastOnesAreStored(last);
  });

  test("and also on a replica that was killed and came back", async () => {
    const last = await overwrite(async () => {
      await pause(WRITING_MS / 4);
      await set.b.kill();
      await pause(WRITING_MS / 4);
      await set.b.start();
    });
    assert.equal((await write(set.relay.url("main"), db, "after v=1 1")).status, 204);
    // The request that was in flight has an unknown outcome: what follows it waits for 10 s.
    await lastOnesAreStored(last, 30_000);
  });
});

/** Lets the writers write for so long. */
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
