import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExpression } from "../../../src/influxql/parse.ts";
import { printExpression } from "../../../src/influxql/print-expression.ts";
import { goRegex } from "../../../src/query/sharded/go-regex.ts";
import { parseTime } from "../../../src/query/sharded/time-literal.ts";
import { splitCondition } from "../../../src/query/sharded/time-range.ts";
import { windowEnd, windowStart } from "../../../src/query/sharded/window.ts";
import { UnknownZone, Zone } from "../../../src/query/sharded/zone.ts";

const iso = (ns: bigint | undefined) =>
  ns === undefined ? undefined : new Date(Number(ns / 1_000_000n)).toISOString();

test("times are read as influxd reads them, or not at all", () => {
  const berlin = new Zone("Europe/Berlin");
  assert.equal(parseTime("2026-08-01T00:00:00.123456789Z", undefined), 1785542400123456789n);
  assert.equal(iso(parseTime("2026-08-01", undefined)), "2026-08-01T00:00:00.000Z");
  assert.equal(iso(parseTime("2026-08-01 01:02:03.5", undefined)), "2026-08-01T01:02:03.500Z");
  assert.equal(iso(parseTime("2026-08-01T02:00:00+02:00", berlin)), "2026-08-01T00:00:00.000Z");
  assert.equal(iso(parseTime("2026-08-01", berlin)), "2026-07-31T22:00:00.000Z");
  assert.equal(iso(parseTime("2026-01-01 00:00:00", berlin)), "2025-12-31T23:00:00.000Z");
  for (const wrong of [
    "2026-02-30",
    "2026-08-01T00:00:00",
    "2026-08-01 24:00:00",
    "2026-08-01 00:00:00Z",
    "2026-08-01 x",
  ]) {
    assert.equal(parseTime(wrong, undefined), undefined, wrong);
  }
});

test("a condition is taken apart into a range of time and the rest", () => {
  const split = (text: string) => {
    const condition = splitCondition(parseExpression(text), undefined);
    return condition && [condition.min, condition.max, condition.rest && printExpression(condition.rest)];
  };
  assert.deepEqual(split("time >= 5 AND time < 10"), [5n, 9n, undefined]);
  assert.deepEqual(split("a = 'x' AND (time > 5 AND b = 1) AND 8 >= time"), [6n, 8n, "a = 'x' AND (b = 1)"]);
  assert.deepEqual(split("time = 1s + 1ms"), [1_001_000_000n, 1_001_000_000n, undefined]);
  assert.deepEqual(split("time > '2026-08-01T00:00:00Z' - 2 * 1h"), [
    1785535200000000001n,
    undefined,
    undefined,
  ]);
  assert.deepEqual(split("(a = 'x' OR time > 5) OR b = 1"), [6n, undefined, "(a = 'x') OR b = 1"]);
  assert.deepEqual(split("TIME > 5"), [6n, undefined, undefined]);
  for (const odd of ["time != 5", "time > now()", "time > 'soon'", "time > x", "time =~ /x/"])
    assert.equal(split(odd), undefined, odd);
});

test("days of a zone are as long as they are where clocks are changed", () => {
  const day = { duration: 86_400_000_000_000n, offset: 0n, zone: new Zone("Europe/Berlin") };
  const window = (text: string) => {
    const time = parseTime(text, undefined) ?? 0n;
    return [iso(windowStart(time, day)), iso(windowEnd(time, day))];
  };
  assert.deepEqual(window("2026-03-29T12:00:00Z"), ["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  assert.deepEqual(window("2026-10-25T12:00:00Z"), ["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
  assert.deepEqual(window("2026-07-01T00:00:00Z"), ["2026-06-30T22:00:00.000Z", "2026-07-01T22:00:00.000Z"]);
  const minutes = { duration: 60n, offset: 7n, zone: undefined };
  assert.deepEqual(
    [windowStart(66n, minutes), windowStart(67n, minutes), windowStart(-60n, minutes)],
    [7n, 67n, -113n],
  );
  assert.throws(() => new Zone("Nowhere/Here"), UnknownZone);
});

test("a regular expression means what it means in Go, or nothing", () => {
  const matches = (pattern: string, name: string) => goRegex(pattern)?.test(name);
  assert.equal(matches("^cust", "customer"), true);
  assert.equal(matches("(?i)^CUST", "customer"), true);
  assert.equal(matches("^[a-z_]+$", "customer_id"), true);
  assert.equal(matches("^\\w+\\.\\d$", "a.1"), true);
  assert.equal(matches("^.$", "\u{10000}"), true);
  assert.equal(matches("^[^\\d]$", "\u0661"), true);
  assert.equal(matches("a\\-b|[-\\]]", "]"), true);
  for (const foreign of ["(?P<n>x)", "\\pL", "\\Ax", "[[:alpha:]]", "(?s).", "x\\"])
    assert.equal(goRegex(foreign), undefined, foreign);
});
