import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { murmur3, murmur3Words } from "../../src/shard/murmur3.ts";

/** With the seeds 0 and 1; those of the first, the sixth and the seventh are well known. */
const VECTORS: readonly (readonly [text: string, zero: number, one: number])[] = [
  ["", 0x00000000, 0x514e28b7],
  ["a", 0x3c2569b2, 0x588adce8],
  ["ab", 0x9bbfd75f, 0xb8079b46],
  ["abc", 0xb3dd93fa, 0xaa75e9ff],
  ["abcd", 0x43ed676a, 0x9bf54592],
  ["hello, world", 0x149bbb7f, 0x6f5cb2e9],
  ["The quick brown fox jumps over the lazy dog", 0x2e4ff723, 0x78e69e27],
  ["世界", 0x8a4fe6aa, 0x4e25cfbb],
];

test("the hash is MurmurHash3_x86_32", () => {
  for (const [text, zero, one] of VECTORS) {
    const bytes = new TextEncoder().encode(text);
    const hashes = [0, 1].map((seed) => murmur3(bytes, bytes.length, seed) >>> 0);
    assert.deepEqual(hashes, [zero, one], text);
  }
});

test("only the first bytes count", () => {
  const bytes = new TextEncoder().encode("abcdefgh");
  for (let length = 0; length <= bytes.length; length++) {
    assert.equal(murmur3(bytes, length, 1), murmur3(bytes.slice(0, length), length, 1));
  }
});

test("words are hashed as their bytes, the lowest first", () => {
  const int32 = fc.integer();
  fc.assert(
    fc.property(int32, int32, int32, int32, (...words) => {
      const bytes = new Uint8Array(16);
      for (const [i, word] of words.entries()) new DataView(bytes.buffer).setInt32(i * 4, word, true);
      assert.equal(murmur3Words(...words, 1), murmur3(bytes, 16, 1));
    }),
  );
});
