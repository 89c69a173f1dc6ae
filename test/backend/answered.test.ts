import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import { createReplicaSet } from "./replica-set.ts";
import { DOWN, startLife, UP } from "./spool-life.ts";

const never = new AbortController().signal;
const isWriteToB = ({ origin, path }: SentRequest) => origin === "http://b" && path.startsWith("/write");

/** A set of which `b` answers a write when the test says so. */
function slowSet() {
  const waiting: ((answer: HttpAnswer) => void)[] = [];
  const set = createReplicaSet((request) => {
    if (!isWriteToB(request)) return httpAnswer(204);
    return new Promise<HttpAnswer>((resolve) => waiting.push(resolve));
  });
  const b = set.backends[1] ?? assert.fail();
  return {
    ...set,
    b,
    async answer(with_: HttpAnswer = httpAnswer(204)) {
      (waiting.shift() ?? assert.fail("nothing is in flight"))(with_);
      await set.clock.advance(0);
    },
  };
}

/** Whether a promise is settled. */
function watch(promise: Promise<unknown>) {
  const state = { over: false };
  void promise.then(() => {
    state.over = true;
  });
  return state;
}

test("a backend with nothing to do has answered", async () => {
  const { b } = slowSet();
  await b.answered("d", never);
  assert.equal(b.pending("d"), 0);
});

test("what was accepted before is waited for, also in flight, and what comes later is not", async () => {
  const { b, clock, post, answer } = slowSet();
  void post("m v=1 1");
  await clock.advance(0);
  void post("m v=2 2");
  const before = watch(b.answered("d", never));
  void post("m v=3 3");
  await clock.advance(0);
  assert.equal(b.pending("d"), 3);
  await answer();
  assert.equal(before.over, false, "the second waits for its turn");
  // Those two go in one request.
  await answer();
  assert.equal(before.over, true);
  void post("m v=4 4");
  await clock.advance(0);
  const first = watch(b.answered("d", never));
  void post("m v=5 5");
  await answer();
  assert.equal(first.over, true, "while the next one is in flight");
  assert.equal(b.pending("d"), 1);
  await answer();
  assert.equal(b.pending("d"), 0);
});

test("other databases are not waited for, all policies of the own one are", async () => {
  const { b, clock, post, answer } = slowSet();
  void post("m v=1 1", { db: "dd" });
  await clock.advance(0);
  void post("m v=1 1", { rp: "long" });
  await clock.advance(0);
  const own = watch(b.answered("d", never));
  await b.answered("e", never);
  assert.deepEqual([b.pending("d"), b.pending("dd"), b.pending("e")], [1, 1, 0]);
  await answer();
  assert.equal(own.over, false);
  await answer();
  assert.equal(own.over, true);
});

test("a write that fails and is kept is waited for, one that is forgotten is not", async () => {
  const { b, clock, post, answer } = slowSet();
  void post("m v=1 1");
  await clock.advance(0);
  const kept = watch(b.answered("d", never));
  await answer(httpAnswer(503));
  assert.equal(kept.over, false);
  assert.equal(b.pending("d"), 1);
  await clock.advance(10_000);
  await answer();
  assert.equal(kept.over, true);

  const set = createReplicaSet(() => {
    throw new TransportError("refused", false, "refused");
  });
  const forgotten = set.post("m v=1 1");
  const over = watch(set.backends[0]?.answered("d", never) ?? assert.fail());
  assert.equal((await forgotten).status, 503);
  await set.clock.advance(0);
  assert.equal(over.over, true);
});

test("what is held for a backend that is not ready is not waited for", async () => {
  const { b, clock, post, answer } = slowSet();
  void post("m v=1 1");
  await clock.advance(0);
  const over = watch(b.answered("d", never));
  await answer(influxError(404, "database not found"));
  assert.equal(over.over, true);
  assert.equal(b.pending("d"), 0);
  assert.equal(b.status().held.length, 1);
});

test("a signal ends the waiting, and nothing is left of it", async () => {
  const { b, clock, post } = slowSet();
  void post("m v=1 1");
  await clock.advance(0);
  const controller = new AbortController();
  const over = watch(b.answered("d", controller.signal));
  await clock.advance(0);
  assert.equal(over.over, false);
  controller.abort();
  await clock.advance(0);
  assert.equal(over.over, true);
  await b.answered("d", AbortSignal.abort());
});

test("what is in the log only is waited for, also after a restart", async () => {
  const files = new CrashableFiles();
  const before = await startLife(files, DOWN);
  for (let i = 0; i < 40; i++) await before.write(`m v=${i},s="${"x".repeat(100_000)}" ${i}`);
  assert.equal(before.backend.pending("d"), 40);
  await before.stop();

  let answer = DOWN;
  const after = await startLife(files, (request) => answer(request));
  const over = watch(after.backend.answered("d", never));
  const other = watch(after.backend.answered("e", never));
  await after.clock.advance(1_000);
  assert.equal(after.backend.pending("d"), 40);
  assert.deepEqual([over.over, other.over], [false, true], "once it is known that nothing is there for it");
  const controller = new AbortController();
  const given = watch(after.backend.answered("d", controller.signal));
  controller.abort();
  await after.clock.advance(0);
  assert.equal(given.over, true);
  answer = UP;
  await after.clock.advance(60_000);
  assert.equal(over.over, true);
  assert.equal(after.b.stored.length, 40);
  assert.equal(after.backend.pending("d"), 0);
  await after.stop();
});
