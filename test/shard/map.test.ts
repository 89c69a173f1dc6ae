import assert from "node:assert/strict";
import { test } from "node:test";
import { createMap, type TestMap } from "./maps.ts";

/** The names of the owners of keys. */
function owners(options: TestMap, ...keys: readonly (readonly string[])[]): (string | undefined)[] {
  const map = createMap(options);
  return keys.map((values) => map.shards[map.owner(values)]);
}

/** A shard that does not own the key by itself. */
function anotherThan(options: TestMap, key: readonly string[]): string {
  const map = createMap(options);
  return map.shards[(map.owner(key) + 1) % map.shards.length] as string;
}

test("a pinned key has the shard that was said, and no other key has", () => {
  const shard = anotherThan({}, ["acme"]);
  const neighbours = [["acm"], ["acme2"], ["ACME"], [""]];
  const pin = { acme: shard };
  assert.deepEqual(owners({ pin }, ["acme"]), [shard]);
  assert.deepEqual(owners({ pin }, ...neighbours), owners({}, ...neighbours));
});

test("points without the tag can be pinned", () => {
  const shard = anotherThan({}, [""]);
  assert.deepEqual(owners({ pin: { "": shard } }, [""]), [shard]);
});

test("any text can be pinned", () => {
  for (const key of ["constructor", "世界", "a,b", "x".repeat(5000)]) {
    const shard = anotherThan({}, [key]);
    assert.deepEqual(owners({ pin: { [key]: shard } }, [key]), [shard], key);
  }
});

test("of prefixes the longest counts, and a pin comes before", () => {
  const options = {
    shards: 4,
    pin: { "eu-de-1": "s4" },
    pinPrefix: { "eu-": "s1", "eu-de-": "s2", us: "s3" },
  };
  assert.deepEqual(owners(options, ["eu-fr"], ["eu-"], ["eu-de-2"], ["eu-de-1"], ["us"], ["usa"]), [
    ...["s1", "s1", "s2", "s4", "s3", "s3"],
  ]);
  assert.deepEqual(owners(options, ["eu"], ["u"], ["xeu-"]), owners({ shards: 4 }, ["eu"], ["u"], ["xeu-"]));
});

test("a key of several parts is pinned by all of them, and by a beginning", () => {
  const by = ["db", "tag:t"];
  const key = ["tele,graf", "acme"];
  const shard = anotherThan({ by }, key);
  assert.deepEqual(owners({ by, pin: { "tele\\,graf,acme": shard } }, key), [shard]);
  assert.deepEqual(owners({ by, pinPrefix: { "tele\\,graf,": shard } }, key), [shard]);
  const other = ["tele,graf2", "acme"];
  assert.deepEqual(owners({ by, pinPrefix: { "tele\\,graf,": shard } }, other), owners({ by }, other));
});

test("the parts of a key do not run into each other", () => {
  const by = ["db", "measurement"];
  const different = (a: string[], b: string[]) => {
    const shards = 64;
    return owners({ by, shards }, a)[0] !== owners({ by, shards }, b)[0];
  };
  assert.ok(different(["ab", "c"], ["a", "bc"]) || different(["abc", ""], ["", "abc"]));
});

test("the hash of a map changes with all that decides where a key goes, and with nothing else", () => {
  const map: TestMap = {
    by: ["tag:t"],
    shards: { a: 1, b: 2 },
    pin: { x: "a", y: "b" },
    pinPrefix: { p: "a", q: "a" },
  };
  const { hash } = createMap(map);
  const changes: TestMap[] = [
    { by: ["tag:u"] },
    { by: ["measurement"] },
    { shards: { a: 1, b: 1 } },
    { shards: { a: 1, b: 2, c: 1 } },
    { shards: { b: 1, a: 2 } },
    { pin: { x: "a" } },
    { pin: { x: "b", y: "b" } },
    { pinPrefix: { p: "b", q: "a" } },
    { pin: { x: "a", y: "b", p: "a", q: "a" }, pinPrefix: {} },
  ];
  const hashes = changes.map((change) => createMap({ ...map, ...change }).hash);
  assert.equal(new Set([hash, ...hashes]).size, changes.length + 1);
  const reordered = { shards: { b: 2, a: 1 }, pin: { y: "b", x: "a" }, pinPrefix: { q: "a", p: "a" } };
  assert.equal(createMap({ ...map, ...reordered }).hash, hash);
});

test("the hash of a map is the same for ever", () => {
  const map = { by: ["db", "tag:customer"], shards: { s1: 1, s2: 2 }, pin: { "d,acme": "s1" } };
  assert.equal(createMap(map).hash, "d92cd5991ea3754a");
});
