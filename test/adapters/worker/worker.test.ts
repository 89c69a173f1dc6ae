import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildBundle, type RunningWorker, startWorker } from "../../conformance/workerd-launcher.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../../support/faulty-influxdb.ts";
import { readStatus } from "../../support/status.ts";
import { poll } from "../../support/wait.ts";

const opened: { close(): Promise<void> }[] = [];
// Some have been closed by their test, and say so.
after(() => Promise.allSettled(opened.map(({ close }) => close())));

async function influxdb(): Promise<FaultyInfluxdb> {
  const server = await startFaultyInfluxdb();
  opened.push(server);
  return server;
}

async function worker(bindings: Record<string, string>): Promise<RunningWorker> {
  const running = await startWorker(bindings);
  opened.push({ close: running.stop });
  return running;
}

async function relay(outputs: readonly string[], options = ""): Promise<RunningWorker> {
  return worker({ RELAY_CONFIG: config(outputs, options) });
}

const output = (name: string, { port }: FaultyInfluxdb, more = "") =>
  `{ name = "${name}", location = "http://127.0.0.1:${port}/write"${more} }`;
const config = (outputs: readonly string[], options = "") =>
  `[[http]]\nname = "main"\n${options}\noutput = [ ${outputs.join(", ")} ]\n`;

function write({ url }: RunningWorker, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return fetch(`${url}/write?db=demo`, { method: "POST", body: body as BodyInit, headers });
}

interface Status {
  readonly scope: string;
  readonly backends: readonly {
    readonly name: string;
    readonly version: string;
    readonly backlog: { readonly records: number; readonly bytes: number };
    readonly counters: Readonly<Record<string, number>>;
  }[];
}
const status = async ({ url }: RunningWorker) =>
  readStatus<Status>(await (await fetch(`${url}/status`)).text());

test("a backend that fails twice gets the write after the client was answered", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([output("a", a), output("b", b)]);
  b.setFault({ kind: "status", status: 503, times: 2, path: "/write" });
  assert.equal((await write(running, "cpu v=1 1\n")).status, 204);
  await b.waitForRequests(3, "/write");
  await poll(async () => b.points("demo").length === 1, "the point to arrive");
  assert.deepEqual(a.points("demo"), b.points("demo"));
  await poll(async () => (await status(running)).backends[1]?.backlog.records === 0, "an empty backlog");
  const { scope, backends } = await status(running);
  assert.match(scope, /isolate/);
  assert.equal(backends[0]?.version, "1.6.7-demo");
  assert.deepEqual(backends[1]?.counters, {
    kept: 1,
    delivered: 1,
    lostRecords: 0,
    lostBytes: 0,
    rejected: 0,
    expired: 0,
    changesSkipped: 0,
    notStored: 0,
  });
});

test("a write that a backend refuses when it comes again is a divergence", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([output("a", a), output("b", b)]);
  b.setFault(
    { kind: "status", status: 503, times: 1, path: "/write" },
    { kind: "status", status: 400, headers: { "X-Influxdb-Error": "field type conflict" } },
  );
  assert.equal((await write(running, "cpu v=1 1\n")).status, 204);
  await running.until(
    () => running.log().some(({ event }) => event === "write-rejected-by-one"),
    "the log line",
  );
  const line = running.log().find(({ event }) => event === "write-rejected-by-one");
  assert.equal(line?.["backend"], "b");
  assert.equal(line?.["error"], "field type conflict");
});

test("what a backend without a buffer misses is counted as lost and logged at once", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([output("a", a), output("b", b, ", buffer-size-mb = 0")]);
  await b.refuse();
  assert.equal((await write(running, "cpu v=1 1\n")).status, 204);
  await running.until(() => running.log().some(({ event }) => event === "write-lost"), "the log line");
  const { time: _, ...line } = running.log().find(({ event }) => event === "write-lost") ?? assert.fail();
  assert.deepEqual(line, {
    level: "error",
    event: "write-lost",
    backend: "b",
    db: "demo",
    rp: "",
    status: 0,
    error: "reset",
    fromNs: "1",
    toNs: "1",
    reason: "no-buffer",
    bytes: 10,
    lostRecords: 1,
    next: line["next"],
  });
  const [, lost] = (await status(running)).backends;
  assert.deepEqual([lost?.counters["lostRecords"], lost?.counters["lostBytes"]], [1, 10]);
});

