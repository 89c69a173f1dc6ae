import assert from "node:assert/strict";
import { test } from "node:test";
import { inTimeOrder, mergeLists, PointList } from "../../../src/query/sharded/point-list.ts";
import type { Value } from "../../../src/query/sharded/value.ts";

function listOf(...points: readonly (readonly [time: bigint, value: Value, other?: Value])[]): PointList {
  const list = new PointList();
  for (const [time, value, other] of points)
    list.push(time, value, other === undefined ? undefined : [other]);
  return list;
}

const valuesOf = (list: PointList) => list.points().map(({ value }) => value);

test("values of each type, and of several, come out as they were put in", () => {
  const columns: readonly (readonly Value[])[] = [
    Array.from({ length: 100 }, (_, i) => i - 0.5),
    Array.from({ length: 100 }, (_, i) => BigInt(i) - 2n ** 63n),
    ["a", "", "b"],
    [true, false],
    [1n, 2.5, 3n],
    [1.5, 2n, -0],
    // What an unsigned integer may be.
    [1n, 2n ** 64n - 1n, 2n],
  ];
  for (const column of columns) {
    const list = listOf(...column.map((value, at) => [BigInt(at), value] as const));
    assert.deepEqual(valuesOf(list), column);
    assert.deepEqual(valuesOf(list.part(1, 2)), column.slice(1, 2));
    assert.equal(list.part(1, 2).time(0), 1n);
  }
});

test("values are sorted as InfluxDB compares them, and the list stays as it is", () => {
  const list = listOf([0n, 10], [1n, 9], [2n, -1]);
  assert.deepEqual([...(list.sortedValues() as Float64Array)], [-1, 9, 10]);
  assert.deepEqual(valuesOf(list), [10, 9, -1]);
  assert.deepEqual([...(listOf([0n, 10n], [1n, -9n]).sortedValues() as BigInt64Array)], [-9n, 10n]);
  assert.deepEqual(listOf([0n, 2n], [1n, 1.5], [2n, 1n]).sortedValues(), [1n, 1.5, 2n]);
});

test("lists are merged by time, equal times in the order of the lists, with what stands beside the values", () => {
  const [a, b] = [listOf([1n, "a1", "x"], [3n, "a3"]), listOf([1n, "b1"], [2n, "b2", "y"])];
  assert.deepEqual(valuesOf(mergeLists([a, b], true)), ["a1", "b1", "b2", "a3"]);
  assert.deepEqual(mergeLists([a, b, new PointList()], true).point(2), {
    ...{ time: 2n, value: "b2", others: ["y"] },
  });
  const backwards = [a, b].map((list) => inTimeOrder(list, false));
  assert.deepEqual(valuesOf(mergeLists(backwards, false)), ["a3", "b2", "a1", "b1"]);
});

test("points are put in the order of time, those of one time as they are", () => {
  const list = listOf([2n, 1n], [1n, 2n], [2n, 3n], [1n, 4n]);
  assert.deepEqual(valuesOf(inTimeOrder(list, true)), [2n, 4n, 1n, 3n]);
  assert.deepEqual(valuesOf(inTimeOrder(list, false)), [1n, 3n, 2n, 4n]);
});
