import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzip } from "../../adapters/node/gzip.ts";
import { createHttpClient } from "../../adapters/node/http-client.ts";
import { readOpening } from "../../src/query/opening.ts";
import { errorsIn } from "../../src/query/transient.ts";
import { type Answer, type Sent, send } from "../conformance/client.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";

const skip = requireReal("influxd");
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
/** Different in each answer, also of one server. */
const PER_ANSWER = ["date", "request-id", "x-request-id", "connection", "keep-alive"];

let a: RealInfluxdb;
let b: RealInfluxdb;
/** Has the same data and is asked directly. */
let own: RealInfluxdb;
let relay: RelayProcess;

before(async () => {
  if (skip !== false) return;
  const start = () => startRealInfluxdb({ databases: ["d"], http: "max-row-limit = 300" });
  [a, b, own] = await Promise.all([start(), start(), start()]);
  relay = await startRelay({ config: listener(a.url, b.url) });
  const lines: string[] = [];
  for (let i = 0; i < 400; i++) {
    const [host, time] = [`server ${i % 4}`.replace(" ", "\\ "), 1_700_000_000 + i * 10];
    lines.push(
      `cpu,host=${host},region=r${i % 2} usage=${i / 7},cores=${i}i,on=${i % 2 === 0},note="<${i}>" ${time}`,
    );
  }
  lines.push('odd,a=b big=9007199254740993i,tiny=5e-324,minus=-0,text="é\\"\\\\ ü]}" 1700000000');
  for (const server of [a, b, own]) {
    const response = await server.write("d", lines.join("\n"), { precision: "s" });
    assert.equal(response.status, 204);
    await server.query("CREATE RETENTION POLICY short ON d DURATION 1000w REPLICATION 1", "d");
    await server.write("d", "cpu,host=x usage=1 1700000000", { precision: "s", rp: "short" });
  }
});

after(async () => {
  await relay?.kill();
  await Promise.all([a?.close(), b?.close(), own?.close()]);
});

function listener(first: string, second: string, more = ""): string {
  const output = `[{ name = "a", location = "${first}/write" }, { name = "b", location = "${second}/write" }]`;
  return `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\noutput = ${output}\n${more}`;
}

/** Requests that one InfluxDB answers the same each time. */
function requests(): [name: string, path: string, sent: Sent][] {
  const texts = [
    "SELECT * FROM cpu",
    "SELECT * FROM cpu GROUP BY *",
    "SELECT mean(usage), count(cores) FROM cpu WHERE time >= 1700000000s AND time < 1700001000s GROUP BY time(1m), host fill(0)",
    "SELECT usage FROM cpu WHERE host = 'server 1' ORDER BY time DESC LIMIT 3; SELECT last(cores) FROM cpu",
    "SELECT * FROM odd",
    "SELECT usage FROM short.cpu",
    "SELECT first(usage) FROM nothing",
    "SELECT usage FROM nodb..cpu",
    "SELECT usage FROM nodb..cpu; SHOW DATABASES",
    "SELECT mean(note) FROM cpu",
    "SHOW DATABASES",
    "SHOW MEASUREMENTS; SHOW SERIES; SHOW TAG KEYS; SHOW FIELD KEYS",
    "SHOW TAG VALUES WITH KEY IN (host, region)",
    "SHOW RETENTION POLICIES ON d",
    "EXPLAIN SELECT mean(usage) FROM cpu",
    ";;",
    "SELECT FROM cpu",
    "SHOW NONSENSE",
  ];
  const byGet = texts.map((q): [string, string, Sent] => [q, query({ q, db: "d" }), {}]);
  const [all = "", , grouped = ""] = texts;
  const formats = ["application/json", "application/csv", "text/csv", "application/x-msgpack", "*/*"].flatMap(
    (Accept): [string, string, Sent][] =>
      [all, grouped, "SELECT usage FROM nodb..cpu", "SHOW DATABASES"]
        .filter((q) => !Accept.includes("msgpack") || !q.includes("GROUP BY"))
        .map((q) => [`${Accept} ${q}`, query({ q, db: "d" }), { headers: { Accept } }]),
  );
  const parameters = [
    { epoch: "ns" },
    { epoch: "ms" },
    { epoch: "nonsense" },
    { pretty: "true" },
    { chunked: "true", chunk_size: "100" },
    { chunked: "true", pretty: "true" },
    { rp: "short" },
    { async: "true" },
    { params: '{"x":5}' },
    { params: "{" },
  ].map((more): [string, string, Sent] => [JSON.stringify(more), query({ q: all, db: "d", ...more }), {}]);
  const gzip = { "Accept-Encoding": "gzip" };
  return [
    ...byGet,
    ...formats,
    ...parameters,
    ["gzip", query({ q: all, db: "d" }), { headers: gzip }],
    ["gzip of an error", query({ q: "SELECT v FROM nodb..m", db: "d" }), { headers: gzip }],
    ["gzip, chunked", query({ q: all, db: "d", chunked: "true", chunk_size: "50" }), { headers: gzip }],
    ["gzip, msgpack", query({ q: all, db: "d" }), { headers: { ...gzip, Accept: "application/x-msgpack" } }],
    ["a form", "/query?db=nodb", { body: String(new URLSearchParams({ q: all, db: "d" })), headers: FORM }],
    ["a form beside a URL", query({ q: "SHOW DATABASES" }), { body: "q=SHOW+SERIES&db=d", headers: FORM }],
    [
      "a form with odd escapes",
      "/query?db=d",
      { body: "q=%zz&q=SHOW+SERIES;&q=SHOW+SERIES&%", headers: FORM },
    ],
    [
      "a body that is no form",
      query({ q: all, db: "d" }),
      { body: "{}", headers: { "Content-Type": "application/json" } },
    ],
    [
      "a parameter",
      query({ q: "SELECT usage FROM cpu WHERE host = $h", db: "d", params: '{"h":"server 1"}' }),
      {},
    ],
    ["no text", "/query?db=d", {}],
    ["an empty form before a URL", query({ q: all }), { body: "q=", headers: FORM }],
    ["HEAD", query({ q: all }), { method: "HEAD" }],
    ["DELETE", query({ q: all }), { method: "DELETE" }],
    ["CORS", query({ q: "SHOW DATABASES" }), { headers: { Origin: "http://grafana.example" } }],
    ["a multipart form", query({ db: "d" }), multipart('name="q"', all)],
    ["a multipart file", query({ db: "d" }), multipart('name="q"; filename="q.txt"', "SHOW SERIES")],
    ["a multipart form beside a URL", query({ db: "d", q: "SHOW DATABASES" }), multipart('name="q"', all)],
    ["a multipart form that is none", query({ db: "d", q: "SHOW DATABASES" }), multipart("", "", "--y")],
  ];
}

