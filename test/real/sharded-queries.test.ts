import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { parseQuery } from "../../src/influxql/parse.ts";
import { planStatement } from "../../src/query/sharded/planner.ts";
import { DATABASE } from "../influxql/data-set.ts";
import { anyReading } from "../influxql/grammar.ts";
import { requireReal } from "../support/require-real.ts";
import { CHANGES, changedBy } from "./sharded-changes.ts";
import { checkAll, checkForms, mostly, READING, type Tally } from "./sharded-checks.ts";
import { EMPTY_ROWS, FILLING, GAPS, LOOKING_BACK, writeGaps } from "./sharded-fill.ts";
import { LISTENERS, type ShardedScene, startShardedScene } from "./sharded-scene.ts";

const SEED = 20_261_125;

const PINNED = /customer_id"?(::tag)? *= *'/;

/** A third of them by measurement: the long test asks all of both. */
const askedOf = (listener: string) => READING.filter((_, at) => listener === "tag" || at % 3 === 0);

describe("queries of shards", { skip: requireReal("influxd") }, () => {
  let scene: ShardedScene;
  before(async () => {
    scene = await startShardedScene();
  });
  after(() => scene?.close());

  for (const listener of Object.keys(LISTENERS)) {
    const statements = askedOf(listener);
    test(`${statements.length} statements are answered as by one InfluxDB, or refused: ${listener}`, async (t) => {
      const tally = await checkAll(scene, listener, statements);
      t.diagnostic(JSON.stringify(tally.counts));
      assert.deepEqual(tally.different, []);
      assert.ok(mostly(tally), JSON.stringify(tally.counts));
    });

    test(`what changes something runs on the shards that it is about: ${listener}`, async () => {
      const map = scene.maps[listener];
      for (const [statement, tag, measurement] of CHANGES) {
        const where = listener === "tag" ? tag : measurement;
        const shards =
          where === "all" ? [0, 1, 2] : where === "refused" ? [] : where.map((key) => map?.owner([key]));
        const expected = where === "refused" ? where : [...new Set(shards)].sort();
        assert.deepEqual(await changedBy(scene, listener, statement), expected, statement);
      }
    });
  }

  test("fill(number) is of the type of a field that a shard does not have", async (t) => {
    await writeGaps(scene);
    for (const listener of Object.keys(LISTENERS)) {
      const tally = await checkAll(scene, listener, [
        ...[...FILLING, ...EMPTY_ROWS].map((q) => ({ q, db: GAPS })),
        ...LOOKING_BACK.map((q) => ({ q, db: DATABASE })),
      ]);
      t.diagnostic(JSON.stringify(tally.counts));
      assert.deepEqual(tally.different, [], listener);
      assert.ok(mostly(tally), JSON.stringify(tally.counts));
    }
  });

  test("a change by GET is called deprecated, as by InfluxDB", async () => {
    const create = `CREATE DATABASE ${GAPS}`;
    const wrong = `ALTER RETENTION POLICY nobody_has ON ${GAPS} DURATION 1d`;
    for (const q of [create, `SHOW USERS; ${create}`, "DROP MEASUREMENT nobody_has", wrong]) {
      for (const more of [{}, { chunked: "true" }, { pretty: "true" }]) {
        const parameters = new URLSearchParams({ db: GAPS, q, ...more });
        const get = async (url: string) => (await fetch(`${url}/query?${parameters}`)).text();
        const right = await get(scene.whole.url);
        assert.equal(await get(scene.relay.url("tag")), right, q);
        assert.equal(right.includes("deprecated use of"), q !== wrong, q);
      }
    }
  });

  test("nothing that is about one customer is refused", () => {
    const map = scene.maps["tag"] ?? assert.fail();
    const pinned = READING.filter(({ q, params }) => params === undefined && PINNED.test(q));
    assert.ok(pinned.length > 30);
    const refused = pinned.flatMap(({ q, db }) =>
      parseQuery(q, {}).statements.filter(
        ({ statement }) => planStatement(statement, map, db).kind === "refuse",
      ),
    );
    assert.deepEqual(
      refused.map(({ text }) => text),
      [],
    );
  });

  test("what Grafana asks is answered", async () => {
    const tally: Tally = await checkAll(
      scene,
      "tag",
      READING.filter(({ family }) => family === "grafana"),
    );
    assert.deepEqual(tally.different, []);
    assert.deepEqual(
      Object.keys(tally.counts).filter((kind) => /refused|failed/.test(kind)),
      [],
    );
  });

  test("CSV, chunks, indented JSON and numbers as times have the same in them", async () => {
    const some = READING.filter(({ answer }, at) => answer !== "varies" && at % 16 === 0);
    assert.deepEqual(await checkForms(scene, "tag", some), []);
  });

  test("generated statements are answered as by one InfluxDB, or refused", async (t) => {
    const statements = fc.sample(anyReading, { numRuns: 40, seed: SEED });
    const questions = statements.map((q) => ({ q, db: DATABASE }));
    for (const listener of Object.keys(LISTENERS)) {
      const tally = await checkAll(scene, listener, questions);
      t.diagnostic(JSON.stringify(tally.counts));
      assert.deepEqual(tally.different, [], `${listener}, seed ${SEED}`);
    }
  });
});
