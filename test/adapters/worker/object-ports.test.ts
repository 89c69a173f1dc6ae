import assert from "node:assert/strict";
import { test } from "node:test";
import { createObjectClock } from "../../../adapters/worker/object-clock.ts";
import { ObjectConnections } from "../../../adapters/worker/object-connections.ts";
import { TransportError } from "../../../src/errors.ts";
import type { HttpAnswer, HttpRequest } from "../../../src/platform.ts";
import { httpAnswer } from "../../support/test-platform.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";

const REQUEST: HttpRequest = { method: "GET", path: "/", headers: {}, timeoutMs: 1_000, maxAnswerBytes: 100 };
const OPTIONS = {
  origin: "http://a",
  connections: 64,
  connectTimeoutMs: 1_000,
  tls: { skipVerification: false },
};

/** Requests that are answered when the test says so. */
function connections() {
  const clock = createVirtualClock();
  const sent: { request: HttpRequest; answer: (answer: HttpAnswer) => void }[] = [];
  let exhausted = 0;
  const bounds = new ObjectConnections(clock, () => exhausted++);
  const { send } = bounds.bound(() => ({
    send: (request) => new Promise((answer) => sent.push({ request, answer })),
    stream: () => assert.fail("no object streams"),
    close: async () => {},
  }))(OPTIONS);
  return { clock, sent, bounds, send, exhausted: () => exhausted };
}

test("six requests are in flight at a time; the others wait in order, and their time runs", async () => {
  const { clock, sent, send } = connections();
  const answers = Array.from({ length: 8 }, (_, i) => send({ ...REQUEST, path: `/${i}` }));
  await clock.advance(400);
  assert.equal(sent.length, 6);
  sent[2]?.answer(httpAnswer(204));
  await clock.advance(0);
  assert.deepEqual([sent[6]?.request.path, sent[6]?.request.timeoutMs], ["/6", 600]);
  const isLate = (error: unknown) => error instanceof TransportError && !error.unknownOutcome;
  const late = assert.rejects(answers[7] as Promise<HttpAnswer>, isLate);
  await clock.advance(600);
  await late;
  sent[0]?.answer(httpAnswer(204));
  await clock.advance(0);
  assert.equal(sent.length, 7);
});

test("after 45 requests the next ones wait for another event", async () => {
  const { clock, sent, bounds, send, exhausted } = connections();
  for (let i = 0; i < 45; i++) {
    assert.equal(exhausted(), 0);
    const answer = send(REQUEST);
    await clock.advance(0);
    sent[i]?.answer(httpAnswer(204));
    await answer;
  }
  assert.deepEqual([exhausted(), bounds.exhausted], [1, true]);
  void send(REQUEST);
  await clock.advance(10);
  assert.equal(sent.length, 45);
  bounds.refill();
  await clock.advance(0);
  assert.deepEqual([sent.length, bounds.exhausted], [46, false]);
});

test("an object's clock never goes back, and ages nothing by more than a minute at a time", () => {
  const source = createVirtualClock();
  let now = 1_000;
  const clock = createObjectClock({ ...source, monotonic: () => now });
  const seen: number[] = [];
  for (now of [1_500, 500, 600, 10_000_000, 10_000_001]) seen.push(clock.monotonic());
  assert.deepEqual(seen, [500, 500, 600, 60_600, 60_601]);
});
