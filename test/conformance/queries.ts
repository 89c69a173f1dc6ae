import assert from "node:assert/strict";
import { request } from "node:http";
import { poll } from "../support/wait.ts";
import type { Launcher } from "./launcher.ts";
import { assertError, type Scene, type SceneOptions, type SceneTest, stored } from "./scene.ts";

/** For {@link queries}: the first of two is asked, unless it fails. */
export const FIRST: SceneOptions = { listener: { query: "first", "query-timeout": "2s" } };

/** For {@link restricted}. */
export const RESTRICTED: SceneOptions = { listener: { "read-only": true, deny: ["SHOW DATABASES"] } };

const LINES = "m,h=a v=1 1000000000\nm,h=b v=2 2000000000";
const SELECT = "q=SELECT%20*%20FROM%20m";
const ROWS =
  '{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","h","v"],"values":[["1970-01-01T00:00:01Z","a",1],["1970-01-01T00:00:02Z","b",2]]}]}]}\n';
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

const queriesOf = (backend: Scene["a"]) => backend.requests.filter(({ path }) => path.startsWith("/query"));

const remoteWrites = (backend: Scene["a"]) =>
  backend.requests.filter(({ path }) => path.startsWith("/api/v1/prom/write"));

/** Reads an answer, which the first InfluxDB cuts when its first bytes are there. */
function readUntilCut({ a, relay }: Scene, path: string): Promise<{ text: string; whole: boolean }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(relay.url + path, { agent: false }, (incoming) => {
      let text = "";
      incoming.on("data", (chunk) => {
        text += chunk;
        a.release();
      });
      incoming.on("error", () => {});
      incoming.on("close", () => resolve({ text, whole: incoming.complete }));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** A database with two points on both InfluxDBs. */
async function filled({ post, newDb, backends }: Scene): Promise<string> {
  const db = newDb();
  await post(db, LINES);
  await stored(backends, db, ["m,h=a v=1 1000000000", "m,h=b v=2 2000000000"]);
  return db;
}

/** What is asked of `/query`, and which InfluxDB answers. */
export function queries(test: SceneTest, runtime: Launcher["runtime"]): void {
  test("a query is answered by one replica, as it answers", async (scene) => {
    const db = await filled(scene);
    const [a, b] = [queriesOf(scene.a).length, queriesOf(scene.b).length];
    const headers = { "User-Agent": "tester", "X-Request-Id": "mine", "X-Other": "secret", Accept: "text/x" };
    const answer = await scene.send(`/query?db=${db}&epoch=&u=u&p=p&${SELECT}`, { headers });
    assert.deepEqual([answer.status, answer.text], [200, ROWS]);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["x-influxdb-build"], "demo");
    assert.equal(answer.headers["x-relay-stale"], undefined);
    assert.equal(queriesOf(scene.b).length, b);
    const sent = queriesOf(scene.a)[a];
    assert.equal(sent?.path, `/query?db=${db}&epoch=&${SELECT}`);
    const {
      authorization,
      "user-agent": agent,
      "x-request-id": id,
      accept,
      "x-other": other,
    } = sent?.headers ?? {};
    assert.deepEqual(
      [authorization, agent, id, accept, other],
      ["Basic dTpw", "tester", "mine", "text/x", undefined],
    );
  });

  test("a form goes on as it came, and is what counts beside the URL", async (scene) => {
    const db = await filled(scene);
    const body = `db=${db}&${SELECT}&x=%zz`;
    const answer = await scene.send("/query?db=other&q=SHOW%20DATABASES", { body, headers: FORM });
    assert.equal(answer.text, ROWS);
    const sent = queriesOf(scene.a).at(-1);
    assert.deepEqual([sent?.method, sent?.text], ["POST", body]);
    assert.equal(sent?.path, "/query?db=other&q=SHOW%20DATABASES");
  });

  test("of a multipart form the URL counts first, and q may be a file", async (scene) => {
    const db = await filled(scene);
    const part = (name: string, text: string) =>
      `--x\r\nContent-Disposition: form-data; ${name}\r\n\r\n${text}\r\n`;
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const change = await scene.send("/query?q=CREATE%20DATABASE%20of_url", {
      body: `${part('name="q"', "SHOW DATABASES")}--x--\r\n`,
      headers,
    });
    assert.equal(change.text, '{"results":[{"statement_id":0}]}\n');
    const file = await scene.send(`/query?db=${db}`, {
      body: `${part('name="q"; filename="f"', "CREATE DATABASE of_file")}--x--\r\n`,
      headers,
    });
    assert.equal(file.text, '{"results":[{"statement_id":0}]}\n');
    for (const backend of scene.backends) {
      const texts = queriesOf(backend).map(({ text }) => new URLSearchParams(text).get("q"));
      assert.ok(
        texts.includes("CREATE DATABASE of_url") && texts.includes("CREATE DATABASE of_file"),
        texts.join(),
      );
    }
  });

  test("without a text there is nothing to ask", async ({ send }) => {
    const missing = 'missing required parameter "q"';
    assertError(await send("/query"), 400, missing);
    assertError(await send("/query?q=%20"), 400, missing);
    assertError(await send("/query?q=SHOW%20DATABASES", { body: "q=", headers: FORM }), 400, missing);
    const json = { "Content-Type": "application/json" };
    assertError(await send("/query", { body: '{"q":"SHOW DATABASES"}', headers: json }), 400, missing);
  });

  test("methods and CORS are InfluxDB's", async ({ send }) => {
    for (const method of ["HEAD", "DELETE", "PUT", "PATCH"]) {
      const { status, headers } = await send("/query?q=SHOW%20DATABASES", { method });
      assert.deepEqual([status, headers["allow"]], [405, "OPTIONS, GET, POST"], method);
    }
    assert.equal((await send("/query", { method: "OPTIONS" })).status, 200);
    const { headers } = await send("/query?q=SHOW%20DATABASES", { headers: { Origin: "http://g" } });
    assert.equal(headers["access-control-allow-origin"], "http://g");
    assert.match(String(headers["access-control-expose-headers"]), /X-InfluxDB-Version/);
  });

  test("what a backend has of its own is not shown", async ({ send }) => {
    for (const path of ["/debug/vars", "/api/v2/buckets", "/api/v2/query/x", "/debug/pprof/"]) {
      assert.equal((await send(path)).status, 404, path);
    }
  });

  test("another replica answers in place of one that does not, or cannot", async (scene) => {
    const db = await filled(scene);
    const transient = '{"results":[{"statement_id":0,"error":"engine is closed"}]}\n';
    for (const fault of [
      { kind: "reset", when: "before-reading" },
      { kind: "reset", when: "after-storing" },
      { kind: "status", status: 500, body: "x" },
      { kind: "status", status: 503 },
      { kind: "status", status: 302, headers: { location: "http://127.0.0.1:1/" } },
      { kind: "status", status: 200, body: transient },
      { kind: "hang" },
    ] as const) {
      scene.a.setFault({ ...fault, path: "/query" });
      const asked = queriesOf(scene.a).length;
      assert.equal((await scene.send(`/query?db=${db}&${SELECT}`)).text, ROWS, JSON.stringify(fault));
      assert.ok(queriesOf(scene.a).length > asked, JSON.stringify(fault));
    }
    for (const backend of scene.backends)
      backend.setFault({ kind: "status", status: 200, body: transient, path: "/query" });
    assert.equal((await scene.send(`/query?db=${db}&${SELECT}`)).text, transient);
    for (const backend of scene.backends)
      backend.setFault({ kind: "reset", when: "before-reading", path: "/query" });
    const none = await scene.send(`/query?db=${db}&${SELECT}`);
    assertError(none, 503, "no InfluxDB server answered the query");
    assert.equal(none.headers["retry-after"], "1");
  });

  test("an answer that breaks off breaks off at the client", async (scene) => {
    const db = await filled(scene);
    scene.a.setFault({ kind: "cut", afterBytes: 60, path: "/query" });
    const { text, whole } = await readUntilCut(scene, `/query?db=${db}&${SELECT}`);
    assert.equal(text.slice(0, 60), ROWS.slice(0, 60));
    // On Workers it ends like any other, so it says so.
    assert.equal(whole, runtime === "workers");
    if (whole) assert.equal(text.slice(60), '\n{"error":"the server\'s answer broke off"}\n');
  });

  test("a client that goes away ends its query", async (scene) => {
    const db = await filled(scene);
    scene.a.setFault({ kind: "hold", store: "after", path: "/query" });
    const outgoing = request(`${scene.relay.url}/query?db=${db}&${SELECT}`, { agent: false });
    outgoing.on("error", () => {});
    outgoing.end();
    await scene.a.waitForHeld(1);
    outgoing.destroy();
    await scene.a.waitForGone(1);
  });

  test("a change reaches every replica, and its text is answered as one", async (scene) => {
    const name = `made${scene.newDb()}`;
    const q = encodeURIComponent(`CREATE DATABASE ${name}; SHOW DATABASES`);
    const { status, text } = await scene.send("/query", { body: `q=${q}`, headers: FORM });
    assert.equal(status, 200);
    const { results } = JSON.parse(text);
    assert.deepEqual(results[0], { statement_id: 0 });
    assert.equal(results[1].statement_id, 1);
    assert.deepEqual(results[1].series[0].values.at(-1), [name]);
    for (const { url } of scene.backends) {
      const own = await fetch(`${url}/query?q=SHOW%20DATABASES`);
      assert.match(await own.text(), new RegExp(`"${name}"`));
    }
  });

  test("Flux goes to one replica, and what a server has of its own stays there", async (scene) => {
    const [a, b] = [queriesOf(scene.a).length, queriesOf(scene.b).length];
    const headers = { "Content-Type": "application/vnd.flux", Authorization: "Token u:p" };
    scene.a.setFault({ kind: "status", status: 200, body: "of a", path: "/api/v2/query" });
    const answer = await scene.send("/api/v2/query?org=o", { body: 'from(bucket:"d")', headers });
    assert.deepEqual([answer.status, answer.text], [200, "of a"]);
    const sent = scene.a.requests.at(-1);
    assert.deepEqual(
      [sent?.path, sent?.text, sent?.headers["content-type"], sent?.headers.authorization],
      ["/api/v2/query?org=o", 'from(bucket:"d")', "application/vnd.flux", "Basic dTpw"],
    );
    assert.deepEqual([queriesOf(scene.a).length, queriesOf(scene.b).length], [a, b]);
    assert.equal((await scene.send("/api/v2/query")).status, 405);
  });

  test("Prometheus's remote read is routed like a query", async (scene) => {
    const headers = { "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf" };
    scene.a.setFault({ kind: "status", status: 200, body: "of a", path: "/api/v1/prom/read" });
    const body = Uint8Array.of(1, 0, 255);
    const answer = await scene.send("/api/v1/prom/read?db=d&u=u&p=p", { body, headers });
    assert.equal(answer.text, "of a");
    const sent = scene.a.requests.at(-1);
    assert.equal(sent?.path, "/api/v1/prom/read?db=d");
    assert.equal(sent?.headers["content-encoding"], "snappy");
    assert.deepEqual(new Uint8Array(sent?.body ?? []), body);
  });

  test("Prometheus's remote write reaches every replica as it is, and alone", async (scene) => {
    const headers = { "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf" };
    const fault = { kind: "status", status: 204, path: "/api/v1/prom/write" } as const;
    for (const backend of scene.backends) backend.setFault(fault);
    const bodies = Array.from({ length: 6 }, (_, i) => Uint8Array.of(i, 0, 10, 255, 10));
    const path = `/api/v1/prom/write?db=${scene.newDb()}&rp=r&u=u&p=p`;
    const answers = await Promise.all(bodies.map((body) => scene.send(path, { body, headers })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([204]));
    for (const backend of scene.backends) {
      await poll(async () => remoteWrites(backend).length === bodies.length, "all writes");
      const [first] = remoteWrites(backend);
      assert.match(first?.path ?? "", /^\/api\/v1\/prom\/write\?db=\w+&rp=r$/);
      assert.equal(first?.headers["content-encoding"], "snappy");
      assert.equal(first?.headers.authorization, "Basic dTpw");
      const got = remoteWrites(backend).map(({ body }) => [...body].join());
      assert.deepEqual(
        got.sort(),
        bodies.map((body) => [...body].join()),
      );
    }
    assertError(await scene.send("/api/v1/prom/write", { body: "x", headers }), 400, "database is required");
    assert.equal((await scene.send("/api/v1/prom/write?db=d", { body: "x" })).status, 415);
  });

  test("/status counts queries", async ({ send }) => {
    const [{ queries: counted }] = JSON.parse((await send("/status")).text).listeners;
    assert.ok(counted.answered > 5 && counted.failovers > 5 && counted.changes > 1, JSON.stringify(counted));
  });
}

/** What a listener does not let through. */
export function restricted(test: SceneTest): void {
  test("a read-only listener refuses what changes something, and denied statements", async (scene) => {
    const ask = (q: string) => scene.send("/query", { body: `q=${encodeURIComponent(q)}`, headers: FORM });
    const select = "SELECT * FROM m; DROP DATABASE x";
    assertError(await ask(select), 403, "DROP DATABASE is not allowed: this listener is read-only");
    assertError(await ask("show /**/ databases"), 403, "SHOW DATABASES is not allowed on this listener");
    assert.equal((await scene.send("/api/v2/query", { body: "x" })).status, 403);
    for (const backend of scene.backends) assert.equal(queriesOf(backend).length, 0);
    assert.equal((await ask("SHOW MEASUREMENTS ON warm")).status, 400);
  });
}
