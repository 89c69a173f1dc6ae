import assert from "node:assert/strict";
import { test } from "node:test";
import { STATEMENTS } from "../../src/config/statements.ts";
import { errorReply } from "../../src/write/reply.ts";
import { influxError } from "../support/test-platform.ts";
import { ask, json, queryScene, read, reply, told } from "./scene.ts";

test("a text that only reads goes on untouched", async () => {
  const scene = queryScene();
  const text = "select  v from m;;SHOW DATABASES -- x";
  await told(await ask(scene, text, { method: "GET", epoch: "ms" }));
  const [sent] = scene.platform.sent;
  assert.equal(sent?.method, "GET");
  assert.equal(sent?.path, `/query?${new URLSearchParams({ q: text, db: "d", epoch: "ms" })}`);
  await told(await ask(scene, text));
  assert.equal(new URLSearchParams(scene.platform.sent[1]?.text).get("q"), text);
  assert.equal(scene.changes.length, 0);
});

test("a text that changes something is run statement by statement and answered as one", async () => {
  const scene = queryScene({
    http: ({ text }) =>
      json(`{"results":[{"statement_id":0,"series":[{"name":"${new URLSearchParams(text).get("q")}"}]}]}\n`),
  });
  const answer = await ask(scene, "CREATE DATABASE x; SHOW DATABASES ;DROP MEASUREMENT m", {
    rp: "r",
    epoch: "s",
  });
  assert.deepEqual(await told(answer), [
    200,
    '{"results":[{"statement_id":0},{"statement_id":1,"series":[{"name":"SHOW DATABASES"}]},{"statement_id":2}]}\n',
  ]);
  assert.deepEqual(
    scene.changes.map(({ text, db, rp, scope }) => ({ text, db, rp, scope })),
    [
      { text: "CREATE DATABASE x", db: "d", rp: "r", scope: ["x"] },
      { text: "DROP MEASUREMENT m", db: "d", rp: "r", scope: ["d"] },
    ],
  );
  const form = new URLSearchParams(scene.platform.sent[0]?.text);
  assert.deepEqual(Object.fromEntries(form), { q: "SHOW DATABASES", db: "d", rp: "r", epoch: "s" });
  assert.equal(scene.counters.changes, 2);
});

test("the first statement that fails ends the text, with its own error", async () => {
  const failed = '{"results":[{"statement_id":0,"error":"user not found"}]}\n';
  const scene = queryScene({
    change: ({ text }) => reply(text === "DROP USER u" ? failed : '{"results":[{"statement_id":0}]}'),
  });
  const answer = await ask(scene, "CREATE DATABASE x; DROP USER u; DROP DATABASE x; SHOW DATABASES");
  const rest = [2, 3].map((id) => `{"statement_id":${id},"error":"not executed"}`).join();
  assert.equal(
    (await told(answer))[1],
    `{"results":[{"statement_id":0},{"statement_id":1,"error":"user not found"},${rest}]}\n`,
  );
  assert.equal(scene.changes.length, 2);
  assert.deepEqual(scene.asked(), []);
});

test("a refusal of the first statement is the answer, one of a later statement its error", async () => {
  const scene = queryScene({
    change: ({ text }) =>
      text.startsWith("DROP") ? errorReply(403, "not allowed") : reply('{"results":[{}]}'),
  });
  assert.deepEqual(await told(await ask(scene, "DROP DATABASE x; DROP DATABASE y")), [
    403,
    '{"error":"not allowed"}\n',
  ]);
  assert.deepEqual(await told(await ask(scene, "CREATE DATABASE x; DROP DATABASE y")), [
    200,
    '{"results":[{"statement_id":0},{"statement_id":1,"error":"not allowed"}]}\n',
  ]);
  const reading = queryScene({ http: () => influxError(401, "authorization failed") });
  assert.equal((await told(await ask(reading, "SHOW DATABASES; CREATE DATABASE x")))[0], 401);
  assert.equal(reading.changes.length, 0);
});

