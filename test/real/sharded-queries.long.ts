import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { DATABASE } from "../influxql/data-set.ts";
import { anyReading } from "../influxql/grammar.ts";
import { requireReal } from "../support/require-real.ts";
import { checkAll, READING } from "./sharded-checks.ts";
import { LISTENERS, type ShardedScene, startShardedScene } from "./sharded-scene.ts";

describe("queries of shards", { skip: requireReal("influxd") }, () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
  const runs = Number(process.env["RUNS"] ?? 10_000);
  let scene: ShardedScene;
  before(async () => {
    console.log(`SEED=${seed} RUNS=${runs}`);
    scene = await startShardedScene();
  });
  after(() => scene?.close());

  for (const listener of Object.keys(LISTENERS)) {
    test(`${READING.length} statements are answered as by one InfluxDB, or refused: ${listener}`, async () => {
      assert.deepEqual((await checkAll(scene, listener, READING)).different, []);
    });

    test(`generated statements are answered as by one InfluxDB, or refused: ${listener}`, async () => {
      const statements = fc.sample(anyReading, { numRuns: runs, seed });
      const tally = await checkAll(
        scene,
        listener,
        statements.map((q) => ({ q, db: DATABASE })),
      );
      console.log(listener, tally.counts);
      assert.deepEqual(tally.different, []);
    });
  }
});
