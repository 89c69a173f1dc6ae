import assert from "node:assert/strict";
import type { Launcher } from "./launcher.ts";
import { firstWrite, type SceneTest, stored } from "./scene.ts";

/** What the transports cannot help sending. Everything else that goes to a backend the relay has chosen. */
const TRANSPORT_HEADERS: Readonly<Record<Launcher["runtime"], readonly string[]>> = {
  node: ["host", "connection", "content-length"],
  deno: ["host", "connection", "content-length"],
  // fetch of workerd adds the others by itself, and names the Worker.
  workers: ["host", "connection", "content-length", "accept-encoding", "user-agent", "cf-worker"],
};

/** Where a write goes, and with what. */
export function destinations(test: SceneTest, runtime: Launcher["runtime"]): void {
  test("a write reaches every backend with its database, policy and precision", async ({
    backends,
    send,
    newDb,
  }) => {
    const db = newDb();
    assert.equal(
      (await send(`/write?db=${db}&rp=autogen&precision=ms&consistency=all`, { body: "m v=1 5" })).status,
      204,
    );
    for (const backend of backends) {
      const { parameters, method } = await firstWrite(backend, db);
      assert.equal(method, "POST");
      assert.deepEqual(Object.fromEntries(parameters), { db, rp: "autogen", precision: "ms" });
    }
    await stored(backends, db, ["m v=1 5000000"]);
  });

  test("a write of the 2.x API goes to the bucket's database and policy", async ({
    b,
    backends,
    send,
    newDb,
  }) => {
    const db = newDb();
    const { status } = await send(`/api/v2/write?org=o&bucket=${db}/autogen&precision=us`, {
      body: "m v=1 5",
    });
    assert.equal(status, 204);
    for (const backend of backends) {
      const { parameters } = await firstWrite(backend, db);
      assert.deepEqual(Object.fromEntries(parameters), { db, rp: "autogen", precision: "u" });
    }
    const other = newDb();
    await send(`/api/v2/write?bucket=${other}`, { body: "m v=1 5" });
    assert.deepEqual(Object.fromEntries((await firstWrite(b, other)).parameters), { db: other });
  });

  test("a name of any letters arrives as it is", async ({ backends, send }) => {
    assert.equal((await send(`/write?db=${encodeURIComponent("база")}`, { body: "m v=1 1" })).status, 204);
    await stored(backends, "база", ["m v=1 1"]);
  });

  test("a name with line ends and what looks like a header stays a name", async ({ a, send }) => {
    const db = "x\r\nX-Evil: 1\r\n\r\n";
    const answer = await send(`/write?db=${encodeURIComponent(db)}`, { body: "m v=1 1" });
    assert.equal(answer.status, 404);
    assert.deepEqual(JSON.parse(answer.text), { error: `database not found: "${db}"` });
    assert.equal(answer.headers["x-evil"], undefined);
    const { headers, parameters } = await firstWrite(a, db);
    assert.equal(headers["x-evil"], undefined);
    assert.equal(parameters.get("db"), db);
  });

  test("a name cannot add a parameter", async ({ a, send }) => {
    const db = "x&rp=evil#y";
    await send(`/write?db=${encodeURIComponent(db)}`, { body: "m v=1 1" });
    assert.deepEqual(Object.fromEntries((await firstWrite(a, db)).parameters), { db });
  });

  test("an id of a request comes back as one header, whatever is in it", async ({ send }) => {
    const { headers } = await send("/ping", { headers: { "X-Request-Id": "a b;c,d: e" } });
    assert.equal(headers["x-request-id"], "a b;c,d: e");
  });

  test("the client's headers do not go on to the backends", async ({ backends, send, newDb }) => {
    const db = newDb();
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "User-Agent": "Telegraf",
      Accept: "text/html",
      Cookie: "session=1",
      "X-Forwarded-For": "192.0.2.1",
      "X-Request-Id": "id",
      "X-Any": "1",
      Connection: "close, X-Any",
      Via: "1.1 proxy",
    };
    assert.equal((await send(`/write?db=${db}`, { body: "m v=1 1", headers })).status, 204);
    for (const backend of backends) {
      const request = await firstWrite(backend, db);
      const sent = Object.keys(request.headers).filter((name) => !TRANSPORT_HEADERS[runtime].includes(name));
      assert.deepEqual(sent, ["content-type"]);
      assert.equal(request.headers["content-type"], "text/plain; charset=utf-8");
      assert.equal(request.headers.host, `127.0.0.1:${backend.port}`);
      assert.notEqual(request.headers["user-agent"], "Telegraf");
    }
  });
}
