import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeyedData, moves, spread } from "../../src/shard/plan.ts";
import { createMap } from "./maps.ts";

const data = (db: string, measurement: string, tags: Record<string, string>, count: number): KeyedData => ({
  db,
  measurement,
  tags,
  count,
});

const DATA = [
  data("d1", "cpu", { t: "a" }, 10),
  data("d2", "mem", { t: "a" }, 5),
  data("d1", "cpu", { t: "b" }, 1),
  data("d1", "disk", { other: "a" }, 7),
];

test("data spreads as the map says, and keys are counted once", () => {
  const map = createMap({ shards: 3, pin: { a: "s1", b: "s1", "": "s3" } });
  assert.deepEqual(spread(DATA, map), [
    { shard: "s1", keys: 2, count: 16 },
    { shard: "s2", keys: 0, count: 0 },
    { shard: "s3", keys: 1, count: 7 },
  ]);
});

test("nothing moves where the map is the same in other words", () => {
  const before = createMap({ shards: { a: 1, b: 1 } });
  const after = createMap({ shards: { b: 3, a: 3 } });
  assert.deepEqual([...moves(DATA, before, after)], []);
});

test("what moves is told with where from and to, and only that", () => {
  const before = createMap({ shards: 2, pin: { a: "s1", b: "s2", "": "s1" } });
  const after = createMap({ shards: 3, pin: { a: "s3", b: "s2", "": "s1" } });
  assert.deepEqual(
    [...moves(DATA, before, after)],
    [
      { data: DATA[0], from: "s1", to: "s3" },
      { data: DATA[1], from: "s1", to: "s3" },
    ],
  );
});

test("a map may divide by something else afterwards", () => {
  const before = createMap({ by: ["tag:t"], shards: 2, pin: { a: "s1", b: "s1", "": "s1" } });
  const after = createMap({
    by: ["db", "measurement"],
    shards: 2,
    pin: { "d1,cpu": "s1", "d2,mem": "s2", "d1,disk": "s2" },
  });
  assert.deepEqual(
    [...moves(DATA, before, after)].map(({ data, to }) => [data.measurement, to]),
    [
      ["mem", "s2"],
      ["disk", "s2"],
    ],
  );
});

test("a tag that has the name of what every object has is none", () => {
  const map = createMap({ by: ["tag:constructor"], shards: 2, pin: { "": "s2" } });
  assert.deepEqual(spread([data("d", "m", {}, 1)], map)[1], { shard: "s2", keys: 1, count: 1 });
});
