import assert from "node:assert/strict";
import { test } from "node:test";
import { Pins } from "../../src/shard/pins.ts";
import { bytes } from "../write/line-protocol.ts";

test("keys with one hash are told apart by their bytes", () => {
  const pinned = ["a", "ab", "b"].map((key, shard) => ({ key: bytes(key), shard }));
  const pins = new Pins(pinned, [], () => 7);
  const find = (key: string) => pins.find(bytes(key), bytes(key).length, 7);
  assert.deepEqual(["a", "ab", "b", "abc", "", "c"].map(find), [0, 1, 2, -1, -1, -1]);
});

test("only the first bytes count", () => {
  const pins = new Pins([{ key: bytes("a"), shard: 1 }], [{ key: bytes("bc"), shard: 2 }], () => 7);
  assert.equal(pins.find(bytes("axx"), 1, 7), 1);
  assert.equal(pins.find(bytes("bc"), 1, 7), -1);
  assert.equal(pins.find(bytes("bcd"), 2, 7), 2);
});
