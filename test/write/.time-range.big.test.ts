import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { timeRange } from "/work/main/src/write/time-range.ts";
import { bodies, bytes, read } from "/work/main/test/write/line-protocol.ts";

const range = (body: string, precision = "n") => timeRange(bytes(body), precision);

test("a body without a point that has a time has no range", () => {
  for (const body of ["", "# c", "m v=1", "m v=1 x", "m v= 5"]) assert.equal(range(body), undefined);
});

test("the range holds every time, in nanoseconds", () => {
  assert.deepEqual(range("m v=1 5\nm v=1 -7\nm v=1 3"), { minNs: -7n, maxNs: 5n });
  assert.deepEqual(range("m v=1 5", "ms"), { minNs: 5_000_000n, maxNs: 5_000_000n });
  assert.deepEqual(range("m v=1 1465839830100400200\nm v=1 1465839830100400201"), {
    minNs: 1465839830100400200n,
    maxNs: 1465839830100400201n,
  });
});

test("a time in a string is none", () => {
  assert.deepEqual(range('m v="a 1\nb 2" 7'), { minNs: 7n, maxNs: 7n });
});

test("lines that InfluxDB refuses do not widen the range", () => {
  const good = "\nm v=1 500\nm v=1 600\n";
  for (const bad of [
    "m v=bad 1",
    "m,t v=1 9999",
    "m v=1 99999999999999999999999999",
    "m v=1 1 2",
    "m v=1 -1x",
  ]) {
    assert.deepEqual(range(bad + good), { minNs: 500n, maxNs: 600n });
  }
});

test("leading zeros do not matter", () => {
  assert.deepEqual(range(`m v=1 ${"0".repeat(40)}5\nm v=1 6`), { minNs: 5n, maxNs: 6n });
});

test("the range is that of the points whose time is in the body", () => {
  const now = 777_777n;
  fc.assert(
    fc.property(bodies(), (body) => {
      const times = read(bytes(body), now)
        .points.map((point) => point.timeNs)
        .filter((time) => time !== now)
        .sort((a, b) => Number(a - b));
      const expected = times.length === 0 ? undefined : { minNs: times[0], maxNs: times.at(-1) };
      assert.deepEqual(range(body), expected);
    }),
    { numRuns: 60000 },
  );
});
