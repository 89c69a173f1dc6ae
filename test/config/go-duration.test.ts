import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { formatGoDuration, parseGoDuration } from "../../src/config/go-duration.ts";

test("durations are read as Go reads them", () => {
  const durations: Record<string, number> = {
    "10s": 10_000,
    "1m30s": 90_000,
    "500ms": 500,
    "1.5h": 5_400_000,
    ".5s": 500,
    "5.s": 5_000,
    "1h2m3.004s": 3_723_004,
    "100us": 0.1,
    "100µs": 0.1,
    "100μs": 0.1,
    "7ns": 0.000_007,
    "1s1s": 2_000,
    "0": 0,
    "0s": 0,
    "+2s": 2_000,
    "-2s": -2_000,
  };
  for (const [text, ms] of Object.entries(durations)) assert.equal(parseGoDuration(text), ms, text);
});

test("what Go does not take is no duration", () => {
  for (const text of [
    "",
    "10",
    "s",
    ".s",
    "1.2.3s",
    "1 s",
    " 1s",
    "1S",
    "1d",
    "1e3s",
    "--1s",
    "1s-2s",
    "١s",
    "Infinitys",
  ]) {
    assert.equal(parseGoDuration(text), undefined, JSON.stringify(text));
  }
});

test("durations are printed as Go prints them", () => {
  const durations: [number, string][] = [
    [0, "0s"],
    [0.000_001, "1ns"],
    [0.001_1, "1.1µs"],
    [1.000_001, "1.000001ms"],
    [500, "500ms"],
    [1_500, "1.5s"],
    [10_000, "10s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [2 ** 31 - 1, "596h31m23.647s"],
    [315_359_999_999, "87599h59m59.999s"],
    [2 ** 39 - 1, "152709h56m53.887s"],
  ];
  for (const [ms, text] of durations) assert.equal(formatGoDuration(ms), text);
});

test("what is printed is read as the same duration, to the nanosecond", () => {
  const nanoseconds = fc.oneof(
    fc.integer({ min: 0, max: 2_000_000_000 }),
    fc.integer({ min: 0, max: (2 ** 31 - 1) * 1e6 }),
  );
  fc.assert(
    fc.property(nanoseconds, (ns) => {
      assert.equal(parseGoDuration(formatGoDuration(ns / 1e6)), ns / 1e6);
    }),
    { numRuns: 2_000 },
  );
});
