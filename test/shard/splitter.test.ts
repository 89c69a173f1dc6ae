import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { type Part, Splitter } from "../../src/shard/splitter.ts";
import { pointLineBounds, survey } from "../../src/write/line-scan.ts";
import type { Point } from "../../src/write/points.ts";
import { bodies, bytes, plainBodies, read, text } from "../write/line-protocol.ts";
import { createMap, keyValues, type TestMap } from "./maps.ts";

const DB = "db,1";

/** The parts, which are the same if somebody has found the lines already. */
function split(map: TestMap, body: Uint8Array, closed = true): Part[] {
  const destination = { db: DB, rp: "", precision: "", credentials: undefined };
  const splitter = new Splitter(createMap(map));
  const parts = splitter.split({ body, closed, destination });
  const lineBounds = pointLineBounds(body);
  assert.deepEqual(splitter.split({ body, closed, destination, lineBounds }), parts);
  return parts;
}

/** The name of the shard of the point in a line. */
function shardOf(map: TestMap, line: string): string | undefined {
  const parts = split(map, bytes(line));
  assert.equal(parts.length, 1);
  return createMap(map).shards[parts[0]!.shard];
}

/** Pins each key to a shard of its own name, so that a test sees what key a line has. */
function pinned(by: readonly string[], ...keys: readonly string[]): TestMap {
  const names = keys.map((_, i) => `k${i}`);
  return {
    by,
    shards: { other: 1, ...Object.fromEntries(names.map((name) => [name, 1])) },
    pin: Object.fromEntries(keys.map((key, i) => [key, names[i] as string])),
    pinPrefix: by.length === 1 ? { "": "other" } : {},
  };
}

test("a body of one shard is passed on itself", () => {
  const body = bytes("# note\n\nm,t=a v=1 1\nm,t=a v=2 2");
  const parts = split({}, body, false);
  assert.equal(parts.length, 1);
  assert.equal(parts[0]?.body, body);
  assert.equal(parts[0]?.closed, false);
  assert.equal(parts[0]?.lines, 2);
});

test("a body without points goes whole to the shard of points without the tag", () => {
  for (const content of ["", "\n", "# note", '# x v="']) {
    const body = bytes(content);
    const [part, ...others] = split({}, body);
    assert.equal(part?.body, body);
    assert.equal(part?.shard, createMap().owner([""]));
    assert.deepEqual([part?.lines, others.length], [0, 0]);
  }
});

test("each shard gets its lines in their order, byte for byte, without comments and blank lines", () => {
  const map = pinned(["tag:t"], "a", "b");
  const body = "m,t=b v=1 1\n# b\n\nm,t=b  v=3\t3\n# m,t=a v=1\n m,t=a v=2 2\nm,x=1 v=4 4\r\nm,t=a v=5 5";
  const parts = split(map, bytes(body)).map((part) => [text(part.body), part.lines]);
  assert.deepEqual(parts, [
    ["m,x=1 v=4 4\r\n", 1],
    [" m,t=a v=2 2\nm,t=a v=5 5", 2],
    ["m,t=b v=1 1\nm,t=b  v=3\t3\n", 2],
  ]);
});

test("parts have memory of their own", () => {
  const body = bytes("m,t=a v=1 1\nm,t=b v=1 1\n");
  const buffers = split(pinned(["tag:t"], "a", "b"), body).map((part) => part.body.buffer);
  assert.equal(new Set([body.buffer, ...buffers]).size, 3);
});

test("only the part with an open end is open", () => {
  const map = pinned(["tag:t"], "a", "b");
  const closed = (body: string) => split(map, bytes(body), false).map((part) => part.closed);
  assert.deepEqual(closed('m,t=a v=1 1\nm,t=b v="x'), [true, false]);
  assert.deepEqual(closed('m,t=b v=1 1\nm,t=a v="x\n'), [false, true]);
  assert.deepEqual(closed('m,t=b v=1 1\nm,t=a v=1 1\n# v="'), [true, true]);
});

/** Lines with the key that they have. */
const TAG_LINES: readonly (readonly [line: string, key: string])[] = [
  ["m,t=a v=1", "a"],
  ["m,a=1,t=b,z=2 v=1", "b"],
  [" \t\0m,t=a v=1", "a"],
  ["m v=1", ""],
  ['m v=1,t="a"', ""],
  ["m,tt=a v=1", ""],
  ["m,x=t\\=a v=1", ""],
  ["m\\,t=a v=1", ""],
  ["m\\,t=a,t=b v=1", "b"],
  ["m\\ x,t=b v=1", "b"],
  ["m,x=1\\,t=a v=1", ""],
  ["m,x=1\\ ,t=a v=1", "a"],
  ["m,t=a\\,b v=1", "a,b"],
  ["m,t=a\\ b v=1", "a b"],
  ["m,t=a\\=b v=1", "a=b"],
  ["m,t=a\\b v=1", "a\\b"],
  ["m,t=a\\\\,b v=1", "a\\,b"],
  ['m,t=a\\"b v=1', 'a\\"b'],
  ['m,t="a" v=1', '"a"'],
  ["m,t==a v=1", "=a"],
  ["m,t=a\\\nb v=1", "a\\\nb"],
  ["m,t=世界 v=1", "世界"],
];

