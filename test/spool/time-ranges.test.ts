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
