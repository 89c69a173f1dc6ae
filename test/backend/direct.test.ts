import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectBackend } from "../../src/backend/direct.ts";
import type { OutputConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/observe/log.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import type { Reply, Write } from "../../src/writer.ts";
import { createTestPlatform, httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import { OUTPUT } from "./replica-set.ts";

const MB = 1024 * 1024;

function writeOf(text: string): Write {
  return {
    destination: { db: "d", rp: "", precision: "", credentials: undefined },
    body: new TextEncoder().encode(text),
    hasLines: true,
    closed: true,
    source: "",
    keep: "acknowledged",
    consistency: "one",
  };
}

/** Two backends; each `post` is a request of its own, whose life is told by the promise in `lives`. */
function edge(
  script: (request: SentRequest) => HttpAnswer | Promise<HttpAnswer>,
  output: Partial<OutputConfig> = {},
) {
  const platform = createTestPlatform({ http: script });
  const log = createLog(platform.log, platform.clock);
  const backends = ["a", "b"].map(
    (name) => new DirectBackend({ ...OUTPUT, ...output, name, origin: `http://${name}` }, platform, log),
  ) as [DirectBackend, DirectBackend];
  const lives: { ended: boolean }[] = [];

  function post(body: string): Promise<Reply> {
    const life = { ended: false };
    const promises: Promise<unknown>[] = [];
    const replicas = backends.map((backend) =>
      backend.replica({ waitUntil: (promise) => promises.push(promise) }),
    );
    const budget = new Budget(Number.POSITIVE_INFINITY);
    const fanOut = new FanOut({ replicas, clock: platform.clock, deadlineMs: 10_000, budget });
    const reply = fanOut.post(writeOf(body), new AbortController().signal);
    void Promise.all(promises).then(() => {
      life.ended = true;
    });
    lives.push(life);
    return reply;
  }

  const sentTo = (name: string) => platform.sent.filter(({ origin }) => origin === `http://${name}`);
  const events = (event: string) => platform.logged.filter((line) => line.event === event);
  return { platform, clock: platform.clock, backends, post, lives, sentTo, events };
}

const down = (name: string) => (request: SentRequest) =>
  httpAnswer(request.origin === `http://${name}` ? 503 : 204);

test("a write that both take is over when both have answered", async () => {
  const { post, lives, platform, clock } = edge(() => httpAnswer(204));
  assert.equal((await post("m v=1 1")).status, 204);
  await platform.endTurn();
  assert.deepEqual(lives, [{ ended: true }]);
  assert.equal(clock.pending, 0);
});

test("what a backend does not take in 25 s is lost, counted, and told", async () => {
  const { backends, post, lives, clock, sentTo, events } = edge(down("b"));
  assert.equal((await post("m v=1 17\nm v=2 19")).status, 204);
  await clock.advance(24_999);
  assert.deepEqual(backends[1].status().backlog, { records: 1, bytes: 17 });
  assert.deepEqual([lives[0]?.ended, events("write-lost").length], [false, 0]);
  await clock.advance(1);
  assert.equal(lives[0]?.ended, true);
  const sent = sentTo("b").length;
  assert.ok(sent >= 5, `${sent} tries`);
  await clock.advance(60_000);
  assert.equal(sentTo("b").length, sent);
  const { next: _, ...fields } = events("write-lost")[0]?.fields ?? assert.fail();
  assert.deepEqual(fields, {
    backend: "b",
    db: "d",
    rp: "",
    status: 503,
    error: "",
    fromNs: "17",
    toNs: "19",
    reason: "no-time",
    bytes: 17,
    lostRecords: 1,
  });
  assert.deepEqual(backends[1].status().backlog, { records: 0, bytes: 0 });
  assert.deepEqual([backends[1].counters.lostRecords, backends[1].counters.lostBytes], [1, 17]);
  assert.equal(clock.pending, 0);
});

test("a backend that never answers is given up in time, whatever its timeout", async () => {
  const { post, lives, clock, events } = edge(
    ({ origin }) => (origin === "http://b" ? new Promise(() => {}) : httpAnswer(204)),
    { timeoutMs: 3_600_000 },
  );
  assert.equal((await post("m v=1 1")).status, 204);
  await clock.advance(25_000);
  assert.equal(lives[0]?.ended, true);
  assert.equal(events("write-lost")[0]?.fields["error"], "timeout");
});

test("what nobody took is not tried again", async () => {
  const { post, lives, clock, sentTo } = edge(() => httpAnswer(503));
  assert.equal((await post("m v=1 1")).status, 503);
  await clock.advance(60_000);
  assert.deepEqual([sentTo("a").length, sentTo("b").length, lives[0]?.ended], [1, 1, true]);
});

test("a database that one backend lacks is tried again until it is there", async () => {
  let created = false;
  const { backends, post, lives, clock } = edge(({ origin }) =>
    origin === "http://a" || created ? httpAnswer(204) : influxError(404, "database not found"),
  );
  assert.equal((await post("m v=1 1")).status, 204);
  await clock.advance(5_000);
  created = true;
  await clock.advance(15_000);
  assert.deepEqual([lives[0]?.ended, backends[1].counters.delivered], [true, 1]);
});

test("Retry-After is waited for, within max-delay-interval", async () => {
  const { post, clock, sentTo } = edge(
    ({ origin }) =>
      origin === "http://b" ? httpAnswer(503, "", { "Retry-After": "3600" }) : httpAnswer(204),
    { maxDelayIntervalMs: 10_000 },
  );
  await post("m v=1 1");
  await clock.advance(9_999);
  assert.equal(sentTo("b").length, 1);
  await clock.advance(1);
  assert.equal(sentTo("b").length, 2);
});

test("a rejection after another backend stored is a divergence, unless the points are only too old", async () => {
  const answers = ["field type conflict", "partial write: points beyond retention policy dropped=1"];
  const { backends, post, platform, events } = edge(({ origin }) =>
    origin === "http://b" ? influxError(400, answers.shift() ?? "") : httpAnswer(204),
  );
  for (const body of ["m v=1 1", "m v=2 2"]) assert.equal((await post(body)).status, 204);
  await platform.endTurn();
  assert.deepEqual([backends[1].counters.rejected, backends[1].counters.expired], [1, 1]);
  assert.deepEqual(
    events("write-rejected-by-one").map(({ fields }) => fields["error"]),
    ["field type conflict"],
  );
});

test("what does not fit into the buffer is lost at once, and the buffer empties", async () => {
  const { backends, post, platform, clock, events } = edge(down("b"), { bufferSize: 20 });
  for (const body of ["m v=1 1", "m v=2 2", "m v=3 3"]) assert.equal((await post(body)).status, 204);
  await platform.endTurn();
  assert.deepEqual(backends[1].status().backlog, { records: 2, bytes: 14 });
  assert.equal(events("write-lost")[0]?.fields["reason"], "buffer-full");
  await clock.advance(25_000);
  assert.deepEqual(backends[1].status().backlog, { records: 0, bytes: 0 });
  assert.equal(backends[1].counters.lostRecords, 3);
});

test("the buffer is no larger than an isolate can bear", () => {
  const { backends } = edge(() => httpAnswer(204), { bufferSize: 1024 * MB });
  const body = "x".repeat(20 * MB);
  assert.equal(backends[1].hold(writeOf(body)), undefined);
  assert.equal(backends[1].hold(writeOf(body)), "buffer-full");
});

test("what a request that was cut off held is counted as lost with the next one", async () => {
  const { backends, clock, events } = edge(() => httpAnswer(204));
  assert.equal(backends[0].hold(writeOf("m v=1 1")), undefined);
  await clock.advance(60_000);
  assert.equal(backends[0].hold(writeOf("m v=22 2")), undefined);
  assert.equal(events("write-lost")[0]?.fields["reason"], "cut-off");
  assert.deepEqual(backends[0].status().backlog, { records: 1, bytes: 8 });
});
