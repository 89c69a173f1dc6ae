import assert from "node:assert/strict";
import { test } from "node:test";
import { fromReadable, readable } from "../../src/recovery/bytes.ts";
import { compareSeries } from "../../src/recovery/line-source.ts";
import { lineSeries } from "../../src/recovery/line-writer.ts";
import { joinSlices } from "../../src/recovery/sums.ts";
import { isQuotable, pattern } from "../../src/recovery/unquotable.ts";

test("names that InfluxQL changes are asked for by a pattern", () => {
  for (const name of ["m", "a b", 'q"', "new\nline", "tab\t", fromReadable("é世界😀")])
    assert.ok(isQuotable(name), name);
  for (const name of ["nul\0", "cr\r", "_tags", "\xff", "a\xc3\x28"]) assert.ok(!isQuotable(name), name);
  assert.equal(pattern("a-b.c/d\r\xff"), "/^a\\-b\\x{2e}c\\x{2f}d\\x{d}\\x{fffd}$/");
  assert.equal(pattern(fromReadable("é😀")), "/^\\x{e9}\\x{1f600}$/");
  assert.equal(readable(fromReadable("é世界😀")), "é世界😀");
});

test("series come in the order of the values of their tags, those in the order of their keys", () => {
  const series = (tags: Record<string, string>) =>
    lineSeries({ statement: 0, name: "m", tags: Object.entries(tags), columns: ["time", "v"] });
  // As influxd gave them.
  const ordered = [
    {},
    { b: "1" },
    { b: "2" },
    { a: "1" },
    { a: "1", b: "1" },
    { a: "1", b: "2", c: "0" },
    { a: "2" },
  ].map(series);
  for (const [i, left] of ordered.entries()) {
    for (const [j, right] of ordered.entries()) {
      assert.equal(Math.sign(compareSeries(left, right)), Math.sign(i - j), `${left.key} and ${right.key}`);
    }
  }
});

test("neighbouring slices are joined up to what is copied at a time", () => {
  const slice = (start: number, end: number, values: number) => ({
    ...{ start: BigInt(start), end: BigInt(end), sourcePoints: values, targetPoints: 1, values },
  });
  assert.deepEqual(joinSlices([slice(0, 1, 10), slice(1, 2, 20), slice(3, 4, 5)]), [
    { ...slice(0, 2, 30), targetPoints: 2 },
    slice(3, 4, 5),
  ]);
  assert.equal(joinSlices([slice(0, 1, 400_000), slice(1, 2, 200_000)]).length, 2);
});
