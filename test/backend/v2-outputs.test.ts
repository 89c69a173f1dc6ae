import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/config/secret.ts";
import { createDemoInfluxdb } from "../../src/demo/influxdb.ts";
import { httpAnswer } from "../support/test-platform.ts";
import { createV2Server, type V2ServerOptions, v2Error } from "../support/v2-server.ts";
import { createReplicaSet } from "./replica-set.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const BUCKET = "d/autogen";

/** An InfluxDB 1.x that takes everything, and a 2.x. */
function createPair(options: Partial<V2ServerOptions> = {}, token = "writer") {
  const server = createV2Server({ buckets: [BUCKET], ...options });
  const v2 = {
    writePath: "/api/v2/write",
    v2: { org: "acme", bucket: "{db}/{rp}" },
    weight: 0,
    authorization: new Secret(`Token ${token}`),
  };
  const set = createReplicaSet(
    (request) => (request.origin === "http://b" ? server.answer(request) : httpAnswer(204)),
    { outputs: [{}, v2] },
  );
  const [, b] = set.backends;
  return { ...set, server, b: b ?? assert.fail() };
}

/** A 2.x alone, so that the client is told what it answers. */
function createAlone(options: Partial<V2ServerOptions> = {}, token = "writer") {
  const server = createV2Server({ buckets: [BUCKET], ...options });
  const set = createReplicaSet((request) => server.answer(request), {
    outputs: [
      {
        writePath: "/api/v2/write",
        v2: { org: "acme", bucket: "{db}/{rp}" },
        authorization: new Secret(`Token ${token}`),
      },
    ],
  });
  return { ...set, server };
}

test("each precision is stored at the same time as in 1.x", async () => {
  const { post, server } = createAlone();
  for (const [precision, time] of [
    ["", "7200000000000"],
    ["u", "7200000000"],
    ["ms", "7200000"],
    ["s", "7200"],
    ["m", "120"],
    ["h", "2"],
  ] as const) {
    const name = precision === "" ? "ns" : precision;
    assert.equal((await post(`m,p=${name} v=1 ${time}`, { precision })).status, 204);
  }
  assert.deepEqual(
    server.points(BUCKET),
    ["h", "m", "ms", "ns", "s", "u"].map((p) => `m,p=${p} v=1 7200000000000`),
  );
});

test("one line that cannot be read does not cost the others, and is told as by 1.x", async () => {
  const { post, server } = createAlone();
  const body = "m v=1 1\nbroken\n# comment\nm v=2 2\nm v= 3";
  const reply = await post(body, { precision: "m" });
  assert.deepEqual(server.points(BUCKET), ["m v=1 60000000000", "m v=2 120000000000"]);
  const demo = createDemoInfluxdb({ databases: ["d"], clock: createAlone().clock });
  const told = await demo.handle({
    method: "POST",
    path: "/write?db=d&precision=m",
    body: new TextEncoder().encode(body),
    header: () => undefined,
  });
  assert.deepEqual([reply.status, text(reply.body)], [400, text(told.body as Uint8Array)]);
  const none = await post("broken");
  assert.equal(none.status, 400);
  assert.match(text(none.body), /^\{"error":"unable to parse 'broken': missing fields","code":"invalid"/);
});

test("each client of a joined request gets its own answer", async () => {
  const { post, server } = createAlone();
  const replies = await Promise.all([post("m,c=a v=1 1"), post("broken"), post("m,c=c v=3 3")]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [204, 400, 204],
  );
  assert.deepEqual(server.points(BUCKET), ["m,c=a v=1 1", "m,c=c v=3 3"]);
});

test("the other lines are stored of a body with a field of another type", async () => {
  const { post, server } = createAlone();
  await post("m v=1 1");
  const reply = await post('m v="x" 2\nm v=3 3');
  assert.equal(reply.status, 422);
  assert.match(
    text(reply.body),
    /^\{"error":"failure writing points to database: partial write: field type conflict/,
  );
  assert.deepEqual(server.points(BUCKET), ["m v=1 1", "m v=3 3"]);
});

test("a body that is too large is divided", async () => {
  const { post, server } = createAlone({ maxBodyBytes: 30 });
  const lines = Array.from({ length: 8 }, (_, i) => `m v=${i} ${i + 1}`);
  assert.equal((await post(lines.join("\n"))).status, 204);
  assert.deepEqual(server.points(BUCKET), lines);
});

test("points that only the 2.x server finds too old are counted, and make nobody suspect", async () => {
  const { post, server, b, platform } = createPair({ oldestNs: 5n });
  assert.equal((await post("m v=1 1\nm v=9 9")).status, 204);
  await platform.endTurn();
  assert.deepEqual(server.points(BUCKET), ["m v=9 9"]);
  const { counters, suspect } = b.status();
  assert.deepEqual([counters.expired, counters.rejected, suspect.length], [1, 0, 0]);
});

test("what a 2.x server cannot take yet is kept, and delivered once it can", async () => {
  for (const [failure, state] of [
    [v2Error(404, "not found", 'bucket "d/autogen" not found'), "held"],
    [v2Error(401, "unauthorized", "unauthorized access"), "held"],
    [v2Error(403, "forbidden", "insufficient permissions for write"), "held"],
    [v2Error(429, "too many requests", "slow down", { "Retry-After": "5" }), "kept"],
    [v2Error(500, "internal error", "unexpected error writing points to database: timeout"), "kept"],
    [v2Error(503, "unavailable", "starting"), "kept"],
  ] as const) {
    const { post, server, b, clock, platform } = createPair();
    server.fail(failure);
    assert.equal((await post("m v=1 1")).status, 204);
    await platform.endTurn();
    assert.deepEqual([b.backlog.records, b.held.length], [1, state === "held" ? 1 : 0], `${failure.status}`);
    server.fail();
    await clock.advance(60_000);
    assert.deepEqual([server.points(BUCKET), b.backlog.records], [["m v=1 1"], 0], `${failure.status}`);
  }
});

test("what a client is told of a server that is not ready is the server's answer", async () => {
  for (const [set, status, message] of [
    [createAlone({ buckets: [] }), 404, 'bucket "d/autogen" not found'],
    [createAlone({}, "nobody"), 401, "unauthorized access"],
    [createAlone({}, "reader"), 403, "insufficient permissions for write"],
  ] as const) {
    const reply = await set.post("m v=1 1");
    assert.deepEqual([reply.status, reply.influxError], [status, message]);
    assert.equal(JSON.parse(text(reply.body)).message, message);
  }
});

test("writes with and without the name of the default policy have one order, and nothing is asked for it", async () => {
  const { post, platform, b } = createPair();
  await Promise.all([post("m v=1 1"), post("m v=2 1", { rp: "autogen" })]);
  await platform.endTurn();
  await Promise.all([post("m v=3 1"), post("m v=4 1", { rp: "autogen" })]);
  assert.equal(b.status().lanes, 1);
  const asked = platform.sent.filter(
    ({ origin, path }) => origin === "http://b" && path.startsWith("/query"),
  );
  assert.deepEqual(asked, []);
});

test("a server of the first 2.x, which has no /ping, is there if its /health says so", async () => {
  for (const [health, up] of [
    [200, true],
    [503, false],
  ] as const) {
    const { backends } = createReplicaSet(
      ({ path }) => httpAnswer(path === "/influx/health" ? health : 404),
      { outputs: [{ writePath: "/influx/api/v2/write", v2: { org: "o", bucket: "b" } }] },
    );
    const [backend = assert.fail()] = backends;
    await backend.greet();
    assert.equal(backend.health.up, up);
  }
});