const query = (parameters: Record<string, string>) => `/query?${new URLSearchParams(parameters)}`;

function multipart(disposition: string, text: string, end = "--x--"): Sent {
  const body = `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${text}\r\n${end}\r\n`;
  return { body, headers: { "Content-Type": "multipart/form-data; boundary=x" } };
}

/** What must be alike. Whether it says how long it is depends on the pieces in which it comes. */
function comparable({ status, headers, body }: Answer) {
  const kept = Object.entries(headers).filter(
    ([name]) => !PER_ANSWER.includes(name) && name !== "transfer-encoding" && name !== "content-length",
  );
  // In no order.
  const allow = headers["allow"]?.toString().split(", ").sort();
  return {
    status,
    headers: { ...Object.fromEntries(kept.sort()), allow },
    body: Buffer.from(body).toString("latin1"),
  };
}

test("answers are those of InfluxDB, byte for byte", { skip }, async () => {
  const all = requests();
  assert.ok(all.length >= 60, String(all.length));
  for (const [name, path, sent] of all) {
    const direct = comparable(await send(a.url + path, sent));
    const through = comparable(await send(relay.url("main") + path, sent));
    assert.deepEqual(through, direct, name);
  }
});

test("the errors of statements are seen in each form in which InfluxDB sends them", { skip }, async () => {
  const http = createHttpClient({
    origin: a.url,
    connections: 1,
    connectTimeoutMs: 5_000,
    tls: { skipVerification: false },
  });
  const q = "SELECT v FROM nodb..m";
  try {
    for (const more of [{}, { pretty: "true" }, { chunked: "true" }] as Record<string, string>[]) {
      for (const accept of ["application/json", "application/x-msgpack"]) {
        for (const encoding of ["identity", "gzip"]) {
          const headers = { accept, "accept-encoding": encoding };
          const times = { timeoutMs: 5_000, idleTimeoutMs: 5_000 };
          const head = await http.stream({ method: "GET", path: query({ q, ...more }), headers, ...times });
          const reader = head.body.getReader();
          const read = async () => (await reader.read()).value;
          const { text } = await readOpening({ head, read, cancel: () => {} }, gunzip);
          assert.deepEqual(
            errorsIn(text),
            ["database not found: nodb"],
            JSON.stringify({ ...more, ...headers }),
          );
          await reader.cancel();
        }
      }
    }
  } finally {
    await http.close();
  }
});

