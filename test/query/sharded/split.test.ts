import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Value } from "../../../src/query/sharded/value.ts";
import { ModelInfluxdb, type ModelPoint } from "./model-influxdb.ts";
import { type PackedSeries, packAnswer } from "./msgpack.ts";
import { MadeUpShards } from "./shards.ts";

/** Multiples of a quarter, whose sums are exact in any order. */
const quarter = fc.integer({ min: -400, max: 400 }).map((value) => value / 4);
const point = fc.record({
  time: fc.bigInt({ min: 0n, max: 60n }),
  tags: fc.record({ c: fc.constantFrom("a", "b", "c", "d"), h: fc.constantFrom("x", "y", "") }),
  fields: fc.oneof(
    fc.record({ u: quarter, n: fc.bigInt({ min: -50n, max: 50n }) }),
    fc.record({ n: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map((value) => value / 64n) }),
    fc.record({ u: quarter }),
  ),
});
const call = fc.constantFrom(
  ...["count(u)", "sum(u)", "mean(u)", "min(u)", "max(n)", "spread(u)", "median(u)", "percentile(n, 75)"],
  ...["first(u)", "last(n)", "sum(n)", "count(n)", "count(distinct(u))"],
);
const query = fc.record({
  calls: fc.uniqueArray(call, { minLength: 1, maxLength: 4 }),
  tag: fc.constantFrom("", "h"),
  range: fc.constantFrom(
    " WHERE time < 55",
    " WHERE time >= 7 AND time <= 48",
    " WHERE time > 20 AND time < 23",
  ),
  time: fc.constantFrom("", "time(10ns)", "time(7ns)", "time(60ns)"),
  fill: fc.constantFrom("", " fill(none)", " fill(0)", " fill(previous)"),
});

const SHARDS: Readonly<Record<string, number>> = { a: 0, b: 1, c: 2, d: 0 };

function textOf({
  calls,
  tag,
  range,
  time,
  fill,
}: { [name in "tag" | "range" | "time" | "fill"]: string } & { calls: readonly string[] }): string {
  const dimensions = [tag, time].filter((dimension) => dimension !== "").join(", ");
  const groupBy = dimensions === "" ? "" : ` GROUP BY ${dimensions}`;
  return `SELECT ${calls.join(", ")} FROM m${range}${groupBy}${time === "" ? "" : fill}`;
}

/** What every shard says of the fields. */
const COLUMNS = "AUXILIARY FIELDS: c::tag, h::tag, n::integer, u::float";
const EXPLAINED = `{"results":[{"statement_id":0,"series":[{"columns":["QUERY PLAN"],"values":[["${COLUMNS}"]]}]}]}\n`;

/** Series and time by themselves: points that are at the same time as another of the series overwrite it. */
function withoutDoubles(points: readonly ModelPoint[]): readonly ModelPoint[] {
  return [
    ...new Map(
      points.map((point) => [`${point.tags["c"]} ${point.tags["h"]} ${point.time}`, point]),
    ).values(),
  ];
}

const printed = (value: Value) => (Object.is(value, -0) ? "-0" : String(value));

function flat(series: readonly PackedSeries[]): readonly string[] {
  return series.flatMap(({ tags, values }) =>
    values.map((row) => [tags?.["h"] ?? "", ...row.map(printed)].join(" ")),
  );
}

test("what is merged of a random split is what one server says that has everything", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(point, { maxLength: 60 }), query, async (random, asked) => {
      const points = withoutDoubles(random);
      const models = [0, 1, 2].map(
        (shard) => new ModelInfluxdb(points.filter(({ tags }) => SHARDS[tags.c ?? ""] === shard)),
      );
      const shards = new MadeUpShards((shard, { q, accept }) =>
        accept === "application/json" ? EXPLAINED : packAnswer(models[shard]?.query(q) ?? []),
      );
      const q = textOf(asked);
      const answer = await shards.ask(q, {
        parameters: { epoch: "ns" },
        pieceSize: 1 + (points.length % 50),
      });
      const series = (
        JSON.parse(answer.replace(/(?<=[[,])-?[\d.]+(?:e[+-]\d+)?(?=[\],])/g, '"$&"')) as {
          results: [{ series?: PackedSeries[]; error?: string }];
        }
      ).results[0];
      assert.equal(series.error, undefined, q);
      assert.deepEqual(flat(series.series ?? []), flat(new ModelInfluxdb(points).query(q)), q);
    }),
    { numRuns: 600 },
  );
});
