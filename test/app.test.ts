import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../src/config/secret.ts";
import { errorReply } from "../src/write/reply.ts";
import { fixture, STORED } from "./http/fake-listener.ts";

const LINE = "cpu,host=a v=1 1700000000000000000\n";

test("a stored write is answered as InfluxDB answers it", async () => {
  const { app, writes } = fixture();
  const response = await app.request("/write?db=d", { method: "POST", body: LINE });
  assert.equal(response.status, 204);
  assert.equal(await response.text(), "");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("x-influxdb-version"), "1.6.7");
  assert.equal(response.headers.get("x-influxdb-build"), "OSS");
  assert.match(
    response.headers.get("request-id") ?? "",
    /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(response.headers.get("request-id"), response.headers.get("x-request-id"));
  assert.equal(writes.length, 1);
});

test("the request's own id comes back; X-Request-Id comes before Request-Id", async () => {
  const { app } = fixture();
  const both = await app.request("/ping", { headers: { "X-Request-Id": "abc", "Request-Id": "def" } });
  assert.equal(both.headers.get("x-request-id"), "abc");
  assert.equal(both.headers.get("request-id"), "abc");
  const one = await app.request("/ping", { headers: { "Request-Id": "def" } });
  assert.equal(one.headers.get("x-request-id"), "def");
});

test("while no backend has told its version, the last 1.x is named", async () => {
  const { app } = fixture({ listener: { backendVersion: () => undefined } });
  const response = await app.request("/ping");
  assert.equal(response.headers.get("x-influxdb-version"), "1.8.10");
  assert.equal(response.headers.get("x-influxdb-build"), "OSS");
});

test("a backend's answer comes back verbatim", async () => {
  const body = new Uint8Array([0x7b, 0xff, 0x7d, 0x0a]);
  const reply = {
    ...STORED,
    status: 429,
    body,
    contentType: "application/x",
    influxError: "slow down",
    retryAfter: "7",
  };
  const { app } = fixture({ reply: () => reply });
  const response = await app.request("/write?db=d", { method: "POST", body: LINE });
  assert.equal(response.status, 429);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
  assert.equal(response.headers.get("content-type"), "application/x");
  assert.equal(response.headers.get("x-influxdb-error"), "slow down");
  assert.equal(response.headers.get("retry-after"), "7");
});

test("a backend cannot put a line end into a header, nor more than 1024 bytes of error", async () => {
  const influxError = `one\r\ntwo\u0000: 1 \u2028${"x".repeat(2000)}`;
  const { app } = fixture({ reply: () => ({ ...errorReply(400, "x"), influxError }) });
  const response = await app.request("/write?db=d", { method: "POST", body: LINE });
  const header = response.headers.get("x-influxdb-error") ?? "";
  assert.ok(header.startsWith("one  two : 1 "), header.slice(0, 30));
  assert.equal(header.length, 1024);
});

test("a 401 of a backend keeps its challenge", async () => {
  const reply = { ...errorReply(401, "authorization failed"), authenticate: 'Basic realm="InfluxDB"' };
  const { app } = fixture({ reply: () => reply });
  const response = await app.request("/write?db=d", { method: "POST", body: LINE });
  assert.equal(response.headers.get("www-authenticate"), 'Basic realm="InfluxDB"');
});

test("ping: 204, and the version on request", async () => {
  const { app } = fixture();
  for (const query of ["", "?verbose=false", "?verbose=0", "?verbose"]) {
    const response = await app.request(`/ping${query}`);
    assert.equal(response.status, 204, query);
    assert.equal(response.headers.get("content-type"), "application/json");
  }
  const verbose = await app.request("/ping?verbose=true");
  assert.equal(verbose.status, 200);
  assert.equal(await verbose.text(), '{"version":"1.6.7"}');
});

test("health, ready and status", async () => {
  const { app } = fixture({ listener: { status: () => ({ backends: [{ name: "a" }] }) } });
  const health = await app.request("/health");
  assert.equal(health.status, 200);
  assert.deepEqual(await health.json(), {
    checks: [],
    message: "ready for queries and writes",
    name: "influxdb-relay",
    status: "pass",
    version: "1.6.7",
  });
  assert.equal((await app.request("/ready")).status, 200);
  assert.deepEqual(await (await app.request("/status")).json(), { backends: [{ name: "a" }] });
  const down = await fixture({ listener: { ready: () => ({ writes: false, queries: false }) } }).app.request(
    "/ready",
  );
  assert.equal(down.status, 503);
  assert.equal(down.headers.get("retry-after"), "1");
});