test("a text that changes something is answered as InfluxDB answers it", { skip }, async () => {
  const texts = [
    "CREATE DATABASE x; SHOW DATABASES; CREATE RETENTION POLICY r ON x DURATION 1d REPLICATION 1",
    "SELECT usage INTO x..copy FROM cpu; SHOW MEASUREMENTS ON x; SELECT count(usage) FROM x..copy",
    "DROP MEASUREMENT missing; SHOW MEASUREMENTS ON d",
    "DELETE FROM x..copy",
    "CREATE DATABASE x; DELETE FROM x.r.cpu",
    "CREATE DATABASE x; CREATE RETENTION POLICY r ON x DURATION 5m REPLICATION 1",
    "SHOW RETENTION POLICIES ON x; DROP RETENTION POLICY r ON x; SHOW RETENTION POLICIES ON x; DROP DATABASE x",
    "DROP DATABASE x",
    "DROP USER nobody",
  ];
  for (const [method, more] of [
    ["POST", {}],
    ["POST", { epoch: "ms" }],
    ["GET", {}],
    ["POST", { chunked: "true" }],
  ] as const) {
    for (const q of texts) {
      // By GET InfluxDB names the policy of an INTO in its warning, which only it knows.
      const sent = { method: q.includes("INTO") ? "POST" : method };
      const path = query({ q, db: "d", ...more });
      const through = comparable(await send(relay.url("main") + path, sent));
      const direct = comparable(await send(own.url + path, sent));
      assert.deepEqual(through, direct, `${method} ${JSON.stringify(more)} ${q}`);
    }
  }
});

test("a text with changes is executed on both and its results are one answer", { skip }, async () => {
  const q =
    "CREATE DATABASE y; SELECT usage INTO y..copy FROM cpu; SELECT count(usage) FROM y..copy; DROP USER nobody; SHOW DATABASES";
  const { text } = await send(`${relay.url("main")}/query?db=d`, {
    body: String(new URLSearchParams({ q })),
    headers: FORM,
  });
  const { results } = JSON.parse(text);
  assert.deepEqual(
    results.map(({ statement_id: id, error }: { statement_id: number; error?: string }) => [id, error]),
    [
      [0, undefined],
      [1, undefined],
      [2, undefined],
      [3, "user not found"],
      [4, "not executed"],
    ],
  );
  assert.equal(results[1].series[0].values[0][1], 400);
  assert.equal(results[2].series[0].values[0][1], 400);
  for (const server of [a, b]) {
    const [counted] = await server.query("SELECT count(usage) FROM copy", "y");
    assert.equal(counted?.series?.[0]?.values?.[0]?.[1], 400);
  }
});

test("a query filter cannot be got around by the way a text is written", { skip }, async () => {
  const guarded = await startRelay({ config: listener(a.url, b.url, "read-only = true\n") });
  try {
    for (const q of [
      "select * from cpu; drop measurement cpu",
      "select * from cpu\n;\nDROP/* */MEASUREMENT cpu",
      "SELECT * INTO z FROM cpu",
    ]) {
      const { status } = await send(`${guarded.url("main")}${query({ q, db: "d" })}`, { method: "POST" });
      assert.equal(status, 403, q);
    }
    for (const server of [a, b]) {
      const [result] = await server.query("SHOW MEASUREMENTS", "d");
      assert.deepEqual(result?.series?.[0]?.values, [["cpu"], ["odd"]]);
    }
    for (const q of [
      "SELECT count(usage) FROM cpu,odd",
      "SELECT count(usage)\nFROM\ncpu",
      "SELECT count(/usage/) FROM /c.u/",
    ]) {
      const path = query({ q, db: "d" });
      assert.equal((await send(guarded.url("main") + path)).text, (await send(a.url + path)).text, q);
    }
  } finally {
    await guarded.kill();
  }
});

test("while one is down or stopped, and while it comes back, every query is answered", { skip }, async () => {
  const path = query({ q: "SELECT count(usage) FROM cpu", db: "d" });
  const expected = (await send(a.url + path)).text;
  let running = true;
  const asking = Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let n = 0; ; n++) {
        if (!running) return n;
        const { status, text } = await send(relay.url("main") + path);
        assert.deepEqual([status, text], [200, expected]);
      }
    }),
  );
  try {
    for (const how of ["kill", "stop"] as const) {
      await b[how]();
      const { queries } = JSON.parse((await send(`${relay.url("main")}/status`)).text).listeners[0];
      await poll(async () => {
        const now = JSON.parse((await send(`${relay.url("main")}/status`)).text).listeners[0].queries;
        return now.answered > queries.answered + 20;
      }, "queries without b");
      await b.start();
    }
  } finally {
    running = false;
  }
  assert.ok((await asking).every((n) => n > 0));
});

test("no query returns less than was acknowledged to the same client, also with a slow replica", {
  skip,
}, async () => {
  const slow: FaultyInfluxdb = await startFaultyInfluxdb({ databases: ["d"] });
  const pair = await startRelay({ config: listener(a.url, slow.url) });
  const url = pair.url("main");
  try {
    slow.setFault({ kind: "drip", everyMs: 1, path: "/write" });
    await Promise.all(
      Array.from({ length: 4 }, async (_, client) => {
        for (let n = 1; n <= 25; n++) {
          const lines = `seen${client} v=${n} ${n}`;
          assert.equal((await send(`${url}/write?db=d`, { body: lines })).status, 204);
          const { text } = await send(`${url}${query({ q: `SELECT count(*) FROM seen${client}`, db: "d" })}`);
          assert.equal(JSON.parse(text).results[0].series?.[0].values[0][1], n, text);
        }
      }),
    );
  } finally {
    await pair.kill();
    await slow.close();
  }
});
