import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredBy } from "../../src/recovery/answered.ts";
import { ServerError } from "../../src/recovery/errors.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

/** A server that has answered nothing, and whether it is there. */
function scene() {
  const clock = createVirtualClock();
  let isThere = true;
  const server = { name: "a", ping: async () => isThere };
  const { promise, resolve } = Promise.withResolvers<void>();
  const control = { answered: () => promise };
  const abort = new AbortController();
  let ended: unknown;
  const wait = (limitMs?: number) => {
    const waiting = answeredBy(server, "db", { control, clock }, abort.signal, limitMs);
    waiting.then(
      () => {
        ended = "answered";
      },
      (error) => {
        ended = error;
      },
    );
  };
  return { clock, wait, abort, answer: resolve, ended: () => ended, die: () => (isThere = false) };
}

test("a server that is there is waited for as long as it takes", async () => {
  const { clock, wait, answer, ended } = scene();
  wait();
  await clock.advance(3_600_000);
  assert.equal(ended(), undefined);
  answer();
  await clock.advance(0);
  assert.equal(ended(), "answered");
});

test("a server that has gone is not", async () => {
  const { clock, wait, die, ended } = scene();
  wait();
  await clock.advance(5_000);
  die();
  await clock.advance(2_000);
  const error = ended();
  assert.ok(error instanceof ServerError);
  assert.deepEqual([error.server, error.failure], ["a", "unavailable"]);
});

test("nobody is waited for longer than the limit, or after an abort", async () => {
  const limited = scene();
  limited.wait(10_000);
  await limited.clock.advance(9_000);
  assert.equal(limited.ended(), undefined);
  await limited.clock.advance(3_000);
  assert.match(String(limited.ended()), /lacks writes that were kept for it/);
  const aborted = scene();
  aborted.wait();
  aborted.abort.abort(new Error("enough"));
  await aborted.clock.advance(0);
  assert.match(String(aborted.ended()), /enough/);
});
