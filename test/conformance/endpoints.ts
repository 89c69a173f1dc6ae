import assert from "node:assert/strict";
import type { Status } from "../../src/observe/status-schema.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import type { Launcher } from "./launcher.ts";
import { assertError, type SceneTest } from "./scene.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const LINE = "m v=1 1";

/** The paths, and what is wrong with a request before anybody looks at its body. */
export function endpoints(test: SceneTest, runtime: Launcher["runtime"]): void {
  test("a write is answered as InfluxDB answers it", async ({ send, newDb }) => {
    const { status, headers, body } = await send(`/write?db=${newDb()}`, { body: LINE });
    assert.equal(status, 204);
    assert.equal(body.length, 0);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["x-influxdb-version"], "1.6.7-demo");
    assert.equal(headers["x-influxdb-build"], "demo");
    assert.equal(headers["access-control-allow-origin"], undefined);
  });

  test("each answer has an id, the request's own if it has one", async ({ send, newDb }) => {
    const idsOf = async (given: Record<string, string>) => {
      const { headers } = await send(`/write?db=${newDb()}`, { body: LINE, headers: given });
      assert.equal(headers["x-request-id"], headers["request-id"]);
      return String(headers["request-id"]);
    };
    assert.match(await idsOf({}), UUID);
    assert.notEqual(await idsOf({}), await idsOf({}));
    assert.equal(await idsOf({ "X-Request-Id": "mine" }), "mine");
    assert.equal(await idsOf({ "Request-Id": "mine too" }), "mine too");
  });

  test("GET and HEAD /ping are an empty 204", async ({ send }) => {
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, body } = await send("/ping", { method });
      assert.deepEqual([status, body.length], [204, 0], method);
      assert.ok(headers["x-influxdb-version"]);
      assert.match(String(headers["request-id"]), UUID);
    }
  });

  test("GET /ping?verbose tells the version", async ({ send }) => {
    const { status, text, headers } = await send("/ping?verbose=true");
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { version: headers["x-influxdb-version"] });
    assert.equal((await send("/ping?verbose=false")).status, 204);
    assert.equal((await send("/ping?verbose=0")).status, 204);
  });

  test("/health says pass, in the form that client libraries check", async ({ send }) => {
    const { status, text } = await send("/health");
    const { version, ...health } = JSON.parse(text);
    assert.equal(status, 200);
    assert.deepEqual(health, {
      checks: [],
      message: "ready for queries and writes",
      name: "influxdb-relay",
      status: "pass",
    });
    assert.ok(version);
  });

  test("/ready says that a backend takes writes", async ({ send }) => {
    const { status, text } = await send("/ready");
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).status, "ready");
    await poll(async () => JSON.parse((await send("/ready")).text).queries, "a backend to be in sync");
  });

  test("/health/backends/NAME says pass for a backend that should get queries", async ({ send }) => {
    const path = "/health/backends/a";
    await poll(async () => (await send(path)).status === 200, "the backend to be in sync");
    const { text, headers } = await send(path);
    assert.deepEqual(JSON.parse(text), { name: "a", status: "pass", reasons: [] });
    assert.equal(headers["content-type"], "application/json");
    const head = await send(path, { method: "HEAD" });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    const unknown = await send("/health/backends/nobody");
    assert.deepEqual([unknown.status, JSON.parse(unknown.text).status], [404, "unknown"]);
    assert.equal((await send(path, { method: "POST" })).status, 405);
  });

  test("/status names the listener and its backends, and tells no address", async ({ backends, send }) => {
    const { status, text, headers } = await send("/status");
    const { listeners } = readStatus<Status>(text);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual([listeners[0]?.name, listeners[0]?.replicas], ["main", ["a", "b"]]);
    for (const { port } of backends) assert.ok(!text.includes(String(port)), text);
  });

  test("/metrics has figures, of the process too, but not where requests meet different isolates", async ({
    send,
  }) => {
    const { status, text, headers } = await send("/metrics", {
      headers: { Accept: "application/openmetrics-text" },
    });
    if (runtime === "workers") {
      assert.equal(status, 404);
      return;
    }
    assert.deepEqual(
      [status, headers["content-length"]],
      [200, String(new TextEncoder().encode(text).length)],
    );
    assert.match(String(headers["content-type"]), /^application\/openmetrics-text; version=1\.0\.0/);
    const value = (series: string) =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${series} `))
          ?.split(" ")[1],
      );
    assert.equal(value('influxdb_relay_backend_up{backend="a"}'), 1);
    assert.ok(value("process_resident_memory_bytes") > 10_000_000);
    assert.ok(value("process_cpu_seconds_total") > 0);
    assert.match(
      text,
      new RegExp(`_build_info\\{version="\\d[^"]*",runtime="${runtime}",runtime_version="\\d`),
    );
    assert.ok(text.endsWith("# EOF\n"));
    const head = await send("/metrics", { method: "HEAD" });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });

  test("OPTIONS is an empty 200", async ({ send }) => {
    for (const path of ["/write", "/api/v2/write"]) {
      const { status, body } = await send(path, { method: "OPTIONS" });
      assert.deepEqual([status, body.length], [200, 0], path);
    }
  });

  test("a request with an Origin gets InfluxDB's CORS headers", async ({ send, newDb }) => {
    const headers = { Origin: "http://grafana.example" };
    for (const answer of [
      await send("/write", { method: "OPTIONS", headers }),
      await send(`/write?db=${newDb()}`, { body: LINE, headers }),
      await send("/ping", { headers }),
    ]) {
      assert.equal(answer.headers["access-control-allow-origin"], "http://grafana.example");
      assert.equal(answer.headers["access-control-allow-methods"], "DELETE, GET, OPTIONS, POST, PUT");
      assert.match(String(answer.headers["access-control-allow-headers"]), /Authorization/);
      assert.match(String(answer.headers["access-control-expose-headers"]), /X-InfluxDB-Version/);
    }
  });

  test("an unknown path is 404 in plain text", async ({ send }) => {
    for (const path of ["/nosuch", "/write/", "/", "/api/v2"]) {
      const { status, text, headers } = await send(path);
      assert.deepEqual([status, text], [404, "404 page not found\n"], path);
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    }
  });

  test("a wrong method is 405 and names the right ones", async ({ send }) => {
    const wrong = await send("/write");
    assert.deepEqual([wrong.status, wrong.text], [405, "Method Not Allowed\n"]);
    assert.equal(wrong.headers["allow"], "OPTIONS, POST");
    const deleting = await send("/ping", { method: "DELETE" });
    assert.deepEqual([deleting.status, deleting.headers["allow"]], [405, "GET, HEAD"]);
  });

  test("answers are not compressed for a client that would take it", async ({ send }) => {
    const { headers, text } = await send("/status", { headers: { "Accept-Encoding": "gzip, br" } });
    assert.equal(headers["content-encoding"], undefined);
    assert.equal(JSON.parse(text).listeners.length, 1);
  });

  test("what is wrong with the parameters is a 400 or 404 as InfluxDB's", async ({ send, newDb }) => {
    const post = (path: string) => send(path, { body: LINE });
    assertError(await post("/write"), 400, "database is required");
    assertError(await post("/write?db="), 400, "database is required");
    assertError(await post(`/write?db=${newDb()}&consistency=two`), 400, "invalid consistency level");
    assertError(await post("/api/v2/write"), 404, /^bucket name "" is missing a slash/);
    assertError(await post("/api/v2/write?bucket=/rp"), 404, /has an empty database$/);
    assertError(await post("/api/v2/write?bucket=d&precision=h"), 400, /^invalid precision "h"/);
  });
}
