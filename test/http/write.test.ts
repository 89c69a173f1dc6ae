import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/config/secret.ts";
import { BodyError } from "../../src/errors.ts";
import { OUTPUT } from "../backend/replica-set.ts";
import {
  bytesOf,
  type Fixture,
  type FixtureOptions,
  fixture,
  gzipStream,
  NOW_MS,
  textOf,
} from "./fake-listener.ts";

const LINE = "cpu,host=a v=1 1700000000000000000\n";
const AUTH = [{ username: "root", password: new Secret("pw") }, { token: new Secret("t0ken") }];

interface Sent {
  readonly body?: string | Uint8Array | ReadableStream;
  readonly headers?: Record<string, string>;
}

async function post(
  path: string,
  sent: Sent = {},
  options?: FixtureOptions,
): Promise<Fixture & { response: Response }> {
  const made = fixture(options);
  const init = { method: "POST", body: LINE, duplex: "half", ...sent } as RequestInit;
  return { ...made, response: await made.app.request(path, init) };
}

async function refused(path: string, status: number, error: string, sent?: Sent, options?: FixtureOptions) {
  const result = await post(path, sent, options);
  const { response, writes } = result;
  assert.equal(response.status, status, path);
  assert.equal(await response.text(), `${JSON.stringify({ error })}\n`);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("x-influxdb-error"), status === 401 ? null : error);
  assert.equal(writes.length, 0);
  return result;
}

test("the destination is what the parameters say", async () => {
  const { writes } = await post(
    "/write?db=a%20b&rp=r&precision=ms&u=root&p=root&consistency=all",
    {},
    { ports: { clientAddress: () => "192.0.2.1" } },
  );
  assert.deepEqual(writes[0], {
    destination: {
      db: "a b",
      rp: "r",
      precision: "ms",
      credentials: { authorization: "Basic cm9vdDpyb290" },
    },
    body: bytesOf(LINE),
    lines: 1,
    hasLines: true,
    closed: true,
    source: "192.0.2.1",
    keep: "acknowledged",
    consistency: "one",
  });
});

test("a request that names no retention policy gets the listener's", async () => {
  const config = { defaultRetentionPolicy: "weekly" };
  const rpOf = async (path: string) => (await post(path, {}, { config })).writes[0]?.destination.rp;
  assert.equal(await rpOf("/write?db=d"), "weekly");
  assert.equal(await rpOf("/write?db=d&rp="), "weekly");
  assert.equal(await rpOf("/write?db=d&rp=r"), "r");
  assert.equal(await rpOf("/api/v2/write?bucket=d"), "weekly");
});

test("a name with line ends stays one name", async () => {
  const { writes } = await post("/write?db=a%0d%0aX-Evil:%201&rp=%0A");
  assert.equal(writes[0]?.destination.db, "a\r\nX-Evil: 1");
  assert.equal(writes[0]?.destination.rp, "\n");
});

test("a body whose lines have times is forwarded untouched", async () => {
  const { writes } = await post("/write?db=d", { body: "m v=1 1\r\n# x\nbad\n" });
  assert.equal(textOf(writes[0]?.body as Uint8Array), "m v=1 1\r\n# x\nbad\n");
});

test("lines without a time get the relay's, in the request's precision", async () => {
  const bodyOf = async (precision: string) => {
    const { writes } = await post(`/write?db=d&precision=${precision}`, { body: "m v=1\nm v=2 5\nm v=3" });
    return textOf(writes[0]?.body as Uint8Array);
  };
  assert.equal(await bodyOf("s"), `m v=1 ${NOW_MS / 1000}\nm v=2 5\nm v=3 ${NOW_MS / 1000}`);
  assert.equal(await bodyOf(""), `m v=1 ${NOW_MS}000000\nm v=2 5\nm v=3 ${NOW_MS}000000`);
});

test("a body without lines is posted as such", async () => {
  const { writes, response } = await post("/write?db=d", { body: "# nothing\n\n" });
  assert.equal(response.status, 204);
  assert.equal(writes[0]?.hasLines, false);
});

test("a body that ends within a line is posted as such", async () => {
  const { writes } = await post("/write?db=d", { body: 'm v="open 1\n' });
  assert.equal(writes[0]?.closed, false);
});

test("a database is required", async () => {
  await refused("/write", 400, "database is required");
  await refused("/write?db=", 400, "database is required");
  await refused("/write?db=d;x", 400, "database is required");
});

