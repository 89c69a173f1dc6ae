import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { conflictsIn, databasesIn, type FieldTypes, fieldTypesIn } from "../../src/relay/field-types.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, status, write } from "./replica-set.ts";

/** What two checks, their timeouts and the pauses before them may take, and as much again for a busy machine. */
const NOTICED_MS = 12_000;

describe("the health of a backend", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;

  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo", "types"] }),
      startRealInfluxdb({ databases: ["demo", "types"] }),
    ]);
    relay = await startRelay({ config: mainListener([a, b]) });
  });
  after(() => Promise.all([relay?.kill(), a?.close(), b?.close()]));

  async function healthOf(name: string): Promise<number> {
    return (await ask(relay.url("main"), `/health/backends/${name}`)).status;
  }

  for (const [how, takeDown, bringBack] of [
    ["hangs", async () => b.pause(), async () => b.resume()],
    ["dies", () => b.kill(), () => b.start()],
  ] as const) {
    test(`one that ${how} without any traffic is out soon, and back by itself once it has what it missed`, async () => {
      await poll(async () => (await healthOf("b")) === 200, "b to be in sync");
      await takeDown();
      await poll(async () => (await healthOf("b")) === 503, "b to be out", NOTICED_MS);
      assert.equal(await healthOf("a"), 200);
      const found = JSON.parse((await ask(relay.url("main"), "/ready")).body);
      assert.deepEqual([found.writes, found.queries], [true, true]);
      for (let i = 0; i < 5; i++) {
        assert.equal((await write(relay.url("main"), "demo", `${how} v=${i} ${i}`)).status, 204);
      }
      await bringBack();
      await poll(
        async () => {
          const { status: code } = await ask(relay.url("main"), "/health/backends/b");
          if (code !== 200) return false;
          const count = await b.query(`SELECT count(v) FROM ${how}`, "demo");
          assert.equal(count[0]?.series?.[0]?.values?.[0]?.[1], 5, "it is in sync only with all writes");
          return true;
        },
        "b to be back",
        30_000,
      );
    });
  }

  test("fields that InfluxDB itself stores with different types are found", async () => {
    await a.write("types", "m,t=1 same=1,apart=1\nm,t=2 only=t");
    await b.write("types", "m,t=1 same=2,apart=1i");
    const known = new Map<string, FieldTypes>();
    for (const [name, server] of [
      ["a", a],
      ["b", b],
    ] as const) {
      const answer = await server.queryText('SHOW FIELD KEYS ON "types"');
      known.set(name, fieldTypesIn(new TextEncoder().encode(answer)) ?? assert.fail(answer));
      const databases = await server.queryText("SHOW DATABASES");
      assert.ok(databasesIn(new TextEncoder().encode(databases))?.includes("types"), databases);
    }
    assert.deepEqual(conflictsIn("types", known), [
      { db: "types", measurement: "m", field: "apart", types: { a: ["float"], b: ["integer"] } },
    ]);
  });

  test("what it says of itself fits the schema, and nobody lacks anything", async () => {
    const { backends } = await status(relay);
    assert.deepEqual(
      backends.map(({ name, backlog }) => [name, backlog.records]),
      [
        ["a", 0],
        ["b", 0],
      ],
    );
  });
});
