import assert from "node:assert/strict";
import { test } from "node:test";
import { RateMeter } from "../../../src/admin/page/rates.ts";
import { ALL_FIGURES } from "../../support/figures.ts";

const [LISTENER] = ALL_FIGURES.listeners;
const [BACKEND] = ALL_FIGURES.backends;
const BOUNDS = [0.001, 0.01];

/** Of a relay that has stored so many writes since the start, each in at most 1 ms but for every hundredth. */
function figures(atMs: number, writes: number, lacked = 0) {
  const seconds = { bounds: BOUNDS, counts: [writes - writes / 50, writes / 50, 0], sum: 1 };
  const log = { name: "main" as const, records: lacked, bytes: lacked, oldestSeconds: undefined };
  return {
    ...ALL_FIGURES,
    atMs,
    listeners:
      LISTENER === undefined ? [] : [{ ...LISTENER, writes: { stored: writes }, writeSeconds: seconds }],
    backends: BACKEND?.order === undefined ? [] : [{ ...BACKEND, order: { ...BACKEND.order, logs: [log] } }],
  };
}

test("rates are of the last few seconds", () => {
  const meter = new RateMeter();
  assert.equal(meter.take(figures(0, 0)), undefined);
  assert.equal(meter.take(figures(2_000, 200))?.listeners.get("main")?.writes, 100);
  assert.equal(meter.take(figures(4_000, 200))?.listeners.get("main")?.writes, 50);
  // The first one is too old now.
  assert.equal(meter.take(figures(6_000, 200))?.listeners.get("main")?.writes, 0);
});

test("after a pause there are no rates until two are taken again", () => {
  const meter = new RateMeter();
  meter.take(figures(0, 0));
  assert.equal(meter.take(figures(60_000, 100)), undefined);
  assert.equal(meter.take(figures(61_000, 150))?.listeners.get("main")?.writes, 50);
});

test("latencies are those of the requests between two snapshots", () => {
  const meter = new RateMeter();
  meter.take(figures(0, 100));
  assert.deepEqual(meter.take(figures(1_000, 200))?.listeners.get("main")?.latency, {
    half: 0.001,
    most: 0.01,
  });
  assert.equal(meter.take(figures(10_000, 200)), undefined);
  assert.equal(meter.take(figures(11_000, 200))?.listeners.get("main")?.latency, undefined);
});

test("what is lacked gets less by so many a second", () => {
  const meter = new RateMeter();
  meter.take(figures(0, 0, 1_000));
  assert.equal(meter.take(figures(2_000, 0, 400))?.backends.get("a")?.catchingUp, 300);
  assert.equal(meter.take(figures(4_000, 0, 2_000))?.backends.get("a")?.catchingUp, 0);
});
