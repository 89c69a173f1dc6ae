import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import { httpAnswer, influxError } from "../support/test-platform.ts";
import { EMPTY_RESULT, json, queryScene, read, told } from "./scene.ts";

const RESULT = '{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1]]}]}]}\n';
const statementError = (error: string) => json(`{"results":[{"statement_id":0,"error":"${error}"}]}\n`);

test("one replica is asked, and its answer passed on", async () => {
  const scene = queryScene({ http: () => json(RESULT) });
  const answer = await scene.service.router.ask(
    read({ headers: { accept: "text/csv" }, credentials: { authorization: "Basic x" } }),
  );
  assert.equal(answer.kind, "passed");
  assert.deepEqual(await told(answer), [200, RESULT]);
  assert.deepEqual(scene.asked(), ["a"]);
  const [sent] = scene.platform.sent;
  assert.equal(sent?.path, "/query?q=SELECT+v+FROM+m&db=d");
  assert.deepEqual(sent?.headers, { accept: "text/csv", authorization: "Basic x" });
  assert.equal(scene.counters.answered, 1);
  assert.equal(scene.replicas[0]?.queries.running, 0);
});

test("what is said about the server, and not about the query, makes the next replica answer", async () => {
  const failures = [
    () => Promise.reject(new TransportError("refused", false, "x")),
    () => Promise.reject(new TransportError("timeout", true, "x")),
    () => influxError(500, "some defect"),
    () => httpAnswer(503, "request throttled, queue full"),
    () => httpAnswer(429),
    () => httpAnswer(302, "", { Location: "http://elsewhere/" }),
    () => statementError("engine is closed"),
    () => statementError("max-concurrent-queries limit exceeded(2, 2)"),
    () => statementError("open /var/lib/influxdb/data/d/1.tsm: too many open files"),
    () => json('{"results":[{"statement_id":0},{"statement_id":1,"error":"not executed"}]}\n'),
    () =>
      json(
        '{\n    "results": [\n        {\n            "statement_id": 0,\n            "error": "shard is disabled"\n        }\n    ]\n}\n',
      ),
  ];
  for (const failure of failures) {
    const scene = queryScene({ http: ({ origin }) => (origin === "http://a" ? failure() : json(RESULT)) });
    assert.deepEqual(await told(await scene.service.router.ask(read())), [200, RESULT], String(failure));
    assert.deepEqual(scene.asked(), ["a", "b"], String(failure));
    assert.equal(scene.counters.failovers, 1, String(failure));
    assert.equal(scene.platform.logged[0]?.event, "query-failed");
    assert.equal(scene.replicas[0]?.queries.running, 0, String(failure));
  }
});

test("what is said about the query is the answer", async () => {
  const answers = [
    influxError(400, "error parsing query: found x"),
    influxError(401, "authorization failed"),
    influxError(403, "not authorized"),
    influxError(404, "x"),
    statementError("database not found: nodb"),
    statementError("query-timeout limit exceeded"),
    json(
      '{"results":[{"statement_id":0,"series":[{"name":"m","columns":["error"],"values":[["engine is closed"]]}]}]}',
    ),
  ];
  for (const answer of answers) {
    const scene = queryScene({ http: () => answer });
    const [status, text] = await told(await scene.service.router.ask(read()));
    assert.deepEqual([status, text], [answer.status, new TextDecoder().decode(answer.body)]);
    assert.deepEqual(scene.asked(), ["a"], text);
  }
});

test("when no replica has a better answer the first one is passed on", async () => {
  const transient = queryScene({ http: () => statementError("engine is closed") });
  assert.match((await told(await transient.service.router.ask(read())))[1], /engine is closed/);
  assert.deepEqual(transient.asked(), ["a", "b"]);
  assert.equal(transient.counters.failovers, 1);
  const mixed = queryScene({
    http: ({ origin }) => (origin === "http://a" ? influxError(500, "of a") : influxError(503, "of b")),
  });
  assert.equal((await told(await mixed.service.router.ask(read())))[0], 500);
  assert.equal(mixed.counters.failed, 1);
});

test("when none answers the client is told to come again", async () => {
  const scene = queryScene({ http: () => Promise.reject(new TransportError("refused", false, "x")) });
  const answer = await scene.service.router.ask(read());
  assert.ok(answer.kind === "own");
  assert.deepEqual([answer.reply.status, answer.reply.retryAfter], [503, "1"]);
  assert.match((await told(answer))[1], /^\{"error":"no InfluxDB server answered the query"\}\n$/);
});

test("replicas that are not in sync come last, the least stale first, and the answer says so", async () => {
  const states = [{ inSync: false, staleMs: 9_000 }, { inSync: false, staleMs: 1_500 }, {}];
  const scene = queryScene({ states });
  assert.equal((await scene.service.router.ask(read())).kind, "passed");
  assert.deepEqual(scene.asked(), ["c"]);
  Object.assign(scene.states[2] as object, { inSync: false, staleMs: 3_000 });
  const answer = await scene.service.router.ask(read());
  assert.ok(answer.kind === "passed");
  assert.equal(answer.staleMs, 1_500);
  assert.deepEqual(scene.asked(), ["c", "b"]);
  assert.equal(scene.counters.stale, 1);
});