test("one hung backend keeps none of a hundred requests waiting, and they share nothing", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay(
    [output("a", a), output("b", b, ', timeout = "60s"')],
    'auth = [{ username = "u", password = "p" }]',
  );
  b.setFault({ kind: "hang" });
  const headers = { authorization: `Basic ${btoa("u:p")}` };
  const bodies = Array.from({ length: 100 }, (_, i) => `cpu,i=${i} v=1 1\n`);
  const answers = await Promise.all(bodies.map((body) => write(running, body, headers)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([204]));
  assert.equal(a.points("demo").length, 100);
  assert.doesNotMatch(running.output(), /different request|hang|never/i);
});

test("what Cloudflare answers for a server that it cannot reach is no answer of the server", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([output("a", a), output("b", b)]);
  a.setFault({ kind: "status", status: 521, path: "/write" });
  b.setFault({ kind: "status", status: 530, path: "/write" });
  const answer = await write(running, "cpu v=1 1\n");
  const { error } = (await answer.json()) as { error: string };
  assert.deepEqual([answer.status, /\(a: refused, b: dns\)/.test(error)], [503, true], error);
});

test("untimed points get one time on every replica, and different ones in different requests", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([output("a", a), output("b", b)]);
  await Promise.all(Array.from({ length: 50 }, () => write(running, "cpu v=1\n")));
  await poll(async () => b.points("demo").length === 50, "all points to arrive");
  assert.deepEqual(a.points("demo"), b.points("demo"));
});

test("gzip bodies of several members are read, damaged ones refused in InfluxDB's words", async () => {
  const a = await influxdb();
  const running = await relay([output("a", a)], "max-body-size = 100000");
  const send = async (body: Uint8Array) => {
    const answer = await write(running, body, { "content-encoding": "gzip" });
    return [answer.status, answer.headers.get("x-influxdb-error")];
  };
  const one = gzipSync("cpu v=1 1\n");
  assert.deepEqual(await send(Buffer.concat([one, gzipSync("cpu v=2 2\n")])), [204, null]);
  assert.equal(a.points("demo").length, 2);
  const wrongSum = Buffer.from(one);
  wrongSum[one.length - 5]! ^= 1;
  const cases: [Uint8Array, number, string][] = [
    [new Uint8Array(0), 400, "EOF"],
    [one.subarray(0, -3), 400, "unexpected EOF"],
    [Buffer.from("cpu v=1 1 and more"), 400, "gzip: invalid header"],
    [Buffer.concat([one, new Uint8Array(8)]), 400, "gzip: invalid header"],
    [wrongSum, 400, "gzip: invalid checksum"],
    [gzipSync("x".repeat(100_001)), 413, "Request Entity Too Large"],
  ];
  for (const [body, statusCode, error] of cases) assert.deepEqual(await send(body), [statusCode, error]);
  assert.equal((await write(running, "x".repeat(100_001))).status, 413);
  const endless = new Blob(["x".repeat(100_001)]).stream();
  const chunked = { method: "POST", body: endless, duplex: "half" } as RequestInit;
  assert.equal((await fetch(`${running.url}/write?db=demo`, chunked)).status, 413);
});

test("/ready asks the backends, /ping tells their version", async () => {
  const a = await influxdb();
  const running = await relay([output("a", a)]);
  assert.equal((await fetch(`${running.url}/ready`)).status, 200);
  assert.equal((await fetch(`${running.url}/ping`)).headers.get("x-influxdb-version"), "1.6.7-demo");
  await a.refuse();
  assert.equal((await fetch(`${running.url}/ready`)).status, 503);
});

