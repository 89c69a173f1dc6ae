import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { type Dispatcher, Pool } from "undici";
import { certificates } from "./certificates.ts";
import type { Fault } from "./faults.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "./faulty-influxdb.ts";
import { requireReal } from "./require-real.ts";

let influxdb: FaultyInfluxdb;
let pool: Pool;

beforeEach(async () => {
  influxdb = await startFaultyInfluxdb();
  pool = new Pool(influxdb.url);
});

afterEach(async () => {
  await pool.destroy();
  await influxdb.close();
});

const LINE = "cpu,host=a v=1 1";

function write(options: Partial<Dispatcher.RequestOptions> = {}) {
  return pool.request({ method: "POST", path: "/write?db=demo", body: LINE, ...options });
}

/** The code of the error: undici's, or the system's; its name if it has no code. */
async function failureOf(request: Promise<Dispatcher.ResponseData>): Promise<string> {
  try {
    await (await request).body.text();
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return code ?? name;
  }
  throw new Error("the request succeeded");
}

test("stores, records and shows what came", async () => {
  const response = await write({ headers: { "x-request-id": "7" } });
  assert.equal(response.statusCode, 204);
  assert.deepEqual(influxdb.points("demo"), [LINE]);
  const [request] = influxdb.requests;
  assert.equal(request?.text, LINE);
  assert.equal(request?.parameters.get("db"), "demo");
  assert.equal(request?.headers["x-request-id"], "7");
});

test("hold: answers when it is released, and stores before or after that", async () => {
  for (const store of ["before", "after"] as const) {
    const line = `m v="${store}" 1`;
    influxdb.setFault({ kind: "hold", store, times: 1 });
    const answer = write({ body: line });
    await influxdb.waitForHeld(1);
    assert.equal(influxdb.points("demo").includes(line), store === "before");
    influxdb.release();
    assert.equal((await answer).statusCode, 204);
    assert.ok(influxdb.points("demo").includes(line));
  }
});

test("hang: takes the request and does not answer", async () => {
  influxdb.setFault({ kind: "hang" });
  const gaveUp = new AbortController();
  const answer = write({ signal: gaveUp.signal });
  await influxdb.waitForRequests(1, "/write");
  gaveUp.abort();
  await assert.rejects(answer, { name: "AbortError" });
  assert.deepEqual(influxdb.points("demo"), []);
});

const broken: readonly [Fault, string, number][] = [
  [{ kind: "reset", when: "before-reading" }, "ECONNRESET", 0],
  [{ kind: "reset", when: "after-storing" }, "ECONNRESET", 1],
  [{ kind: "truncated" }, "UND_ERR_SOCKET", 1],
  [{ kind: "invalid-header" }, "HTTPParserError", 1],
];
for (const [fault, code, stored] of broken) {
  test(`${Object.values(fault).join(" ")}: the client sees ${code}, ${stored} stored`, async () => {
    influxdb.setFault(fault);
    assert.equal(await failureOf(write()), code);
    assert.equal(influxdb.points("demo").length, stored);
  });
}

test("status: for so many requests, to one path, in the order given", async () => {
  influxdb.setFault(
    { kind: "status", status: 503, times: 1, headers: { "Retry-After": "1" }, body: "busy" },
    { kind: "status", status: 307, headers: { Location: "http://127.0.0.1:1/" }, path: "/write" },
  );
  const first = await write();
  assert.deepEqual(
    [first.statusCode, first.headers["retry-after"], await first.body.text()],
    [503, "1", "busy"],
  );
  const second = await write();
  assert.deepEqual([second.statusCode, second.headers["location"]], [307, "http://127.0.0.1:1/"]);
  assert.equal((await pool.request({ method: "GET", path: "/ping" })).statusCode, 204);
  influxdb.setFault();
  assert.equal((await write()).statusCode, 204);
});

test("endless-body: more and more until the client goes away", async () => {
  influxdb.setFault({ kind: "endless-body", status: 500 });
  const response = await write();
  assert.equal(response.statusCode, 500);
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > 1_000_000) break;
  }
  assert.ok(bytes > 1_000_000);
});

test("drip and informational: slow and odd, but right", async () => {
  for (const fault of [
    { kind: "drip", everyMs: 0 },
    { kind: "informational", status: 103 },
  ] as const) {
    influxdb.setFault(fault);
    assert.equal((await write()).statusCode, 204, fault.kind);
  }
});

test("answer-then-die: a 204, and then nobody listens until listenAgain", async () => {
  influxdb.setFault({ kind: "answer-then-die", times: 1 });
  assert.equal((await write()).statusCode, 204);
  assert.equal(await failureOf(write()), "ECONNREFUSED");
  await influxdb.listenAgain();
  assert.equal((await write()).statusCode, 204);
});

test("refuse: open connections are reset, what was held is not stored", async () => {
  influxdb.setFault({ kind: "hold", store: "after", times: 1 });
  const answer = failureOf(write());
  await influxdb.waitForHeld(1);
  await influxdb.refuse();
  assert.equal(await answer, "ECONNRESET");
  const refused = Promise.withResolvers<string | undefined>();
  connect(influxdb.port, "127.0.0.1").on("error", (error: NodeJS.ErrnoException) =>
    refused.resolve(error.code),
  );
  assert.equal(await refused.promise, "ECONNREFUSED");
  await influxdb.listenAgain();
  assert.deepEqual(influxdb.points("demo"), []);
});

test("TLS: trusted, wrong name, expired, and a client certificate", {
  skip: requireReal("openssl"),
}, async () => {
  const { ca, good, wrongName, expired, client } = certificates();
  const ask = async (server: typeof good, own?: typeof client) => {
    const { cert, key } = server;
    const secure = await startFaultyInfluxdb({
      tls: { cert, key, ...(own === client ? { ca: ca.cert } : {}) },
    });
    const connection = { ca: ca.cert, ...(own === undefined ? {} : { cert: own.cert, key: own.key }) };
    const securePool = new Pool(secure.url, { connect: connection });
    try {
      return (await securePool.request({ method: "GET", path: "/ping" })).statusCode;
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await securePool.destroy();
      await secure.close();
    }
  };
  assert.equal(await ask(good), 204);
  assert.equal(await ask(good, client), 204);
  assert.equal(await ask(wrongName), "ERR_TLS_CERT_ALTNAME_INVALID");
  assert.equal(await ask(expired), "CERT_HAS_EXPIRED");
});
