import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeRanges } from "../../src/spool/time-ranges.ts";

test("ranges of one database and policy grow together, others stay apart", () => {
  const ranges = new TimeRanges();
  ranges.add("d", "", { minNs: 5n, maxNs: 7n });
  ranges.add("d", "r", { minNs: 1n, maxNs: 1n });
  ranges.add("d", "", { minNs: -3n, maxNs: 6n });
  assert.deepEqual(ranges.list(), [
    { db: "d", rp: "", minNs: -3n, maxNs: 7n },
    { db: "d", rp: "r", minNs: 1n, maxNs: 1n },
  ]);
});

test("beyond a thousand databases one range stands for the others, and none is forgotten", () => {
  const ranges = new TimeRanges();
  for (let i = 0; i < 1_002; i++) ranges.add(`d${i}`, "", { minNs: BigInt(i), maxNs: BigInt(i) });
  assert.equal(ranges.size, 1_001);
  assert.deepEqual(ranges.list().at(-1), { db: "*", rp: "*", minNs: 1_000n, maxNs: 1_001n });
});

const range = (db: string, rp: string, min: number, max: number) => ({
  ...{ db, rp },
  minNs: BigInt(min),
  maxNs: BigInt(max),
});

test("what was repaired is cut out exactly, and comes back only where something is added", () => {
  const ranges = new TimeRanges();
  ranges.add("d", "", range("d", "", 0, 100));
  ranges.add("e", "", range("e", "", 0, 100));
  assert.ok(ranges.remove(range("d", "", 20, 30), ranges.revision));
  assert.ok(ranges.remove(range("d", "", -5, 4), ranges.revision));
  const left = [range("d", "", 5, 19), range("d", "", 31, 100), range("e", "", 0, 100)];
  assert.deepEqual(ranges.list(), left);
  assert.ok(!ranges.remove(range("d", "", 22, 25), ranges.revision), "nothing is there");
  assert.ok(!ranges.remove(range("d", "other", 0, 100), ranges.revision), "another policy");
  const copy = new TimeRanges();
  copy.restore({ lost: ranges.toJSON() }, "lost");
  assert.deepEqual(copy.list(), left);
  assert.ok(ranges.add("d", "", range("d", "", 22, 22)));
  assert.deepEqual(ranges.list()[0], range("d", "", 31, 100));
  assert.deepEqual(ranges.list()[1], range("d", "", 5, 22));
  assert.ok(ranges.add("d", "", range("d", "", 0, 200)));
  assert.deepEqual(ranges.list()[0], range("d", "", 0, 200));
});

test("what was added after a repair began is not forgotten with it", () => {
  const ranges = new TimeRanges();
  ranges.add("d", "", range("d", "", 0, 100));
  ranges.add("e", "", range("e", "", 0, 100));
  const { revision } = ranges;
  assert.ok(!ranges.add("d", "", range("d", "", 50, 50)), "it is covered already");
  assert.ok(!ranges.remove(range("d", "", 0, 100), revision));
  assert.ok(ranges.remove(range("e", "", 0, 100), revision));
  assert.deepEqual(ranges.list(), [range("d", "", 0, 100)]);
});

test("a database is known by its ranges, and by those that may be of any", () => {
  const ranges = new TimeRanges();
  assert.ok(!ranges.has());
  ranges.add("d", "r", range("d", "r", 1, 1));
  assert.deepEqual([ranges.has(), ranges.has("d"), ranges.has("e")], [true, true, false]);
  ranges.addUnknown();
  assert.ok(ranges.has("e"));
  const [, all] = ranges.list();
  assert.ok(all && ranges.remove(all, ranges.revision));
  assert.ok(ranges.remove(range("d", "r", 0, 9), ranges.revision));
  assert.deepEqual([ranges.has(), ranges.has("d"), ranges.size], [false, false, 0]);
});

test("a repair that would leave too many parts changes nothing", () => {
  const ranges = new TimeRanges();
  for (let i = 0; i < 1_000; i++) ranges.add(`d${i}`, "", range("", "", 0, 100));
  assert.ok(!ranges.remove(range("d1", "", 20, 30), ranges.revision));
  assert.ok(ranges.remove(range("d1", "", 20, 200), ranges.revision));
});
