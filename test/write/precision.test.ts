import assert from "node:assert/strict";
import { test } from "node:test";
import { createStampClock, timestampText } from "../../src/write/precision.ts";

const NOW = 1_465_839_830_100_400_200n;

for (const [precision, expected] of [
  ["", "1465839830100400200"],
  ["n", "1465839830100400200"],
  ["ns", "1465839830100400200"],
  ["u", "1465839830100400"],
  ["ms", "1465839830100"],
  ["s", "1465839830"],
  ["m", "24430663"],
  ["h", "407177"],
  ["us", "1465839830100400200"],
  ["d", "1465839830100400200"],
  ["constructor", "1465839830100400200"],
] as const) {
  test(`a time in precision "${precision}"`, () => assert.equal(timestampText(NOW, precision), expected));
}

test("a time before 1970 is rounded down too", () => {
  assert.equal(timestampText(-1n, "s"), "-1");
  assert.equal(timestampText(-2_000_000_000n, "s"), "-2");
});

/** A stamp clock over a clock that shows `times` one after the other. */
function stampsOf(...times: readonly bigint[]): bigint[] {
  const shown = [...times];
  const next = createStampClock({ nowNs: () => shown.shift() ?? 0n });
  return times.map(() => next());
}

test("stamps grow even while a coarse clock stands still", () => {
  assert.deepEqual(stampsOf(5n, 5n, 5n, 6n, 100n), [5n, 6n, 7n, 8n, 100n]);
});

test("stamps grow while the clock steps back a little", () => {
  assert.deepEqual(stampsOf(NOW, NOW - 1_000_000_000n, NOW + 1n), [NOW, NOW + 1n, NOW + 2n]);
});

test("a clock that is set back is followed", () => {
  const past = NOW - 1_000_000_001n;
  assert.deepEqual(stampsOf(NOW, past, past), [NOW, past, past + 1n]);
});
