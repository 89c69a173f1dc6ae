import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FieldType, InfluxDB } from "influx";
import { requireReal } from "../../support/require-real.ts";
import { type Pair, startPair } from "./pair.ts";

describe("npm's influx", { skip: requireReal("influxd") }, () => {
  let pair: Pair;
  let influx: InfluxDB;
  before(async () => {
    pair = await startPair();
    influx = new InfluxDB({
      host: "127.0.0.1",
      port: Number(pair.port),
      database: "js",
      schema: [
        {
          measurement: "cpu",
          tags: ["host"],
          fields: { v: FieldType.INTEGER, f: FieldType.FLOAT, s: FieldType.STRING, b: FieldType.BOOLEAN },
        },
      ],
      pool: { maxRetries: 0 },
    });
    await influx.createDatabase("js");
  });
  after(() => pair.close());

  test("finds the server", async () => {
    const [answer] = await influx.ping(5_000);
    assert.equal(answer?.online, true);
    assert.match(String(answer?.version), /^1\.6/);
    assert.deepEqual(await influx.getDatabaseNames(), ["js"]);
    await pair.bothSay("SHOW DATABASES", "", [["js"]]);
  });

  test("reads what it wrote, in every type", async () => {
    const points = [1, 2, 3].map((i) => ({
      measurement: "cpu",
      tags: { host: `h ${i % 2}` },
      fields: { v: i, f: i / 2, s: 'a "b"', b: i === 2 },
      timestamp: i,
    }));
    await influx.writePoints(points, { precision: "ms" });
    const rows = await influx.query<{ v: number; s: string; b: boolean; host: string; time: Date }>(
      "SELECT * FROM cpu",
    );
    assert.deepEqual(
      rows.map(({ v, s, b, host, time }) => ({ v, s, b, host, time: time.getTime() })),
      [1, 2, 3].map((i) => ({ v: i, s: 'a "b"', b: i === 2, host: `h ${i % 2}`, time: i })),
    );
    const [sums, counts] = await influx.query(["SELECT sum(v) FROM cpu", "SELECT count(f) FROM cpu"]);
    assert.equal((sums as unknown as { sum: number }[])[0]?.sum, 6);
    assert.equal((counts as unknown as { count: number }[])[0]?.count, 3);
    await pair.bothHave(
      "js",
      [1, 2, 3].map(
        (i) =>
          `cpu,host=h\\ ${i % 2} b=${i === 2},f=${i / 2},s="a \\"b\\"",v=${i}i ${BigInt(i) * 1_000_000n}`,
      ),
    );
  });

  test("changes schema and data, on both servers", async () => {
    await influx.writePoints([{ measurement: "gone", fields: { v: 1 } }]);
    await influx.createRetentionPolicy("week", { duration: "1w", replication: 1, isDefault: false });
    await influx.alterRetentionPolicy("week", { duration: "2w", replication: 1, isDefault: false });
    await influx.createUser("writer", "secret", false);
    await influx.grantPrivilege("writer", "WRITE");
    assert.deepEqual((await influx.getMeasurements()).sort(), ["cpu", "gone"]);
    await influx.dropMeasurement("gone");
    assert.deepEqual(await influx.getMeasurements(), ["cpu"]);
    assert.deepEqual(
      [...(await influx.getUsers())].map(({ user }) => user),
      ["writer"],
    );
    await pair.bothSay("SHOW RETENTION POLICIES ON js", "js", [
      ["autogen", "0s", "168h0m0s", 1, true],
      ["week", "336h0m0s", "24h0m0s", 1, false],
    ]);
    await pair.bothSay("SHOW GRANTS FOR writer", "js", [["js", "WRITE"]]);
    await pair.bothSay("SHOW MEASUREMENTS", "js", [["cpu"]]);
    await influx.createDatabase("other");
    await influx.dropDatabase("other");
    await pair.bothSay("SHOW DATABASES", "", [["js"]]);
  });

  test("is told errors as by InfluxDB", async () => {
    const message = (promise: Promise<unknown>) =>
      promise.then(
        () => "none",
        (error: Error) => error.message,
      );
    const point = { measurement: "m", fields: { v: 1 } };
    assert.match(
      await message(influx.writePoints([point], { database: "nowhere" })),
      /database not found: \\"nowhere\\"/,
    );
    assert.match(
      await message(influx.writePoints([point, { ...point, fields: { v: "text" } }])),
      /partial write: field type conflict/,
    );
    assert.match(await message(influx.query("SELEC v")), /error parsing query: found SELEC/);
    assert.match(
      await message(influx.query("SELECT v FROM m", { database: "nowhere" })),
      /database not found: nowhere/,
    );
  });
});
