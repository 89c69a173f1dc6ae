import assert from "node:assert/strict";
import { test } from "node:test";
import { shardAt, timeOf, windowsOf } from "../../src/recovery/windows.ts";

const span = (start: number, end: number) => ({ start: BigInt(start), end: BigInt(end) });

test("windows are the shards of both servers, cut at each other's boundaries", () => {
  assert.deepEqual(windowsOf([span(0, 10), span(10, 20), span(0, 7), span(7, 14)]), [
    span(0, 7),
    span(7, 10),
    span(10, 14),
    span(14, 20),
  ]);
  assert.deepEqual(windowsOf([span(0, 10), span(30, 40), span(0, 10)]), [span(0, 10), span(30, 40)]);
  assert.deepEqual(windowsOf([]), []);
});

test("windows are cut at what is asked for", () => {
  assert.deepEqual(windowsOf([span(0, 10), span(10, 20)], span(5, 12)), [span(5, 10), span(10, 12)]);
  assert.deepEqual(windowsOf([span(0, 10)], span(10, 20)), []);
});

test("a shard begins where InfluxDB begins it", () => {
  const hour = 3_600_000_000_000n;
  const shard = (time: string, hours: number) => shardAt(timeOf(time), { shardNs: BigInt(hours) * hour });
  // As influxd made them.
  assert.deepEqual(shard("1970-01-01T00:00:00.000000001Z", 168), {
    start: timeOf("1969-12-29T00:00:00Z"),
    end: timeOf("1970-01-05T00:00:00Z"),
  });
  assert.deepEqual(shard("2026-08-03T23:59:59.999999999Z", 24), {
    start: timeOf("2026-08-03T00:00:00Z"),
    end: timeOf("2026-08-04T00:00:00Z"),
  });
  assert.equal(shard("1913-05-30T00:00:00Z", 168).start, timeOf("1913-05-26T00:00:00Z"));
});

test("times keep their nanoseconds, also before 1970", () => {
  assert.equal(timeOf("1970-01-01T00:00:00.000000001Z"), 1n);
  assert.equal(timeOf("1969-12-31T23:59:59.999999999Z"), -1n);
  assert.equal(timeOf("2026-08-03T00:00:00Z"), 1_785_715_200_000_000_000n);
});
