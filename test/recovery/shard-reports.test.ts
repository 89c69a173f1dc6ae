import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/parse.ts";
import { Server } from "../../src/recovery/server.ts";
import { checkShards, previewShards } from "../../src/recovery/shard-reports.ts";
import { ALL_TIME } from "../../src/recovery/windows.ts";
import { mapConfig } from "../shard/maps.ts";
import { createTestPlatform, httpAnswer, influxError } from "../support/test-platform.ts";
import { type Packed, pack } from "./msgpack.ts";

type Rows = readonly (readonly Packed[])[];

/** The series of an answer: their tags, columns and rows. */
const answer = (
  ...all: { name?: string; tags?: Record<string, string>; columns: string[]; rows: Rows }[]
) => {
  const series = all.map(
    ({ name = "", tags = {}, columns, rows }) =>
      new Map<string, Packed>([
        ["name", name],
        ["tags", new Map(Object.entries(tags))],
        ["columns", columns],
        ["values", rows],
      ]),
  );
  const result = new Map<string, Packed>([
    ["statement_id", 0n],
    ["series", series],
  ]);
  return { ...httpAnswer(200), body: pack(new Map([["results", [result]]])) };
};

const names = (...values: string[]) => answer({ columns: ["name"], rows: values.map((value) => [value]) });

/** Servers a and b; b does not let anybody in. The user of a may not see its time shards. */
function scene() {
  const platform = createTestPlatform({
    http: ({ origin, text }) => {
      if (origin.endsWith(":2")) return influxError(401, "authorization failed");
      const q = new URLSearchParams(text).get("q") ?? "";
      if (q === "SHOW SHARDS") return influxError(403, "error authorizing query");
      if (q === "SHOW DATABASES") return names("_internal", "d");
      if (q.startsWith("SHOW MEASUREMENTS")) return names("m");
      if (q.startsWith("SHOW RETENTION POLICIES")) return names("autogen");
      if (q.startsWith("SHOW FIELD KEYS")) {
        return answer({ name: "m", columns: ["fieldKey", "fieldType"], rows: [["t", "float"]] });
      }
      if (q.startsWith("SHOW SERIES")) {
        return answer({ columns: ["key"], rows: [["m,t=a\\ b"], ["m,h=x,t=a\\ b"], ["m"]] });
      }
      assert.equal(q, "SELECT count(*) FROM autogen.m GROUP BY t");
      const columns = ["time", "count_v", "count_w"];
      return answer(
        { name: "m", tags: { t: "" }, columns, rows: [[0n, 1n, 0n]] },
        { name: "m", tags: { t: "a b" }, columns, rows: [[0n, 3n, 7n]] },
      );
    },
  });
  const text = `[[http]]
name = "l"
bind-addr = "127.0.0.1:0"
output = [{ name = "a", location = "http://127.0.0.1:1/write" }, { name = "b", location = "http://127.0.0.1:2/write" }]`;
  const { http } = parseConfig(text, { name: "", env: () => undefined, readFile: () => "" });
  return (http[0]?.outputs ?? []).map((output) => new Server(output, platform)) as [Server, Server];
}

const signal = new AbortController().signal;
const config = mapConfig({ shards: 2, pin: { "a b": "s1", "": "s2" } });

test("a preview counts series and points by key, and warns of a field that is named as the tag", async () => {
  const [a] = scene();
  const report = await previewShards([a], config, { db: undefined, points: ALL_TIME }, signal);
  assert.deepEqual(report.shards, [
    { shard: "s1", weight: 1, keys: 1, series: 2, points: 7 },
    { shard: "s2", weight: 1, keys: 1, series: 1, points: 1 },
  ]);
  assert.deepEqual(report.withoutTag, { series: 1, points: 1 });
  assert.deepEqual(report.databases, ["d"]);
  assert.match(report.notices.join(), /^a field is named t as the tag, in d\.m: /);
  await a.close();
});

test("a check tells what is misplaced, and which server could not be asked", async () => {
  const [a, b] = scene();
  const report = await checkShards(
    [
      { server: a, shard: "s2" },
      { server: b, shard: "s1" },
    ],
    config,
    undefined,
    signal,
  );
  assert.equal(report.ok, false);
  assert.deepEqual(report.misplaced, [
    { server: "a", shard: "s2", db: "d", measurement: "m", key: "a b", belongsTo: "s1", series: 2 },
  ]);
  assert.deepEqual(
    report.servers.map(({ series, misplacedSeries, failed }) => [series, misplacedSeries, failed]),
    [
      [3, 2, undefined],
      [0, 0, "authorization failed"],
    ],
  );
  await Promise.all([a.close(), b.close()]);
});
