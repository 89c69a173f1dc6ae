import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HttpError, InfluxDB, Point, setLogger, type WriteOptions } from "@influxdata/influxdb-client";
import { requireReal } from "../../support/require-real.ts";
import { type Pair, startPair } from "./pair.ts";

const DB = "v2";

describe("@influxdata/influxdb-client", { skip: requireReal("influxd") }, () => {
  let pair: Pair;
  before(async () => {
    // It prints each error that it hands over.
    setLogger({ error: () => {}, warn: () => {} });
    pair = await startPair();
    for (const server of pair.servers) await server.query(`CREATE DATABASE ${DB}`);
  });
  after(() => pair.close());

  function writeApi(
    bucket: string,
    precision: "ns" | "us" | "ms" | "s",
    options: Partial<WriteOptions> = {},
  ) {
    const client = new InfluxDB({ url: pair.url, token: "user:password" });
    return client.getWriteApi("any org", bucket, precision, { maxRetries: 0, flushInterval: 0, ...options });
  }

  const point = (measurement: string, value: number, time: number) =>
    new Point(measurement).tag("host", "h 1").intField("v", value).timestamp(time);

  test("writes points in each precision", async () => {
    for (const [i, precision] of (["ns", "us", "ms", "s"] as const).entries()) {
      const api = writeApi(`${DB}/autogen`, precision);
      api.writePoint(point(precision, i, 7).floatField("f", 1.5).stringField("s", 'a "b"'));
      await api.close();
    }
    await pair.bothHave(
      DB,
      ["ns", "us", "ms", "s"].map(
        (unit, i) => `${unit},host=h\\ 1 f=1.5,s="a \\"b\\"",v=${i}i 7${"0".repeat(3 * i)}`,
      ),
    );
  });

  test("writes many points in batches with gzip, to a bucket without a policy", async () => {
    const api = writeApi(DB, "ms", { batchSize: 1_000, gzipThreshold: 100 });
    for (let i = 0; i < 5_000; i++) api.writePoint(point("many", i, i));
    await api.close();
    await pair.bothSay("SELECT count(v), sum(v) FROM many", DB, [[0, 5_000, 12_497_500]]);
  });

  test("is told errors it understands, and which lines they are about", async () => {
    const failed: { message: string; status: number; lines: number }[] = [];
    const writeFailed = (error: Error, lines: string[]) => {
      assert.ok(error instanceof HttpError);
      failed.push({ message: error.message, status: error.statusCode, lines: lines.length });
    };
    const write = async (bucket: string, ...lines: string[]) => {
      const api = writeApi(bucket, "ns", { writeFailed });
      api.writeRecords(lines);
      await api.close().catch(() => undefined);
    };
    await write("nowhere/autogen", "m v=1 1");
    await write(DB, "typed v=1i 1", "broken");
    await write(DB, 'typed v="text" 1');
    assert.deepEqual(
      failed.map(({ status, lines }) => [status, lines]),
      [
        [404, 1],
        [400, 2],
        [400, 1],
      ],
    );
    assert.match(failed[0]?.message ?? "", /database not found: \\"nowhere\\"/);
    assert.match(failed[1]?.message ?? "", /partial write: unable to parse 'broken'/);
    assert.match(failed[2]?.message ?? "", /field type conflict/);
    await pair.bothSay("SELECT v FROM typed", DB, [[1, 1]]);
  });
});
