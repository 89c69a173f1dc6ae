import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { createReplicaSet, EXECUTED, statementFailed, statementIn } from "../backend/replica-set.ts";
import { httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";

type Answer = (request: SentRequest) => HttpAnswer | Promise<HttpAnswer>;
const executes: Answer = () => EXECUTED;
const says =
  (answer: HttpAnswer): Answer =>
  () =>
    answer;
const down: Answer = () => {
  throw new TransportError("refused", false, "refused");
};
const hangs: Answer = () => new Promise<never>(() => {});
const never = new AbortController().signal;
const decode = (body: Uint8Array) => new TextDecoder().decode(body);

/** Servers that answer statements so; everything else with 204. */
function scene(...answers: Answer[]) {
  const servers = [...answers];
  const set = createReplicaSet(
    (request) => {
      const i = request.origin.charCodeAt("http://".length) - 97;
      const answer = servers[i] as Answer;
      if (statementIn(request) !== undefined || answer === down) return answer(request);
      return httpAnswer(204);
    },
    { outputs: answers.map(() => ({})) },
  );
  return { ...set, servers };
}

test("a statement goes to all, as a form, and the answer is the first one's in the order of the config", async () => {
  const late = Promise.withResolvers<HttpAnswer>();
  const first = httpAnswer(200, '{"results":[{"statement_id":0,"series":[]}]}\n', {
    "content-type": "application/json",
  });
  const { change, clock, platform } = scene(() => late.promise, executes);
  const told = change('DROP MEASUREMENT "a&b"', {
    db: "my db",
    rp: "two",
    credentials: { authorization: "x" },
  });
  await clock.advance(1);
  late.resolve(first);
  const reply = await told;
  assert.equal(reply.status, 200);
  assert.equal(decode(reply.body), decode(first.body));
  assert.deepEqual(
    platform.sent.map(({ origin, method, path, headers, text }) => ({ origin, method, path, headers, text })),
    ["http://a", "http://b"].map((origin) => ({
      origin,
      method: "POST",
      path: "/query",
      headers: { authorization: "x", "content-type": "application/x-www-form-urlencoded" },
      text: "q=DROP+MEASUREMENT+%22a%26b%22&db=my+db&rp=two",
    })),
  );
});

test("one that is down gets it later, before what was written after it", async () => {
  const set = scene(executes, down);
  await set.post("m v=1 1");
  assert.equal((await set.change("DELETE FROM m")).status, 200);
  await set.post("m v=2 2");
  assert.equal(set.backends[1]?.pending("d"), 3);
  assert.equal(set.backends[1]?.status().backlog.records, 3);
  set.servers[1] = executes;
  await set.clock.advance(20_000);
  assert.deepEqual(set.writes("b").slice(-3), ["m v=1 1", "DELETE FROM m", "m v=2 2"]);
  assert.deepEqual(set.backends[1]?.status().backlog, { records: 0, bytes: 0 });
  assert.equal(set.backends[1]?.status().counters.changes, 1);
  assert.deepEqual(set.backends[1]?.status().suspect, []);
});

test("it runs alone: nothing of its databases is in flight with it, and others go on", async () => {
  const gate = Promise.withResolvers<HttpAnswer>();
  const set = scene(() => gate.promise, executes);
  const told = set.change("DELETE FROM m", { scope: ["d"] });
  await set.clock.advance(0);
  void set.post("m v=1 1");
  void set.post("m v=2 2", { rp: "other" });
  await set.post("m v=3 3", { db: "e" });
  assert.deepEqual(set.writes("a"), ["DELETE FROM m", "m v=3 3"]);
  gate.resolve(EXECUTED);
  await told;
  await set.clock.advance(0);
  assert.deepEqual(set.writes("a").slice(2).toSorted(), ["m v=1 1", "m v=2 2"]);
});

test("changes of one database follow each other, those of others do not wait, one of all waits for all", async () => {
  const waiting: ((answer: HttpAnswer) => void)[] = [];
  const set = scene(() => new Promise((resolve) => waiting.push(resolve)));
  const replies = [
    set.change("one", { scope: ["d"] }),
    set.change("two", { scope: ["d", "e"] }),
    set.change("three", { scope: ["f"] }),
    set.change("four", { scope: undefined }),
    set.change("five", { scope: ["g"] }),
  ];
  const sent: string[][] = [];
  for (let i = 0; i < 4; i++) {
    await set.clock.advance(0);
    sent.push(set.writes("a"));
    for (const resolve of waiting.splice(0)) resolve(EXECUTED);
  }
  assert.deepEqual(sent, [
    ["one", "three"],
    ["one", "three", "two"],
    ["one", "three", "two", "four"],
    ["one", "three", "two", "four", "five"],
  ]);
  for (const reply of await Promise.all(replies)) assert.equal(reply.status, 200);
});

test("if none executed it, the first answer is told as it is, and nothing is kept", async () => {
  const refusal = influxError(403, "not authorized");
  const set = scene(down, says(statementFailed("database not found: d")), says(refusal));
  const reply = await set.change("DELETE FROM m");
  assert.equal(reply.status, 200);
  assert.match(decode(reply.body), /database not found: d/);
  assert.deepEqual(
    set.backends.map((backend) => [backend.status().backlog.records, backend.pending("d")]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  );
  assert.deepEqual(
    set.backends.map((backend) => backend.status().counters.changesFailed),
    [0, 0, 0],
  );
});

test("if nobody answers it is a 503 that may be tried again, and nothing is kept", async () => {
  const set = scene(down, down);
  const reply = await set.change("DELETE FROM m");
  assert.deepEqual([reply.status, reply.retryAfter], [503, "1"]);
  assert.match(reply.influxError ?? "", /a: refused, b: refused/);
  assert.equal(set.backends[0]?.pending("d"), 0);
});

test("a redirect is told as a bad gateway", async () => {
  assert.equal((await scene(says(httpAnswer(302))).change("DELETE FROM m")).status, 502);
});

test("one that refuses what another one executed is counted and suspect, and the statement succeeded", async () => {
  const set = scene(says(statementFailed("shard 1: fields not supported")), executes);
  assert.equal((await set.change("DELETE FROM m WHERE v > 1")).status, 200);
  const { counters, suspect, backlog } = set.backends[0]?.status() ?? assert.fail();
  assert.equal(counters.changesFailed, 1);
  assert.deepEqual(
    suspect.map(({ db, rp }) => ({ db, rp })),
    [{ db: "d", rp: "*" }],
  );
  assert.equal(backlog.records, 0);
  await set.post("m v=1 1");
  await set.clock.advance(0);
  assert.equal(set.writes("a").at(-1), "m v=1 1", "what follows is not held up");
});

test("one that is not ready for what another one executed does not hold up its writes", async () => {
  const set = scene(says(influxError(401, "authorization failed")), executes);
  assert.equal((await set.change("DELETE FROM m")).status, 200);
  assert.equal(set.backends[0]?.status().counters.changesFailed, 1);
  assert.equal(set.backends[0]?.pending("d"), 0);
});

test("an error that passes is tried again, in its place", async () => {
  const set = scene(executes, says(statementFailed("engine is closed")));
  assert.equal((await set.change("DELETE FROM m")).status, 200);
  await set.post("m v=1 1");
  await set.clock.advance(5_000);
  assert.ok(!set.writes("b").includes("m v=1 1"));
  set.servers[1] = executes;
  await set.clock.advance(10_000);
  assert.deepEqual(set.writes("b").slice(-2), ["DELETE FROM m", "m v=1 1"]);
});

test("an error that never passes holds up writes for ten minutes, and not for ever", async () => {
  const set = scene(executes, says(httpAnswer(500, "panic")));
  await set.change("DELETE FROM m");
  await set.post("m v=1 1");
  await set.clock.advance(590_000);
  assert.equal(set.backends[1]?.pending("d"), 2);
  await set.clock.advance(30_000);
  assert.equal(set.backends[1]?.pending("d"), 0);
  assert.equal(set.writes("b").at(-1), "m v=1 1");
  assert.equal(set.backends[1]?.status().counters.changesFailed, 1);
});

test("after a timeout it is sent again only once the first one must have ended, and the database is suspect", async () => {
  const set = scene(executes, hangs);
  const told = set.change("DELETE FROM m", { timeoutMs: 2_000 });
  await set.clock.advance(2_000);
  assert.equal((await told).status, 200, "the other one executed it, and it is kept for this one");
  assert.equal(set.backends[1]?.up, true, "a statement that takes long is no outage");
  set.servers[1] = executes;
  await set.clock.advance(9_000);
  assert.equal(set.writes("b").length, 1);
  await set.clock.advance(1_000);
  assert.equal(set.writes("b").length, 2);
  assert.equal(set.backends[1]?.pending("d"), 0);
  assert.deepEqual(
    set.backends[1]?.status().suspect.map(({ db }) => db),
    ["d"],
  );
});

test("the deadline ends the waiting and not the statement: what one executed is kept for the others", async () => {
  const stuck = Promise.withResolvers<HttpAnswer>();
  const set = createReplicaSet((request) => {
    if (statementIn(request) !== undefined) return EXECUTED;
    return request.origin === "http://b" && request.path.startsWith("/write")
      ? stuck.promise
      : httpAnswer(204);
  });
  await set.post("m v=1 1");
  const told = set.change("DELETE FROM m", { timeoutMs: 2_000 });
  await set.clock.advance(2_000);
  const reply = await told;
  // It is kept for the other one, behind the write.
  assert.deepEqual([reply.status, set.backends[1]?.status().backlog.records], [503, 2]);
  assert.match(reply.influxError ?? "", /timeout: .* may still be executed/);
  stuck.resolve(httpAnswer(204));
  await set.clock.advance(0);
  assert.deepEqual(set.writes("b"), ["m v=1 1", "DELETE FROM m"]);
});

test("a replica that is paused gets it when the pause ends, and nobody waits for that", async () => {
  const set = scene(executes, executes);
  const end = await set.backends[1]?.pause("d", undefined);
  assert.equal((await set.change("DELETE FROM m")).status, 200);
  assert.equal(set.writes("b").length, 0);
  end?.();
  await set.clock.advance(0);
  assert.deepEqual(set.writes("b"), ["DELETE FROM m"]);
});

test("what is held of its database comes after it, which makes it suspect unless it creates something", async () => {
  for (const [text, suspects] of [
    ["DELETE FROM m", ["d"]],
    ['CREATE DATABASE "d"', []],
  ] as const) {
    let ready = false;
    const set = createReplicaSet((request) => {
      if (statementIn(request) !== undefined) return EXECUTED;
      const isHeld = request.origin === "http://b" && request.path.startsWith("/write") && !ready;
      return isHeld ? influxError(404, "database not found") : httpAnswer(204);
    });
    await set.post("m v=1 1");
    await set.clock.advance(0);
    assert.equal(set.backends[1]?.status().held.length, 1);
    assert.equal((await set.change(text)).status, 200);
    ready = true;
    await set.clock.advance(20_000);
    assert.equal(set.writes("b").at(-1), "m v=1 1");
    assert.deepEqual(
      set.backends[1]?.status().suspect.map(({ db }) => db),
      suspects,
    );
  }
});

test("a query waits for the statements before it", async () => {
  const gate = Promise.withResolvers<HttpAnswer>();
  const set = scene(() => gate.promise);
  void set.change("DELETE FROM m");
  await set.clock.advance(0);
  let over = false;
  void set.backends[0]?.answered("d", never).then(() => {
    over = true;
  });
  await set.clock.advance(0);
  assert.deepEqual([over, set.backends[0]?.pending("d"), set.backends[0]?.pending("e")], [false, 1, 0]);
  gate.resolve(EXECUTED);
  await set.clock.advance(0);
  assert.equal(over, true);
});

test("too many of them for a backend that is down are lost, which is told", async () => {
  const set = scene(executes, down);
  const text = `DELETE FROM m /* ${"x".repeat(1_000_000)} */`;
  for (let i = 0; i < 17; i++) assert.equal((await set.change(text)).status, 200);
  const { counters, lost } = set.backends[1]?.status() ?? assert.fail();
  assert.equal(counters.lostRecords, 1);
  assert.deepEqual(
    lost.map(({ db, rp }) => ({ db, rp })),
    [{ db: "d", rp: "*" }],
  );
  assert.ok(set.platform.logged.some(({ event }) => event === "change-lost"));
});

test("without a buffer nothing is kept, which is counted", async () => {
  const set = createReplicaSet(
    (request) => {
      if (request.origin === "http://b") throw new TransportError("refused", false, "refused");
      return statementIn(request) === undefined ? httpAnswer(204) : EXECUTED;
    },
    { outputs: [{}, { bufferSize: 0 }] },
  );
  assert.equal((await set.change("DELETE FROM m")).status, 200);
  assert.equal(set.backends[1]?.pending("d"), 0);
  assert.equal(set.backends[1]?.status().counters.lostRecords, 1);
});

test("what is left at the stop is told", async () => {
  const set = scene(executes, down);
  await set.change("DELETE FROM m");
  await set.backends[1]?.stop();
  assert.equal(set.backends[1]?.volatile.records, 1);
});
