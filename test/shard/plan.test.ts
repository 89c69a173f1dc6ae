import assert from "node:assert/strict";
import { test } from "node:test";
import { type Key, KeyTally, Moves, Spread } from "../../src/shard/plan.ts";
import { createMap } from "./maps.ts";

const key = (...values: string[]): Key => {
  const text = values.join("\0");
  return { text, bytes: new TextEncoder().encode(text) };
};
const points = (count: number) => ({ series: 1, points: count });

test("data spreads as the map says, and keys are counted once", () => {
  const spread = new Spread(createMap({ shards: 3, pin: { a: "s1", b: "s1", "": "s3" } }));
  spread.add(key("a"), points(10));
  spread.add(key("a"), points(5));
  spread.add(key("b"), points(1));
  spread.add(key(""), points(7));
  assert.deepEqual(spread.shares(), [
    { shard: "s1", keys: 2, series: 3, points: 16 },
    { shard: "s2", keys: 0, series: 0, points: 0 },
    { shard: "s3", keys: 1, series: 1, points: 7 },
  ]);
  assert.deepEqual(
    spread.tally.largest(2).map(({ text, points }) => [text, points]),
    [
      ["a", 15],
      ["", 7],
    ],
  );
});

test("nothing moves where the map is the same in other words", () => {
  const moves = new Moves(createMap({ shards: { a: 1, b: 1 } }), createMap({ shards: { b: 3, a: 3 } }));
  for (let i = 0; i < 100; i++) moves.add(key(`k${i}`), key(`k${i}`), points(1));
  assert.deepEqual(
    moves.all().filter(({ from, to }) => from !== to),
    [],
  );
});

test("what moves is told with where from and to, and what stays too", () => {
  const before = createMap({ shards: 2, pin: { a: "s1", b: "s2", "": "s1" } });
  const after = createMap({ shards: 3, pin: { a: "s3", b: "s2", "": "s1" } });
  const moves = new Moves(before, after);
  for (const [value, count] of Object.entries({ a: 10, b: 1, "": 7 })) {
    moves.add(key(value), key(value), points(count));
  }
  assert.deepEqual(moves.all(), [
    { from: "s1", to: "s1", keys: 1, series: 1, points: 7 },
    { from: "s1", to: "s3", keys: 1, series: 1, points: 10 },
    { from: "s2", to: "s2", keys: 1, series: 1, points: 1 },
  ]);
  const moving = moves.tally.largest(5, (group) => moves.isMove(group));
  assert.deepEqual(
    moving.map(({ text, group }) => [text, moves.way(group)]),
    [["a", { from: "s1", to: "s3" }]],
  );
});

test("a map may divide by something else afterwards", () => {
  const before = createMap({ by: ["tag:t"], shards: 2, pin: { a: "s1" } });
  const pin = { "d1,cpu": "s1", "d2,mem": "s2" };
  const moves = new Moves(before, createMap({ by: ["db", "measurement"], shards: 2, pin }));
  moves.add(key("a"), key("d1", "cpu"), points(10));
  moves.add(key("a"), key("d2", "mem"), points(5));
  assert.deepEqual(
    moves.all().map(({ from, to, points }) => [from, to, points]),
    [
      ["s1", "s1", 10],
      ["s1", "s2", 5],
    ],
  );
});

test("of more keys than are held the number is estimated, the sums are exact, and the largest are known", () => {
  const tally = new KeyTally(2, 1_000);
  const total = 200_000;
  tally.add(1, key("large"), points(1_000_000));
  for (let i = 0; i < total; i++) tally.add(0, key(`key ${i}`), points(1));
  assert.equal(tally.exact, false);
  const [first, second] = tally.amounts();
  assert.deepEqual([first?.series, first?.points, second?.keys], [total, total, 1]);
  assert.ok(Math.abs((first?.keys ?? 0) / total - 1) < 0.05, String(first?.keys));
  assert.equal(tally.largest(1)[0]?.text, "large");
});

test("keys are exact up to the number that is held", () => {
  const tally = new KeyTally(1, 1_000);
  for (let i = 0; i < 2_000; i++) tally.add(0, key(`key ${i % 1_000}`), points(1));
  assert.deepEqual([tally.exact, tally.amounts()[0]?.keys], [true, 1_000]);
});