test("a tag is read as InfluxDB reads it", () => {
  const keys = [...new Set(TAG_LINES.map(([, key]) => key))];
  const map = pinned(["tag:t"], ...keys);
  for (const [line, key] of TAG_LINES) assert.equal(shardOf(map, line), `k${keys.indexOf(key)}`, line);
});

test("the name of a tag is read as InfluxDB reads it", () => {
  const name = "a, =b\\c";
  const map = pinned([`tag:${name}`], "x", "");
  assert.equal(shardOf(map, "m,a\\,\\ \\=b\\c=x v=1"), "k0");
  for (const line of ["m,a\\,\\ \\=b\\\\c=x v=1", "m,a\\,\\ \\=b=x v=1", "m,a\\,\\ \\=b\\cc=x v=1"])
    assert.equal(shardOf(map, line), "k1", line);
});

test("a measurement is read as InfluxDB reads it", () => {
  const lines: readonly (readonly [line: string, key: string])[] = [
    ["m v=1", "m"],
    ["m,t=a v=1", "m"],
    ["m\\,t\\ \\=x v=1", "m,t =x"],
    ["m=x v=1", "m=x"],
    ['m"\\"x v=1', 'm""x'],
    ["m\\x\\\\,y v=1", "m\\x\\,y"],
    ["\\,m v=1", ",m"],
  ];
  const keys = [...new Set(lines.map(([, key]) => key))];
  const map = pinned(["measurement"], ...keys);
  for (const [line, key] of lines) assert.equal(shardOf(map, line), `k${keys.indexOf(key)}`, line);
});

test("a key of several parts is made of all of them in the order of the config", () => {
  const map = pinned(["tag:t", "db", "measurement"], "a,db\\,1,m", ",db\\,1,m\\,x");
  assert.equal(shardOf(map, "m,t=a v=1"), "k0");
  assert.equal(shardOf(map, "m\\,x v=1"), "k1");
});

test("a body goes whole to the shard of its database", () => {
  const map = pinned(["db"], DB);
  assert.equal(shardOf(map, "a,t=1 v=1\nb,t=2 v=1\nbroken\n"), "k0");
});

test("a long key is read whole, but for one that InfluxDB refuses", () => {
  const long = "x".repeat(60_000);
  const by = ["tag:t", "measurement", "tag:u"];
  const several = createMap({ by, shards: 64 });
  for (const value of ["1", "2", "3", "4"]) {
    const shard = several.shards[several.owner([long + value, "m", long])];
    assert.equal(shardOf({ by, shards: 64 }, `m,t=${long}${value},u=${long} v=1`), shard);
  }
  const map = pinned(["tag:t"], "");
  assert.equal(shardOf(map, `m,t=${"x".repeat(100_000)} v=1`), "k0");
});

const BY: readonly (readonly string[])[] = [
  ["tag:t"],
  ["tag:a"],
  ["tag:t,"],
  ["measurement"],
  ["db", "measurement", "tag:t"],
  ["tag:t", "tag:w"],
];

const sorted = (list: readonly unknown[]): string[] =>
  list
    .map((one) =>
      JSON.stringify(one, (_, value) => {
        if (typeof value === "bigint") return `${value}n`;
        return value instanceof Map ? [...value] : value;
      }),
    )
    .sort();

function ownerOf(map: TestMap, { measurement, tags }: Point): number {
  const shards = createMap(map);
  const data = { db: DB, measurement, tags: Object.fromEntries(tags), count: 1 };
  return shards.owner(keyValues(shards.by, data));
}

function checkSplit(map: TestMap, body: Uint8Array): number {
  const whole = read(body);
  const { closed } = survey(body);
  const parts = split(map, body, closed);
  const all = parts.map((part) => read(part.body));
  assert.deepEqual(sorted(all.flatMap(({ points }) => points)), sorted(whole.points));
  assert.deepEqual(sorted(all.flatMap(({ errors }) => errors)), sorted(whole.errors));
  for (const [i, part] of parts.entries()) {
    for (const point of all[i]?.points ?? []) assert.equal(ownerOf(map, point), part.shard);
    if (part.closed) assert.ok(survey(part.body).closed);
    assert.equal(part.lines, all[i]!.points.length + all[i]!.errors.length);
  }
  return parts.length;
}

test("the parts hold what the body holds, each point in the part of its key", () => {
  let divided = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(bodies(), plainBodies()), { maxLength: 5 }),
      fc.constantFrom(...BY),
      (list, by) => {
        if (checkSplit({ by, shards: 32 }, bytes(list.join("\n"))) > 1) divided++;
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(divided > 500, `only ${divided} bodies had several parts`);
});
