import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePoints } from "../../src/write/points.ts";
import { rescale } from "../../src/write/rescale.ts";
import { bodies, bytes, text } from "./line-protocol.ts";

for (const [why, body, rescaled] of [
  ["of each line", "m v=1 2\nm v=2 -3\n", "m v=1 120\nm v=2 -180\n"],
  ["that a double does not hold", "m v=1 9007199254740993", "m v=1 540431955284459580"],
  ["with blanks around it", "m v=1  2 \r\nm v=1 3", "m v=1  120 \r\nm v=1 180"],
  ["behind strings that look like one", 'm v="a 5\nb 6" 7', 'm v="a 5\nb 6" 420'],
  [
    "and nothing where there is none",
    "# v=1 5\n\nm v=1\nm\nm v=1 x\nm v=1 -",
    "# v=1 5\n\nm v=1\nm\nm v=1 x\nm v=1 -",
  ],
] as const) {
  test(`the time is multiplied ${why}`, () => assert.equal(text(rescale(bytes(body), 60n)), rescaled));
}

test("points in minutes and the same ones rescaled to seconds are equal", () => {
  fc.assert(
    fc.property(bodies(), (given) => {
      const body = bytes(given);
      const inMinutes = parsePoints(body, "m", 0n);
      const inSeconds = parsePoints(rescale(body, 60n), "s", 0n);
      assert.deepEqual(inSeconds.points, inMinutes.points);
      assert.equal(inSeconds.errors.length, inMinutes.errors.length);
    }),
  );
});
