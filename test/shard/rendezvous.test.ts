import assert from "node:assert/strict";
import { test } from "node:test";
import { naturalLog } from "../../src/shard/natural-log.ts";
import { Rendezvous } from "../../src/shard/rendezvous.ts";
import { createMap, mapConfig, type TestMap } from "./maps.ts";

const EQUAL = { s1: 1, s2: 1, s3: 1, s4: 1 };
const WEIGHTED = { s1: 1, s2: 2, s3: 3, s4: 2 };
const NAMED = { "eu-west": 1, "us-east": 1, ap: 1 };

/**
 * Keys with their owners in the three maps above, computed by another program, in Python, from the description of the
 * algorithm. They must never change: a relay that finds another owner does not find the data that is there.
 */
const FROZEN: readonly (readonly [key: string, equal: string, weighted: string, named: string])[] = [
  ["", "s2", "s2", "ap"],
  ["a", "s2", "s2", "ap"],
  ["b", "s3", "s3", "eu-west"],
  ["cpu", "s4", "s4", "eu-west"],
  ["mem", "s4", "s4", "us-east"],
  ["disk", "s4", "s4", "us-east"],
  ["acme", "s4", "s4", "ap"],
  ["globex", "s1", "s2", "eu-west"],
  ["initech", "s4", "s4", "ap"],
  ["customer-1", "s4", "s4", "eu-west"],
  ["customer-2", "s2", "s2", "eu-west"],
  ["customer-3", "s4", "s3", "ap"],
  ["customer-4", "s3", "s3", "eu-west"],
  ["héhé", "s4", "s3", "us-east"],
  ["世界", "s4", "s4", "ap"],
  ["😀", "s1", "s2", "eu-west"],
  ["a,b c=d", "s4", "s4", "ap"],
  ["telegraf\0cpu", "s4", "s4", "us-east"],
  ["telegraf\0mem\0acme", "s2", "s2", "us-east"],
  ["x".repeat(100), "s4", "s4", "ap"],
  ["null", "s4", "s4", "us-east"],
  ["0", "s3", "s3", "ap"],
  ["00", "s4", "s4", "us-east"],
];

const KEYS = 100_000;

/** The owners of many keys. */
function owners(map: TestMap): string[] {
  const { shards, owner } = bound(map);
  return Array.from({ length: KEYS }, (_, i) => shards[owner([`customer-${i}`])] as string);
}

function bound(options: TestMap) {
  const map = createMap(options);
  return { shards: map.shards, owner: map.owner.bind(map) };
}

/** Each shard's part of the keys in percent. */
function shares(found: readonly string[]): Record<string, number> {
  const groups = Object.groupBy(found, (shard) => shard);
  return Object.fromEntries(
    Object.entries(groups).map(([shard, keys]) => [shard, keys!.length / (KEYS / 100)]),
  );
}

/** The keys that moved in percent, and where from and to. */
function moved(before: readonly string[], after: readonly string[]) {
  const pairs = before
    .map((from, i) => [from, after[i] as string] as const)
    .filter(([from, to]) => from !== to);
  return {
    percent: pairs.length / (KEYS / 100),
    from: [...new Set(pairs.map(([from]) => from))].sort(),
    to: [...new Set(pairs.map(([, to]) => to))].sort(),
  };
}

function assertNear(actual: number | undefined, ideal: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - ideal) <= tolerance, `${actual} is not near ${ideal}`);
}

test("every key has the owner that it always had", () => {
  const maps = [EQUAL, WEIGHTED, NAMED].map((shards) => createMap({ shards }));
  for (const [key, ...expected] of FROZEN) {
    const found = maps.map((map) => map.shards[map.owner([key])]);
    assert.deepEqual(found, expected, JSON.stringify(key));
  }
});

test("an owner is remembered for no other key", () => {
  const shards = mapConfig({ shards: 64 }).shards;
  const remembering = new Rendezvous(shards);
  // Keys that share a place, or a hash, with others; and zeros, as in a place that is empty.
  const hashes = [0, 1, 8192, -8192].flatMap((first) =>
    [0, 1, -1, 2].map((second) => [first, second] as const),
  );
  const owners = hashes.map((key) => new Rendezvous(shards).owner(...key));
  assert.ok(new Set(owners).size > 8);
  for (let round = 0; round < 2; round++) {
    for (const [i, key] of hashes.entries()) {
      for (let again = 0; again < 2; again++) assert.equal(remembering.owner(...key), owners[i]);
    }
  }
});

test("where a shard stands in the config is nothing", () => {
  const [forth, back] = [
    { a: 1, b: 1, c: 2 },
    { c: 2, b: 1, a: 1 },
  ];
  assert.deepEqual(owners({ shards: forth }), owners({ shards: back }));
});

test("keys spread by weight", () => {
  for (const share of Object.values(shares(owners({ shards: 4 })))) assertNear(share, 25, 0.6);
  const weighted = shares(owners({ shards: { a: 1, b: 2, c: 3, d: 4 } }));
  for (const [shard, ideal] of Object.entries({ a: 10, b: 20, c: 30, d: 40 }))
    assertNear(weighted[shard], ideal, 0.6);
});

test("a shard that comes takes its share of the keys from all others, and nothing moves between those", () => {
  let before = owners({ shards: 1 });
  for (let shards = 1; shards <= 8; shards++) {
    const after = owners({ shards: shards + 1 });
    const { percent, from, to } = moved(before, after);
    before = after;
    assert.ok(percent <= 100 / (shards + 1) + 1, `${percent} of ${shards}`);
    assert.deepEqual(to, [`s${shards + 1}`]);
    assert.equal(from.length, shards);
  }
});

test("what a shard that goes had moves, and nothing else", () => {
  const { percent, from, to } = moved(owners({ shards: 4 }), owners({ shards: { s1: 1, s3: 1, s4: 1 } }));
  assertNear(percent, 25, 1);
  assert.deepEqual(from, ["s2"]);
  assert.deepEqual(to, ["s1", "s3", "s4"]);
});

test("a shard that gets more weight only takes", () => {
  const { percent, from, to } = moved(owners({ shards: EQUAL }), owners({ shards: { ...EQUAL, s3: 2 } }));
  assertNear(percent, 15, 1);
  assert.deepEqual(from, ["s1", "s2", "s4"]);
  assert.deepEqual(to, ["s3"]);
});

test("weights count beside each other only", () => {
  assert.deepEqual(owners({ shards: { a: 1, b: 2 } }), owners({ shards: { a: 400, b: 800 } }));
});

test("the logarithm is right to the last digits", () => {
  for (let i = 1; i < 10_000; i++) {
    for (const x of [i / 10_000, 1 - i * 2 ** -52, i * 2 ** -53]) {
      const right = Math.log(x);
      assert.ok(Math.abs(naturalLog(x) - right) <= 4e-16 * Math.abs(right), `ln(${x})`);
    }
  }
});