test("the consistency parameter is checked, and counts only if the config says so", async () => {
  const level = async (path: string, honourConsistency: boolean) =>
    (await post(path, {}, { config: { honourConsistency, consistency: "quorum" } })).writes[0]?.consistency;
  assert.equal(await level("/write?db=d&consistency=ALL", false), "quorum");
  assert.equal(await level("/write?db=d&consistency=ALL", true), "all");
  assert.equal(await level("/write?db=d", true), "quorum");
  await refused("/write?db=d&consistency=two", 400, "invalid consistency level");
});

test("v2: bucket and precision are mapped as 1.8 maps them", async () => {
  const target = async (query: string) => (await post(`/api/v2/write?${query}`)).writes[0]?.destination;
  const credentials = undefined;
  assert.deepEqual(await target("bucket=d&org=o"), { db: "d", rp: "", precision: "", credentials });
  assert.deepEqual(await target("bucket=d/"), { db: "d", rp: "", precision: "", credentials });
  assert.deepEqual(await target("bucket=d%2Frp%2Fx"), { db: "d", rp: "rp/x", precision: "", credentials });
  const precisions = { ns: "n", us: "u", ms: "ms", s: "s" };
  for (const [v2, v1] of Object.entries(precisions)) {
    assert.equal((await target(`bucket=d&precision=${v2}`))?.precision, v1);
  }
});

test("v2: what 1.8 refuses is refused in its words", async () => {
  const form = 'missing a slash; not in "database/retention-policy" format';
  await refused("/api/v2/write", 404, `bucket name "" is ${form}`);
  await refused("/api/v2/write?db=d", 404, `bucket name "" is ${form}`);
  await refused(
    "/api/v2/write?bucket=/rp",
    404,
    'bucket name "/rp" is in db/rp form but has an empty database',
  );
  await refused("/api/v2/write?bucket=d&precision=m", 400, 'invalid precision "m" (use ns, us, ms or s)');
  await refused("/api/v2/write?bucket=d&precision=%22", 400, 'invalid precision "\\"" (use ns, us, ms or s)');
});

test("v2: Token user:password is passed on as Basic", async () => {
  const { writes } = await post("/api/v2/write?bucket=d", { headers: { Authorization: "Token root:root" } });
  assert.equal(writes[0]?.destination.credentials?.authorization, "Basic cm9vdDpyb290");
});

test("gzip bodies are inflated", async () => {
  for (const coding of ["gzip", "GZIP", "x-gzip"]) {
    const body = await gzipStream(bytesOf(LINE));
    const { writes, listener } = await post("/write?db=d", { body, headers: { "Content-Encoding": coding } });
    assert.equal(textOf(writes[0]?.body as Uint8Array), LINE);
    assert.equal(listener.counters.writeBytes, LINE.length);
  }
});

test("another encoding is refused before the body is read", async () => {
  for (const coding of ["deflate", "br", "gzip, gzip", "gzip,deflate", "zstd"]) {
    const never = () => assert.fail("the body was read");
    const sent = { headers: { "Content-Encoding": coding } };
    await refused("/write?db=d", 415, "unsupported Content-Encoding: gzip is what is supported", sent, {
      ports: { readBody: never },
    });
  }
  assert.equal(
    (await post("/write?db=d", { headers: { "Content-Encoding": "identity" } })).response.status,
    204,
  );
});

test("a body may have as many bytes as allowed, and not one more", async () => {
  const config = { maxBodySize: LINE.length };
  assert.equal((await post("/write?db=d", {}, { config })).response.status, 204);
  const { listener } = await refused(
    "/write?db=d",
    413,
    "Request Entity Too Large",
    { body: `${LINE}\n` },
    { config },
  );
  assert.equal(listener.counters.tooLarge, 1);
});

test("what counts is what was sent, whatever Content-Length says", async () => {
  const config = { maxBodySize: 10 };
  for (const length of ["1", "abc", "-1", "0", ""]) {
    const sent = { body: LINE, headers: { "Content-Length": length } };
    await refused("/write?db=d", 413, "Request Entity Too Large", sent, { config });
  }
  const lying = { body: "m v=1 1", headers: { "Content-Length": "11" } };
  await refused("/write?db=d", 413, "Request Entity Too Large", lying, { config });
});

test("an endless body without a length is not read beyond the limit", async () => {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel() {
      cancelled = true;
    },
  });
  await refused("/write?db=d", 413, "Request Entity Too Large", { body });
  assert.ok(pulled < 15, `${pulled}`);
  assert.equal(cancelled, true);
});