test("/ready tells apart who takes writes and who queries", async () => {
  for (const [writes, queries, status] of [
    [true, true, 200],
    [true, false, 200],
    [false, false, 503],
  ] as const) {
    const { app } = fixture({ listener: { ready: () => ({ writes, queries }) } });
    const response = await app.request("/ready");
    const body = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([response.status, body["writes"], body["queries"]], [status, writes, queries]);
  }
});

test("/health/backends/NAME is 200 only for a backend that should get queries", async () => {
  const states: Record<string, readonly string[]> = {
    a: [],
    "b/1 %": ["down: refused", "drained by operator"],
  };
  const { app, writes } = fixture({
    config: { auth: [{ username: "u", password: new Secret("p") }] },
    listener: { outOfSync: (name) => states[name] },
  });
  for (const [path, status, body] of [
    ["a", 200, { name: "a", status: "pass", reasons: [] }],
    ["b%2F1%20%25", 503, { name: "b/1 %", status: "fail", reasons: states["b/1 %"] }],
    ["c", 404, { name: "c", status: "unknown", reasons: ["no output has this name"] }],
  ] as const) {
    const response = await app.request(`/health/backends/${path}`);
    assert.deepEqual([response.status, await response.json()], [status, body]);
    assert.equal(response.headers.get("retry-after"), status === 503 ? "1" : null);
    const head = await app.request(`/health/backends/${path}`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [status, ""]);
  }
  const post = await app.request("/health/backends/a", { method: "POST" });
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  for (const path of ["/health/backends", "/health/backends/", "/health/backends/a/b"]) {
    assert.equal((await app.request(path)).status, 404, path);
  }
  assert.equal(writes.length, 0);
});

test("HEAD is answered like GET, without a body", async () => {
  const { app } = fixture();
  assert.equal((await app.request("/ping", { method: "HEAD" })).status, 204);
  const health = await app.request("/health", { method: "HEAD" });
  assert.equal(health.status, 200);
  assert.equal(await health.text(), "");
});

test("other methods on known paths get 405 with Allow", async () => {
  const { app, writes } = fixture();
  const cases = [
    ["GET", "/write?db=d", "OPTIONS, POST"],
    ["HEAD", "/write", "OPTIONS, POST"],
    ["PUT", "/api/v2/write", "OPTIONS, POST"],
    ["DELETE", "/ping", "GET, HEAD"],
    ["OPTIONS", "/ping", "GET, HEAD"],
    ["POST", "/status", "GET, HEAD"],
  ] as const;
  for (const [method, path, allow] of cases) {
    const response = await app.request(path, { method });
    assert.equal(response.status, 405, path);
    assert.equal(response.headers.get("allow"), allow);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("request-id"), null);
    assert.equal(await response.text(), method === "HEAD" ? "" : "Method Not Allowed\n");
  }
  assert.equal(writes.length, 0);
});

test("everything else is 404", async () => {
  const { app } = fixture();
  for (const path of ["/", "/nosuch", "/write/", "/ping/", "/admin", "/Write"]) {
    const response = await app.request(path, { method: "POST", body: "x" });
    assert.equal(response.status, 404, path);
    assert.equal(await response.text(), "404 page not found\n");
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-influxdb-version"), "1.6.7");
  }
});

test("OPTIONS on a write path is an empty 200, with CORS for an Origin", async () => {
  const { app } = fixture();
  const plain = await app.request("/write", { method: "OPTIONS" });
  assert.equal(plain.status, 200);
  assert.equal(await plain.text(), "");
  assert.equal(plain.headers.get("content-type"), null);
  assert.equal(plain.headers.get("access-control-allow-origin"), null);
  const cors = await app.request("/write", { method: "OPTIONS", headers: { Origin: "http://x" } });
  assert.equal(cors.headers.get("access-control-allow-origin"), "http://x");
  assert.equal(cors.headers.get("access-control-allow-methods"), "DELETE, GET, OPTIONS, POST, PUT");
  assert.match(
    cors.headers.get("access-control-allow-headers") ?? "",
    /Authorization, Content-Length, Content-Type/,
  );
  assert.equal(
    cors.headers.get("access-control-expose-headers"),
    "Date, X-InfluxDB-Version, X-InfluxDB-Build",
  );
});

test("a defect of the relay is a 500 that tells nothing, and is logged without its message", async () => {
  const { app, logged, listener } = fixture({
    reply: () => {
      throw new TypeError("Invalid URL http://bob:s3cret@h/");
    },
  });
  const response = await app.request("/write?db=d&p=s3cret", { method: "POST", body: LINE });
  assert.equal(response.status, 500);
  assert.equal(await response.text(), '{"error":"internal error"}\n');
  assert.equal(listener.counters.internalErrors, 1);
  assert.equal(logged[0]?.event, "internal-error");
  assert.equal(logged[0]?.fields["path"], "/write");
  assert.doesNotMatch(JSON.stringify(logged), /s3cret/);
});
