import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countLines, splitLines } from "../../src/write/split.ts";
import { bodies, bytes, read, text } from "./line-protocol.ts";

const split = (body: string, maxBytes: number) => splitLines(bytes(body), maxBytes).map(text);

test("a body that fits is returned itself", () => {
  const body = bytes("m v=1\n");
  const parts = splitLines(body, 6);
  assert.equal(parts.length, 1);
  assert.equal(parts[0], body);
});

test("parts are as long as they may be, without the newline between them", () => {
  assert.deepEqual(split("aa\nbb\ncc\ndd\n", 5), ["aa\nbb", "cc\ndd"]);
  assert.deepEqual(split("aa\nbb\ncc", 4), ["aa", "bb", "cc"]);
});

test("a newline in a string and an escaped one do not part a body", () => {
  assert.deepEqual(split('m v="a\nb"\nm,t=a\\\nb v=1\nm v=1', 10), ['m v="a\nb"', "m,t=a\\\nb v=1", "m v=1"]);
});

test("a line that is too long alone is a part of its own", () => {
  assert.deepEqual(split("a\nlong line\nb\n", 3), ["a", "long line", "b"]);
  assert.deepEqual(split("long line\n", 3), ["long line"]);
});

test("parts share the memory of the body", () => {
  const body = bytes("aa\nbb");
  for (const part of splitLines(body, 2)) assert.equal(part.buffer, body.buffer);
});

test("the parts hold what the body holds, in order, and keep the limit", () => {
  fc.assert(
    fc.property(bodies(), fc.integer({ min: 1, max: 40 }), (body, maxBytes) => {
      const parts = splitLines(bytes(body), maxBytes);
      const all = parts.map((part) => read(part));
      assert.deepEqual(
        { points: all.flatMap((part) => part.points), errors: all.flatMap((part) => part.errors) },
        read(bytes(body)),
      );
      for (const part of parts) {
        assert.ok(part.length <= maxBytes || splitLines(part, maxBytes).length === 1);
        assert.ok(part.length <= maxBytes || countLines(part) <= 1);
      }
    }),
    { numRuns: 2000 },
  );
});

test("only lines that InfluxDB would read as points are counted", () => {
  assert.equal(countLines(bytes("")), 0);
  assert.equal(countLines(bytes("\n \t\n# c\n")), 0);
  assert.equal(countLines(bytes("m v=1\n\nbroken\n # c\nm v=2")), 3);
  assert.equal(countLines(bytes('m v="a\nb"\n# x v="\nm v=1\n"\nm v=2')), 2);
});
