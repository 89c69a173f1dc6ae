import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePoints } from "../../src/write/points.ts";
import { readableLines } from "../../src/write/readable.ts";
import { bodies, bytes, text } from "./line-protocol.ts";

test("the lines that InfluxDB takes are left, the others are told in its words", () => {
  const { body, errors } = readableLines(bytes("m v=1 1\nbroken\n# x\n\nm v= 2\nm v=3 3\n"), "s");
  assert.equal(text(body), "m v=1 1\nm v=3 3");
  assert.deepEqual(errors, [
    "unable to parse 'broken': missing fields",
    "unable to parse 'm v= 2': missing field value",
  ]);
});

test("of many errors the first few are told", () => {
  const { body, errors } = readableLines(bytes("x\n".repeat(1_000)), "s");
  assert.deepEqual([body.byteLength, errors.length], [0, 10]);
});

test("what is left has the same points and no errors", () => {
  fc.assert(
    fc.property(bodies(), (given) => {
      const body = bytes(given);
      const { points, errors } = parsePoints(body, "ms", 0n);
      const { body: left, errors: told } = readableLines(body, "ms");
      assert.deepEqual(parsePoints(left, "ms", 0n), { points, errors: [] });
      assert.deepEqual(told, errors.slice(0, 10));
    }),
  );
});
