import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldReasons } from "../../src/spool/held-reasons.ts";

const reason = { db: "d", rp: "", status: 404, error: "gone", atMs: 1_000_000 };

test("the last words of each destination are remembered, and survive as JSON", () => {
  const reasons = new HeldReasons();
  assert.equal(reasons.add(reason), true);
  assert.equal(reasons.add({ ...reason, atMs: 1_059_000 }), false);
  assert.equal(reasons.add({ ...reason, atMs: 1_061_000 }), true);
  assert.equal(reasons.add({ ...reason, status: 403, error: "not allowed", atMs: 1_061_000 }), true);
  assert.equal(reasons.add({ ...reason, rp: "week" }), true);
  const restored = new HeldReasons();
  restored.restore(JSON.parse(JSON.stringify(reasons)));
  assert.equal(restored.of("d", "")?.error, "not allowed");
  assert.equal(restored.of("d", "week")?.error, "gone");
  assert.equal(restored.of("other", ""), undefined);
});

test("writes with and without the name of the policy may be held together", () => {
  const named = new HeldReasons();
  named.add({ ...reason, rp: "week" });
  assert.equal(named.of("d", "")?.error, "gone");
  assert.equal(named.of("d", "year"), undefined);
  const unnamed = new HeldReasons();
  unnamed.add(reason);
  assert.equal(unnamed.of("d", "week")?.error, "gone");
});

test("they are bounded, and what is not of their form is left out", () => {
  const reasons = new HeldReasons();
  for (let i = 0; i < 1_100; i++) reasons.add({ ...reason, db: `d${i}`, error: "x".repeat(1_000) });
  assert.equal(reasons.toJSON().length, 1_000);
  assert.equal(reasons.of("d99", ""), undefined);
  assert.equal(reasons.of("d100", "")?.error.length, 300);
  const other = new HeldReasons();
  other.restore([["d", "", "404"]]);
  assert.deepEqual(other.toJSON(), []);
});
