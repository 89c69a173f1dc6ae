import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import { createReplicaSet, OUTPUT } from "./replica-set.ts";
import { startLife, UP } from "./spool-life.ts";

const POLICIES =
  '{"results":[{"series":[{"columns":["name","default"],"values":[["other",false],["autogen",true]]}]}]}';

/** Servers of which `b` answers as the test says; `asked` is what it was asked to write. */
function scene(outputs?: Parameters<typeof createReplicaSet>[1], policies = httpAnswer(200, POLICIES)) {
  const state: { answer: (request: SentRequest) => HttpAnswer | Promise<HttpAnswer> } = {
    answer: () => httpAnswer(204),
  };
  const set = createReplicaSet((request) => {
    if (request.path.startsWith("/query")) return policies;
    return request.origin === "http://b" && request.method === "POST"
      ? state.answer(request)
      : httpAnswer(204);
  }, outputs);
  const b = set.backends[1] ?? assert.fail();
  return { ...set, b, state, lines: () => set.writes("b") };
}

/** The function that ends a pause, once it has begun. */
function pausing(promise: Promise<() => void>) {
  const state: { end?: () => void } = {};
  void promise.then((end) => {
    state.end = end;
  });
  return state;
}

const line = (i: number) => `m v=${i} ${i}`;

test("a paused database gets nothing until the pause ends, then everything in order; others go on", async () => {
  const { b, clock, post, lines } = scene();
  await post(line(1));
  await clock.advance(0);
  const end = await b.pause("d", undefined);
  for (const i of [2, 3]) assert.equal((await post(line(i))).status, 204);
  await post(line(4), { rp: "other" });
  await post(line(5), { db: "e" });
  await clock.advance(60_000);
  assert.deepEqual(lines(), [line(1), line(5)]);
  assert.deepEqual([b.pending("d"), b.status().backlog.records, b.status().state], [3, 3, "behind"]);
  end();
  await clock.advance(0);
  assert.deepEqual(lines().slice(2).toSorted(), [line(2), line(3), line(4)]);
  assert.ok(lines().indexOf(line(2)) < lines().indexOf(line(3)));
  assert.equal(b.pending("d"), 0);
  assert.deepEqual(b.status().lost, []);
});

test("it has begun once the request that is in flight was answered", async () => {
  const { b, clock, post, state } = scene();
  const waiting = Promise.withResolvers<HttpAnswer>();
  state.answer = () => waiting.promise;
  await post(line(1));
  await post(line(2));
  await clock.advance(0);
  const paused = pausing(b.pause("d", undefined));
  await clock.advance(5_000);
  assert.equal(paused.end, undefined);
  assert.equal((await post(line(3))).status, 204, "answered by the other one");
  waiting.resolve(httpAnswer(204));
  await clock.advance(0);
  assert.notEqual(paused.end, undefined);
  assert.equal(b.pending("d"), 2);
});

test("it waits for what timed out, which the backend may still work on", async () => {
  const { b, clock, post, state } = scene();
  state.answer = () => {
    throw new TransportError("timeout", true, "timeout");
  };
  await post(line(1));
  await clock.advance(1_000);
  const paused = pausing(b.pause("d", undefined));
  await clock.advance(8_000);
  assert.equal(paused.end, undefined);
  await clock.advance(1_000);
  assert.notEqual(paused.end, undefined);
});

test("a policy is paused with and without its name if it is the default one, and no other is", async () => {
  const { b, clock, post, lines } = scene();
  await post(line(1));
  await clock.advance(100);
  for (const rp of ["", "autogen"]) {
    const end = await b.pause("d", rp);
    const before = lines().length;
    await post(line(2), { rp: "autogen" });
    await post(line(3), { rp: "other" });
    await post(line(4));
    await clock.advance(1_000);
    assert.deepEqual(lines().slice(before), [line(3)], `paused "${rp}"`);
    end();
    await clock.advance(0);
    assert.deepEqual(lines().slice(before + 1), [line(2), line(4)]);
  }
});

