import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequestIds } from "../../src/http/request-id.ts";
import type { Clock } from "../../src/platform.ts";

function idsAt(now: () => number): () => string {
  return createRequestIds({ clock: { now } as Clock, random: () => 0 });
}

test("the id of a known moment", () => {
  // RFC 9562 appendix A.1: 2022-02-22T19:22:22Z is c232ab00-9414-11ec-....
  const id = idsAt(() => Date.UTC(2022, 1, 22, 19, 22, 22))();
  assert.equal(id, "c232ab00-9414-11ec-8001-010000000000");
});

test("ids of one millisecond differ", () => {
  const next = idsAt(() => 1_700_000_000_000);
  const ids = Array.from({ length: 10_000 }, next);
  assert.equal(new Set(ids).size, ids.length);
});

test("ids follow the clock", () => {
  let now = 1_700_000_000_000;
  const next = idsAt(() => now++);
  assert.notEqual(next().slice(0, 8), next().slice(0, 8));
});