test("a body that inflates beyond the limit is refused", async () => {
  const body = await gzipStream(new Uint8Array(1_000_000));
  assert.ok(body.byteLength < 10_000);
  const sent = { body, headers: { "Content-Encoding": "gzip" } };
  const { listener } = await refused("/write?db=d", 413, "Request Entity Too Large", sent);
  assert.equal(listener.counters.tooLarge, 1);
});

test("damaged gzip is a 400 in the inflater's words", async () => {
  const body = (await gzipStream(bytesOf(LINE))).slice(0, -4);
  await refused("/write?db=d", 400, "unexpected EOF", { body, headers: { "Content-Encoding": "gzip" } });
});

test("a client that goes away is counted", async () => {
  const readBody = () => Promise.reject(new BodyError("aborted"));
  const { listener, logged } = await refused(
    "/write?db=d",
    400,
    "unexpected EOF",
    {},
    { ports: { readBody } },
  );
  assert.equal(listener.counters.aborted, 1);
  assert.equal(logged[0]?.event, "client-gone");
});

test("auth: without credentials, and with wrong ones", async () => {
  const options = { config: { auth: AUTH } };
  const bare = await refused("/write", 401, "unable to parse authentication credentials", {}, options);
  assert.equal(bare.response.headers.get("www-authenticate"), 'Basic realm="InfluxDB"');
  assert.equal(bare.listener.counters.unauthorized, 1);
  await refused("/write?db=d&u=root&p=wrong", 401, "authorization failed", {}, options);
  await refused("/write?db=d&u=t0ken&p=t0ken", 401, "authorization failed", {}, options);
  for (const Authorization of ["Bearer x", "Token x", "Token root:x", "Basic cm9vdDp4"]) {
    await refused("/write?db=d", 401, "authorization failed", { headers: { Authorization } }, options);
  }
});

test("auth: who may is let in, and what was meant for the relay is not passed on", async () => {
  const options = { config: { auth: AUTH } };
  for (const Authorization of ["Bearer t0ken", "Token t0ken", "Token root:pw", "Basic cm9vdDpwdw=="]) {
    const { response, writes } = await post("/write?db=d", { headers: { Authorization } }, options);
    assert.equal(response.status, 204, Authorization);
    assert.equal(writes[0]?.destination.credentials, undefined);
  }
  const { writes } = await post("/api/v2/write?bucket=d&u=root&p=pw", {}, options);
  assert.equal(writes[0]?.destination.credentials, undefined);
});

test("auth: probes need none, and logs hold no secret", async () => {
  const { app, logged } = fixture({ config: { auth: AUTH } });
  for (const path of ["/ping", "/health", "/ready", "/status"]) {
    assert.ok((await app.request(path)).status < 300, path);
  }
  await app.request("/write?db=d&u=canary1&p=canary2", {
    method: "POST",
    headers: { Authorization: "Token canary3" },
  });
  assert.equal(logged[0]?.event, "unauthorized");
  assert.doesNotMatch(JSON.stringify(logged), /canary/);
});

test("where lines are is told to whoever divides the body, and nobody else", async () => {
  const sharding = { by: [], pins: [], prefixPins: [], shards: [] };
  const boundsOf = async (body: string, options?: FixtureOptions) =>
    (await post("/write?db=d", { body }, options)).writes[0]?.lineBounds;
  const sharded = { config: { sharding } };
  assert.deepEqual(await boundsOf("# x\nm v=1 1\nm v=2 2", sharded), [4, 11, 12, 19]);
  assert.equal(await boundsOf("m v=1 1\nm v=2", sharded), undefined);
  assert.equal(await boundsOf("m v=1 1"), undefined);
});

test("what cannot be read cannot be divided, and is refused so that it is kept", async () => {
  const sharding = { by: [], pins: [], prefixPins: [], shards: [] };
  const error = "remote write cannot be divided over shards: send it to a listener without";
  await refused("/api/v1/prom/write?db=d", 501, error, { body: "x" }, { config: { sharding } });
  const outputs = [{ ...OUTPUT, v2: { org: "o", bucket: "b" } }];
  const noForm =
    'remote write has no form for an output of kind "v2": send it to a listener without, or through Telegraf';
  await refused("/api/v1/prom/write?db=d", 501, noForm, { body: "x" }, { config: { outputs } });
  const packed = { body: "x", headers: { "content-encoding": "snappy" } };
  assert.equal((await post("/api/v1/prom/write?db=d", packed)).writes.length, 1);
});