test("as long as the default policy is not known every name may be it", async () => {
  const { b, clock, post, lines } = scene({}, httpAnswer(401));
  const end = await b.pause("d", "other");
  await post(line(1), { db: "d" });
  await clock.advance(1_000);
  assert.deepEqual(lines(), []);
  end();
  await clock.advance(0);
  assert.deepEqual(lines(), [line(1)]);
});

test("several pauses overlap, ending one twice is no harm, and a reload does not end any", async () => {
  const { b, clock, post, lines } = scene();
  const [first, second] = [await b.pause("d", undefined), await b.pause("d", undefined)];
  await post(line(1));
  first();
  first();
  b.reconfigure({ ...OUTPUT, name: "b", origin: "http://b" });
  await clock.advance(20_000);
  assert.deepEqual(lines(), []);
  second();
  await clock.advance(0);
  assert.deepEqual(lines(), [line(1)]);
});

test("a level that needs a paused replica is refused before anything is written", async () => {
  const { b, post, platform } = scene();
  await b.pause("d", undefined);
  const before = platform.sent.length;
  const reply = await post(line(1), { consistency: "all" });
  assert.equal(reply.status, 503);
  assert.match(reply.influxError ?? "", /1 of 2 replicas can be reached/);
  assert.equal(platform.sent.length, before);
});

test("what is held is paused too", async () => {
  const { b, clock, post, state, lines } = scene();
  state.answer = () => influxError(404, "database not found");
  await post(line(1));
  await clock.advance(0);
  assert.equal(b.status().held.length, 1);
  const end = await b.pause("d", undefined);
  const before = lines().length;
  state.answer = () => httpAnswer(204);
  await clock.advance(60_000);
  assert.equal(lines().length, before);
  end();
  await clock.advance(10_000);
  assert.equal(b.status().held.length, 0);
  assert.equal(lines().length, before + 1);
});

test("a pause holds over an outage, and is no outage", async () => {
  const { b, clock, post, state, lines } = scene();
  const end = await b.pause("d", undefined);
  await post(line(1));
  await clock.advance(60_000);
  assert.equal(b.up, true);
  state.answer = () => {
    throw new TransportError("refused", false, "refused");
  };
  await post(line(1), { db: "e" });
  await clock.advance(100);
  assert.equal(b.up, false);
  state.answer = () => httpAnswer(204);
  await clock.advance(60_000);
  assert.equal(b.up, true);
  assert.ok(!lines().includes(line(2)));
  await post(line(2));
  end();
  await clock.advance(0);
  assert.deepEqual(lines().slice(-1), [line(2)]);
  assert.equal(b.pending("d"), 0);
});

test("without a buffer what waits for the end of a pause is kept all the same", async () => {
  const { b, clock, post, lines } = scene({ outputs: [{}, { bufferSize: 0 }] });
  const end = await b.pause("d", undefined);
  await post(line(1));
  await clock.advance(1_000);
  end();
  await clock.advance(0);
  assert.deepEqual(lines(), [line(1)]);
  assert.deepEqual(b.status().lost, []);
});

test("a stop ends the wait for it", async () => {
  const { b, clock, post, state } = scene();
  state.answer = () => {
    throw new TransportError("timeout", true, "timeout");
  };
  await post(line(1));
  await clock.advance(0);
  const paused = pausing(b.pause("d", undefined));
  await clock.advance(0);
  await b.stop();
  await clock.advance(0);
  assert.notEqual(paused.end, undefined);
});

test("with a disk a paused lane stores what comes at once, without waiting for the backend", async () => {
  const life = await startLife(new CrashableFiles(), UP, { segmentBytes: 1 << 24 });
  const end = await life.backend.pause("d", "");
  const before = life.clock.monotonic();
  for (let i = 0; i < 40; i++) await life.write(`m,t=${i} s="${"x".repeat(100_000)}" ${i}`);
  assert.equal(life.backend.pending("d"), 40);
  assert.equal(life.b.sent.length, 0);
  assert.ok(life.clock.monotonic() - before <= 40 * 10, "no answer waited for longer than the grace");
  end();
  await life.clock.advance(60_000);
  assert.equal(life.b.stored.length, 40);
  assert.equal(life.backend.pending("d"), 0);
  await life.stop();
});