test("a config in parts, with a secret in a binding", async () => {
  const a = await influxdb();
  const running = await worker({
    RELAY_CONFIG_1: `[[http]]\nname = "main"\nauth = [{ token = "\${TOKEN}" }]`,
    RELAY_CONFIG_2: `output = [${output("a", a)}]`,
    TOKEN: "sesame",
  });
  assert.equal((await write(running, "cpu v=1 1\n")).status, 401);
  for (const scheme of ["Token", "Bearer"]) {
    assert.equal((await write(running, "cpu v=1 1\n", { authorization: `${scheme} sesame` })).status, 204);
  }
});

test("without a usable config every request gets a 500, and the log says why, once", async () => {
  const cases: [Record<string, string>, RegExp, RegExp[]][] = [
    [{}, /RELAY_CONFIG is not set/, [/is not set/]],
    [{ RELAY_CONFIG_1: "", RELAY_CONFIG_3: "" }, /RELAY_CONFIG_2/, [/RELAY_CONFIG_2 must be a text/]],
    [{ RELAY_CONFIG: "", RELAY_CONFIG_1: "" }, /beside RELAY_CONFIG_1/, [/beside/]],
    [
      {
        RELAY_CONFIG: `[[http]]\nbind-addr = ":9096"\nconsistensy = "one"\nauth = [{ token = "\${NO}" }]
output = [{ location = "http://a.test", password = "secret1", token = "\${file:/x}" }]`,
      },
      /is wrong; see the log/,
      [/must be left out/, /did you mean "consistency"/, /NO is not set/, /has no files/],
    ],
    [
      { RELAY_CONFIG: '[[http]]\nssl-combined-pem = "x.pem"\noutput = [{ location = "http://a.test" }]' },
      /wrong/,
      [/Cloudflare ends TLS/],
    ],
  ];
  for (const [bindings, told, logged] of cases) {
    const running = await worker(bindings);
    for (const path of ["/write?db=demo", "/health", "/status", "/write?db=demo"]) {
      const answer = await fetch(running.url + path, { method: path.startsWith("/write") ? "POST" : "GET" });
      assert.equal(answer.status, 500, path);
      assert.match(((await answer.json()) as { error: string }).error, told);
      assert.match(answer.headers.get("x-influxdb-error") ?? "", told);
    }
    const problems = running.log().map((line) => `${line["path"]} ${line["problem"]}`);
    for (const pattern of logged)
      assert.equal(problems.filter((problem) => pattern.test(problem)).length, 1, String(pattern));
    assert.doesNotMatch(running.output(), /secret1/);
    await running.stop();
  }
});

test("an output of the 2.x kind gets writes in its form, and no queries and statements", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const v2 = `{ name = "b", location = "${b.url}", kind = "v2", org = "acme", token = "t" }`;
  const running = await relay([v2, output("a", a)], 'auth = "none"');
  b.setFault({ kind: "status", status: 204, path: "/api/v2/write" });
  const answer = await fetch(`${running.url}/write?db=demo&precision=m`, { method: "POST", body: "m v=1 1" });
  assert.equal(answer.status, 204);
  await b.waitForRequests(1, "/api/v2/write");
  const [sent] = b.requests.filter(({ method }) => method === "POST");
  assert.equal(sent?.path, "/api/v2/write?org=acme&bucket=demo%2Fautogen&precision=s&db=demo");
  assert.deepEqual([sent?.text, sent?.headers["authorization"]], ["m v=1 60", "Token t"]);
  for (const q of ["CREATE DATABASE more", "SHOW DATABASES"])
    assert.equal((await fetch(`${running.url}/query?db=demo&${new URLSearchParams({ q })}`)).status, 200);
  assert.deepEqual(
    b.requests.filter(({ path }) => path.startsWith("/query")),
    [],
  );
  assert.equal((await status(running)).backends[0]?.counters["changesSkipped"], 1);
  const alone = await relay([v2], 'auth = "none"');
  assert.equal((await fetch(`${alone.url}/query?q=SHOW+DATABASES`)).status, 501);
});

test("the bundle is small", async () => {
  const size = gzipSync(await buildBundle()).byteLength;
  assert.ok(size > 20_000 && size < 250_000, `${size} bytes`);
});