test("a replica of weight 0 is asked nothing", async () => {
  const scene = queryScene({ states: [{ weight: 0 }, { inSync: false, staleMs: 5 }] });
  await scene.service.router.ask(read());
  assert.deepEqual(scene.asked(), ["b"]);
});

test("a query waits until a replica has what was written before", async () => {
  const caughtUp = Promise.withResolvers<void>();
  const scene = queryScene({ states: [{ pending: 1 }, { pending: 2, caughtUp: caughtUp.promise }] });
  const answer = scene.service.router.ask(read());
  await scene.platform.clock.advance(400);
  assert.deepEqual(scene.asked(), []);
  caughtUp.resolve();
  await answer;
  assert.deepEqual(scene.asked(), ["b"]);
  assert.equal(scene.counters.unsynced, 0);
  assert.equal(scene.platform.clock.pending, 0);
});

test("it does not wait for longer than sync-wait, and then asks the one that lacks least", async () => {
  const scene = queryScene({ states: [{ pending: 2 }, { pending: 1 }], syncWaitMs: 300 });
  const answer = scene.service.router.ask(read());
  await scene.platform.clock.advance(299);
  assert.deepEqual(scene.asked(), []);
  await scene.platform.clock.advance(1);
  await answer;
  assert.deepEqual(scene.asked(), ["b"]);
  assert.equal(scene.counters.unsynced, 1);
});

test("it does not wait where a replica has everything, or nothing is written to what it reads", async () => {
  const scene = queryScene({ states: [{ pending: 1 }, {}] });
  await scene.service.router.ask(read());
  await scene.service.router.ask(read({ databases: undefined }));
  assert.deepEqual(scene.asked(), ["b", "a"]);
});

test("a failover does not go to a replica that lacks what was written before either", async () => {
  const caughtUp = Promise.withResolvers<void>();
  const scene = queryScene({
    states: [{}, { pending: 1, caughtUp: caughtUp.promise }],
    http: ({ origin }) => (origin === "http://a" ? influxError(500, "x") : json(RESULT)),
  });
  const answer = scene.service.router.ask(read());
  await scene.platform.clock.advance(100);
  assert.deepEqual(scene.asked(), ["a"]);
  caughtUp.resolve();
  assert.deepEqual(await told(await answer), [200, RESULT]);
});

test("with spread, each replica gets its part by weight, and running queries count", async () => {
  const scene = queryScene({ states: [{ weight: 3 }, { weight: 1 }], policy: "spread" });
  for (let i = 0; i < 400; i++) await told(await scene.service.router.ask(read()));
  const toA = scene.asked().filter((name) => name === "a").length;
  assert.ok(toA > 270 && toA < 330, String(toA));
  const open = [];
  for (let i = 0; i < 8; i++) open.push(await scene.service.router.ask(read()));
  assert.deepEqual(
    scene.replicas.map(({ queries }) => queries.running),
    [6, 2],
  );
  await Promise.all(open.map(told));
});

test("with first, the others are only asked when it cannot answer", async () => {
  const scene = queryScene({ policy: "first" });
  for (let i = 0; i < 10; i++) await scene.service.router.ask(read());
  assert.deepEqual(new Set(scene.asked()), new Set(["a"]));
});

test("a replica that answers as many as it may is passed over; if all do, a query waits a second and is told 503", async () => {
  const scene = queryScene({ states: [{ maxConcurrentQueries: 1 }, { maxConcurrentQueries: 1 }] });
  const open = [await scene.service.router.ask(read()), await scene.service.router.ask(read())];
  assert.deepEqual(scene.asked(), ["a", "b"]);
  const refused = scene.service.router.ask(read());
  await scene.platform.clock.advance(1_000);
  const answer = await refused;
  assert.ok(answer.kind === "own");
  assert.deepEqual([answer.reply.status, answer.reply.retryAfter], [503, "1"]);
  assert.match((await told(answer))[1], /max-concurrent-queries limit exceeded\(1, 1\)/);
  assert.equal(scene.counters.busy, 1);
  const waiting = scene.service.router.ask(read());
  await scene.platform.clock.advance(500);
  await told(open[1] as never);
  assert.deepEqual(await told(await waiting), [200, EMPTY_RESULT]);
  assert.deepEqual(scene.asked(), ["a", "b", "b"]);
});

test("a client that goes away ends its query, also while it waits", async () => {
  const gone = new AbortController();
  const scene = queryScene({ states: [{ pending: 1 }] });
  const answer = scene.service.router.ask(read({ signal: gone.signal }));
  await scene.platform.clock.advance(10);
  gone.abort();
  assert.equal((await answer).kind, "own");
  assert.deepEqual(scene.asked(), []);
  assert.equal(scene.counters.abandoned, 1);
  assert.equal(scene.platform.clock.pending, 0);
});

test("an answer that nobody reads any more frees its place", async () => {
  const gone = new AbortController();
  const scene = queryScene({ states: [{}] });
  await scene.service.router.ask(read({ signal: gone.signal }));
  assert.equal(scene.replicas[0]?.queries.running, 1);
  gone.abort();
  assert.equal(scene.replicas[0]?.queries.running, 0);
});