test("by GET a change is executed and called deprecated", async () => {
  const scene = queryScene();
  const answer = await ask(scene, `CREATE USER u WITH PASSWORD 'p''; SHOW DATABASES`.replace("''", "'"), {
    method: "GET",
  });
  const { results } = JSON.parse((await told(answer))[1]);
  assert.equal(
    results[0].messages[0].text,
    "deprecated use of 'CREATE USER u WITH PASSWORD [REDACTED]' in a read only context, please use a POST request instead",
  );
  assert.equal(results[1].messages, undefined);
  assert.equal(scene.changes[0]?.hasPassword, true);
  assert.equal(scene.changes[0]?.text, "CREATE USER u WITH PASSWORD 'p'");
});

test("what a change means does not depend on when a replica runs it, nor on parameters", async () => {
  const scene = queryScene();
  await ask(scene, "DELETE FROM m WHERE time < now() - 1h AND h = $h", { params: '{"h":"x"}' });
  assert.doesNotMatch(scene.changes[0]?.text ?? "", /now|\$h/);
  assert.match(scene.changes[0]?.text ?? "", /'2026-01-01T00:00:00/);
  assert.match(scene.changes[0]?.text ?? "", /'x'/);
});

test("a SELECT INTO is a change, and its count comes in the asked unit of time", async () => {
  const written =
    '{"results":[{"statement_id":0,"series":[{"name":"result","columns":["time","written"],"values":[["1970-01-01T00:00:00Z",2]]}]}]}\n';
  const scene = queryScene({ change: () => reply(written) });
  assert.equal((await told(await ask(scene, "SELECT * INTO x..m FROM m")))[1], written);
  assert.deepEqual(scene.changes[0]?.scope?.toSorted(), ["d", "x"]);
  assert.match((await told(await ask(scene, "SELECT * INTO m2 FROM m", { epoch: "s" })))[1], /\[\[0,2\]\]/);
});

test("with chunked each result is a document", async () => {
  const answer = await ask(queryScene(), "CREATE DATABASE x; DROP DATABASE x", { chunked: "true" });
  assert.equal(
    (await told(answer))[1],
    '{"results":[{"statement_id":0}]}\n{"results":[{"statement_id":1}]}\n',
  );
});

test("with async the changes run behind the answer, which a client that goes away does not end", async () => {
  const gone = new AbortController();
  const scene = queryScene();
  const answer = await ask(scene, "CREATE DATABASE x; CREATE DATABASE y", {
    async: "true",
    signal: gone.signal,
  });
  gone.abort();
  assert.deepEqual(await told(answer), [204, ""]);
  await scene.platform.endTurn();
  assert.equal(scene.changes.length, 2);
});

test("what names something of one server is refused as that statement's error", async () => {
  const scene = queryScene();
  const { results } = JSON.parse(
    (await told(await ask(scene, "CREATE DATABASE x; KILL QUERY 3; DROP SHARD 4")))[1],
  );
  assert.match(results[1].error, /KILL QUERY names a query of one server/);
  assert.equal(results[2].error, "not executed");
  assert.match((await told(await ask(scene, "DROP SHARD 4")))[1], /DROP SHARD names a shard of one server/);
  assert.equal(scene.changes.length, 1);
});

test("a text that is no InfluxQL gets a server's own error, unless it may change something", async () => {
  const scene = queryScene({ http: () => influxError(400, "of the server") });
  for (const text of ["SELECT FROM", "SHOW NONSENSE", "SELECT v FROM m; EXPLAIN 5"]) {
    assert.deepEqual(await told(await ask(scene, text)), [400, '{"error":"of the server"}\n'], text);
  }
  const before = scene.platform.sent.length;
  for (const text of [
    "DROP NONSENSE",
    "SELECT v FROM m; drop measurement",
    "SELECT v INTO FROM m",
    "SET x",
    "kill 5",
  ]) {
    const [status, body] = await told(await ask(scene, text));
    assert.equal(status, 400, text);
    assert.match(body, /^\{"error":"error parsing query: found /, text);
  }
  assert.equal(scene.platform.sent.length, before);
  assert.equal(scene.counters.refused, 5);
});

test("params that are no JSON are refused in InfluxDB's words where something may change", async () => {
  const scene = queryScene({ http: () => influxError(400, "of the server") });
  assert.match(
    (await told(await ask(scene, "DROP DATABASE x", { params: "{" })))[1],
    /error parsing query parameters/,
  );
  assert.deepEqual(scene.asked(), []);
  await ask(scene, "SHOW DATABASES", { params: "{" });
  assert.deepEqual(scene.asked(), ["a"]);
});

test("a read-only listener takes nothing that changes something, wherever it stands in the text", async () => {
  const scene = queryScene({ rules: { readOnly: true } });
  for (const text of [
    "DROP DATABASE x",
    "select v from m;/* x */ drop measurement cpu",
    "SELECT v INTO m2 FROM m",
    "SHOW DATABASES; CREATE USER u WITH PASSWORD 'p'",
    "KILL QUERY 3",
  ]) {
    const [status, body] = await told(await ask(scene, text));
    assert.equal(status, 403, text);
    assert.match(body, /is not allowed: this listener is read-only"\}\n$/, text);
  }
  assert.equal((await told(await ask(scene, "SELECT FROM")))[0], 400);
  assert.equal((await told(await scene.service.pass(read({ databases: undefined }))))[0], 403);
  assert.deepEqual(scene.asked(), []);
  assert.equal(
    (await told(await ask(scene, "SELECT \"DROP DATABASE x; DROP\" FROM m WHERE a = 'DELETE FROM m'")))[0],
    200,
  );
});

test("denied statements are refused by what they are, not by how they are written", async () => {
  const scene = queryScene({ rules: { deny: ["DROP", "CREATE DATABASE", "SELECT INTO", "SHOW USERS"] } });
  for (const text of [
    "drop\nmeasurement m",
    "CREATE/**/DATABASE x",
    "SELECT v INTO m2 FROM m",
    "SHOW DATABASES;show  users",
  ]) {
    const [status, body] = await told(await ask(scene, text));
    assert.deepEqual([status, /is not allowed on this listener/.test(body)], [403, true], text);
  }
  for (const text of [
    "CREATE RETENTION POLICY r ON d DURATION 1d REPLICATION 1",
    "SELECT v FROM m",
    "SHOW DATABASES",
  ])
    assert.equal((await told(await ask(scene, text)))[0], 200, text);
});

test("each statement that deny may name is one", async () => {
  const examples: Readonly<Record<string, string>> = {
    "ALTER RETENTION POLICY": "ALTER RETENTION POLICY r ON d DEFAULT",
    CREATE: "CREATE DATABASE x",
    "CREATE CONTINUOUS QUERY":
      "CREATE CONTINUOUS QUERY c ON d BEGIN SELECT mean(v) INTO m2 FROM m GROUP BY time(1h) END",
    "CREATE DATABASE": "CREATE DATABASE x",
    "CREATE RETENTION POLICY": "CREATE RETENTION POLICY r ON d DURATION 1d REPLICATION 1",
    "CREATE SUBSCRIPTION": "CREATE SUBSCRIPTION s ON d.r DESTINATIONS ALL 'udp://h:1'",
    "CREATE USER": "CREATE USER u WITH PASSWORD 'p'",
    DELETE: "DELETE FROM m",
    DROP: "DROP DATABASE x",
    "DROP CONTINUOUS QUERY": "DROP CONTINUOUS QUERY c ON d",
    "DROP DATABASE": "DROP DATABASE x",
    "DROP MEASUREMENT": "DROP MEASUREMENT m",
    "DROP RETENTION POLICY": "DROP RETENTION POLICY r ON d",
    "DROP SERIES": "DROP SERIES FROM m",
    "DROP SUBSCRIPTION": "DROP SUBSCRIPTION s ON d.r",
    "DROP USER": "DROP USER u",
    EXPLAIN: "EXPLAIN SELECT v FROM m",
    "EXPLAIN ANALYZE": "EXPLAIN ANALYZE SELECT v FROM m",
    GRANT: "GRANT ALL TO u",
    REVOKE: "REVOKE ALL FROM u",
    SELECT: "SELECT v FROM m",
    "SELECT INTO": "SELECT v INTO m2 FROM m",
    "SET PASSWORD": "SET PASSWORD FOR u = 'p'",
    SHOW: "SHOW DATABASES",
    "SHOW GRANTS": "SHOW GRANTS FOR u",
    "SHOW TAG VALUES": "SHOW TAG VALUES WITH KEY = k",
  };
  for (const name of STATEMENTS) {
    const scene = queryScene({ rules: { deny: [name] } });
    const [status, body] = await told(await ask(scene, examples[name] ?? name));
    assert.deepEqual([status, body], [403, `{"error":"${name} is not allowed on this listener"}\n`]);
  }
});
