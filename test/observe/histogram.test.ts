import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, Histogram } from "../../src/observe/histogram.ts";

test("a value is counted in the first bucket whose bound it does not exceed", () => {
  const histogram = new Histogram([1, 2]);
  for (const value of [0, 1, 1.5, 2, 2.1, 100]) histogram.observe(value);
  const read = histogram.read();
  assert.deepEqual(read, { bounds: [1, 2], counts: [2, 2, 2], sum: 106.6 });
  assert.equal(countOf(read), 6);
  histogram.observe(1);
  assert.deepEqual(read.counts, [2, 2, 2], "what was read does not change");
});
