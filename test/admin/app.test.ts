import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdminApp } from "../../src/admin/app.ts";
import type { BackendCommands } from "../../src/admin/backend-commands.ts";
import { CommandError } from "../../src/admin/requests.ts";
import type { SpoolCommands } from "../../src/admin/spool-commands.ts";
import { Secret } from "../../src/config/secret.ts";
import { SpoolError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import { readRequest } from "../../src/write/body.ts";
import { FIGURES } from "../support/figures.ts";
import { testPage, webStream } from "../support/status-page.ts";
import { createTestPlatform } from "../support/test-platform.ts";

const TOKEN = "canary7secret";
const JSON_TYPE = { "content-type": "application/json" };

/** An admin app over commands that only remember what they were asked. */
function fixture(token: string | null = TOKEN, failure?: Error) {
  const asked: unknown[][] = [];
  const answer =
    <T>(name: string, value: T) =>
    async (...args: readonly unknown[]): Promise<T> => {
      asked.push([name, ...args]);
      if (failure !== undefined) throw failure;
      return value;
    };
  const spool: SpoolCommands = {
    list: answer("list", []),
    show: answer("show", { records: [], more: false }),
    verify: answer("verify", { parts: [], factsIntact: true }),
    count: answer("count", 5),
    drop: answer("drop", 4),
    replay: answer("replay", 3),
  };
  const backends: BackendCommands = {
    status: answer("status", { backends: [] }),
    drain: answer("drain", undefined),
    resume: answer("resume", undefined),
    hold: answer("hold", { lease: "x-1", seconds: 30 }),
    renew: answer("renew", undefined),
    release: answer("release", undefined),
    answered: answer("answered", true),
    ranges: answer("ranges", { lost: [], suspect: [], revision: "1.0.0" }),
    repaired: answer("repaired", 1),
    peer: answer("peer", { id: "r1", backends: ["b"], listeners: [{ name: "main" }] }),
    recoveryLease: answer("recoveryLease", { lease: "x-1", seconds: 30 }),
  };
  const platform = createTestPlatform();
  const app = createAdminApp({
    config: {
      bindAddr: { host: "127.0.0.1", port: 0 },
      token: token === null ? undefined : new Secret(token),
      ...{ peers: [], peerToken: undefined, peerCa: undefined },
    },
    ...{ spool, backends },
    figures: () => FIGURES,
    page: testPage(platform),
    log: createLog(platform.log, platform.clock),
    ports: {
      readBody: (c, limit) => readRequest(c.req.raw, limit),
      clientAddress: () => "192.0.2.1",
      stream: webStream,
    },
  });
  const request = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}`, ...JSON_TYPE },
    body = "{}",
    origin = "http://127.0.0.1:9097",
  ) => {
    const sent = new Request(origin + path, { method, headers, ...(method === "POST" && { body }) });
    const response = await app.fetch(sent);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return { request, asked, logged: platform.logged };
}

const RANGE = '{"db":"d","rp":"","min":"-5","max":"7"}';

const COMMANDS = [
  ["GET", "/spool"],
  ["GET", "/spool/b"],
  ["POST", "/spool/b/verify"],
  ["POST", "/spool/b/drop"],
  ["POST", "/spool/b/replay"],
  ["GET", "/status"],
  ["POST", "/backends/b/drain"],
  ["POST", "/backends/b/resume"],
  ["POST", "/backends/b/hold"],
  ["POST", "/backends/b/answered"],
  ["GET", "/backends/b/ranges"],
  ["POST", "/backends/b/repaired"],
  ["GET", "/peer"],
  ["POST", "/recovery/lease"],
  ["POST", "/leases/x/renew"],
  ["POST", "/leases/x/release"],
  ["GET", "/no/such"],
] as const;

test("only who has the token in the header Authorization is let in", async () => {
  const wrong: Record<string, string>[] = [
    {},
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: "Bearer wrong" },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.slice(1)}` },
    { authorization: TOKEN },
    { authorization: `Basic ${btoa(`${TOKEN}:${TOKEN}`)}` },
    { authorization: `Basic ${btoa(TOKEN)}` },
  ];
  for (const [method, path] of COMMANDS) {
    for (const headers of wrong) {
      const { request, asked, logged } = fixture();
      const {
        status,
        text,
        headers: answered,
      } = await request(method, `${path}?u=x&p=${TOKEN}&token=${TOKEN}`, {
        ...headers,
        ...JSON_TYPE,
      });
      assert.equal(status, 401, `${method} ${path} ${JSON.stringify(headers)}`);
      assert.equal(answered.get("www-authenticate"), "Bearer");
      assert.deepEqual(asked, []);
      assert.ok(!`${text}${JSON.stringify(logged)}`.includes(TOKEN));
      assert.equal(logged[0]?.event, "unauthorized");
    }
  }
  for (const scheme of ["Bearer", "Token"]) {
    const { request } = fixture();
    const { status } = await request("GET", "/spool", { authorization: `${scheme} ${TOKEN}` });
    assert.equal(status, 200, scheme);
  }
});

test("without a token only who names the listener by a loopback address is let in", async () => {
  const { request, asked } = fixture(null);
  for (const [origin, status] of [
    ["http://127.0.0.1:9097", 200],
    ["http://localhost:9097", 200],
    ["http://[::1]:9097", 200],
    ["http://relay.example.com:9097", 403],
    ["http://192.0.2.7:9097", 403],
  ] as const) {
    assert.equal((await request("GET", "/spool", {}, "", origin)).status, status, origin);
  }
  assert.equal(asked.length, 3);
});

test("/health needs no token", async () => {
  const { status, text } = await fixture().request("GET", "/health", {});
  assert.deepEqual([status, JSON.parse(text).status], [200, "pass"]);
});

test("a POST that a page in a browser could send without asking first does nothing", async () => {
  const authorization = `Bearer ${TOKEN}`;
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain; a=application/json",
    "",
  ]) {
    const { request, asked } = fixture();
    const headers = type === "" ? { authorization } : { authorization, "content-type": type };
    const { status } = await request("POST", "/spool/b/drop", headers, '{"part":"backlog"}');
    assert.equal(status, 415, type);
    assert.deepEqual(asked, []);
  }
  const { request, asked } = fixture();
  const headers = { authorization, "content-type": "Application/JSON; charset=utf-8" };
  assert.equal((await request("POST", "/spool/b/drop", headers, '{"part":"backlog"}')).status, 200);
  assert.equal(asked.length, 1);
});

test("GET changes nothing, whatever the path", async () => {
  const { request, asked } = fixture();
  for (const path of [
    ...["/spool/b/drop?part=backlog", "/spool/b/replay", "/spool/b/verify"],
    ...["drain", "resume", "hold", "answered", "repaired"].map((command) => `/backends/b/${command}`),
    ...["/leases/x/renew", "/leases/x/release", "/recovery/lease"],
  ]) {
    assert.equal((await request("GET", path)).status, 404, path);
  }
  assert.deepEqual(asked, []);
});

test("requests become commands", async () => {
  const cases: readonly [string, string, string, unknown[], unknown][] = [
    ["GET", "/spool", "", ["list"], { backends: [] }],
    ["GET", "/spool/b", "", ["show", "b", "backlog", 20], { records: [], more: false }],
    ["GET", "/spool/b?part=dead&limit=7", "", ["show", "b", "dead", 7], { records: [], more: false }],
    ["GET", "/spool/a%2Fb%25%20c", "", ["show", "a/b% c", "backlog", 20], { records: [], more: false }],
    ["POST", "/spool/b/verify", "{}", ["verify", "b"], { parts: [], factsIntact: true }],
    ["POST", "/spool/b/drop", '{"part":"held"}', ["drop", "b", "held", {}], { records: 4 }],
    ["POST", "/spool/b/drop", '{"part":"dead","dryRun":true}', ["count", "b", "dead", {}], { records: 5 }],
    [
      ...["POST", "/spool/b/drop", '{"part":"backlog","db":"d","rp":""}'],
      ["drop", "b", "backlog", { db: "d", rp: "" }],
      { records: 4 },
    ] as [string, string, string, unknown[], unknown],
    ["POST", "/spool/b/replay", '{"db":"d"}', ["replay", "b", { db: "d" }], { records: 3 }],
    ["GET", "/status", "", ["status"], { backends: [] }],
    ["POST", "/backends/a%2Fb/drain", "{}", ["drain", "a/b", "operator"], {}],
    ["POST", "/backends/b/drain", '{"by":"recovery"}', ["drain", "b", "recovery"], {}],
    ["POST", "/backends/b/resume", "{}", ["resume", "b", undefined], {}],
    ["POST", "/backends/b/resume", '{"by":"recovery"}', ["resume", "b", "recovery"], {}],
    ["POST", "/backends/b/hold", '{"db":"d"}', ["hold", "b", "d", undefined], { lease: "x-1", seconds: 30 }],
    ["POST", "/backends/b/hold", '{"db":"d","rp":""}', ["hold", "b", "d", ""], { lease: "x-1", seconds: 30 }],
    ["POST", "/backends/b/answered", '{"db":"d"}', ["answered", "b", "d"], { answered: true }],
    ["GET", "/backends/b/ranges", "", ["ranges", "b"], { lost: [], suspect: [], revision: "1.0.0" }],
    [
      ...["POST", "/backends/b/repaired", `{"ranges":[${RANGE}],"revision":"1.2.3"}`],
      ["repaired", "b", [JSON.parse(RANGE)], "1.2.3"],
      { forgotten: 1 },
    ] as [string, string, string, unknown[], unknown],
    ["GET", "/peer", "", ["peer"], { id: "r1", backends: ["b"], listeners: [{ name: "main" }] }],
    [
      ...["POST", "/recovery/lease", '{"backend":"b","holder":"r2","lacking":["d"]}'],
      ["recoveryLease", "b", "r2", ["d"]],
      { lease: "x-1", seconds: 30 },
    ] as [string, string, string, unknown[], unknown],
    ["POST", "/leases/x-1/renew", "{}", ["renew", "x-1"], {}],
    ["POST", "/leases/x-1/release", "{}", ["release", "x-1"], {}],
  ];
  for (const [method, path, body, command, answer] of cases) {
    const { request, asked } = fixture();
    const { status, text } = await request(method, path, undefined, body);
    assert.deepEqual([status, asked, JSON.parse(text)], [200, [command], answer], `${method} ${path}`);
  }
});

test("what is not understood is refused and does nothing", async () => {
  for (const [method, path, body] of [
    ["GET", "/spool/b?part=all", ""],
    ["GET", "/spool/b?limit=1001", ""],
    ["GET", "/spool/b?limit=x", ""],
    ["GET", "/spool/b?db=d", ""],
    ["POST", "/spool/b/drop", "{}"],
    ["POST", "/spool/b/drop", "part=held"],
    ["POST", "/spool/b/drop", '{"part":"held","rp":"x"}'],
    ["POST", "/spool/b/drop", '{"part":"held","databse":"x"}'],
    ["POST", "/spool/b/replay", '{"db":1}'],
    ["POST", "/backends/b/drain", '{"by":"Some body"}'],
    ["POST", "/backends/b/drain", '{"b":"x"}'],
    ["POST", "/backends/b/hold", "{}"],
    ["POST", "/backends/b/answered", "{}"],
    ["POST", "/backends/b/repaired", `{"ranges":[${RANGE}]}`],
    ["POST", "/backends/b/repaired", `{"ranges":[${RANGE.replace("-5", "x")}],"revision":"1.2.3"}`],
    ["POST", "/leases/x/release", '{"a":1}'],
    ["POST", "/recovery/lease", '{"backend":"b"}'],
    ["POST", "/recovery/lease", '{"backend":"b","holder":"r2","lacking":"d"}'],
    ["POST", "/recovery/lease", '{"backend":"b","holder":"a\\nb"}'],
  ] as const) {
    const { request, asked } = fixture();
    const { status, text } = await request(method, path, undefined, body);
    assert.equal(status, 400, `${method} ${path} ${body} ${text}`);
    assert.equal(typeof JSON.parse(text).error, "string");
    assert.deepEqual(asked, []);
  }
  const { request } = fixture();
  const large = JSON.stringify({ part: "held", db: "x".repeat(300_000) });
  assert.equal((await request("POST", "/spool/b/drop", undefined, large)).status, 413);
});

test("a command that fails says why, and an unexpected error tells nothing", async () => {
  for (const [failure, status, error] of [
    [new CommandError("unknown", "no such"), 404, "no such"],
    [new CommandError("conflict", "busy"), 409, "busy"],
    [new SpoolError("io", "disk"), 500, "disk"],
    [new TypeError(`of ${TOKEN}`), 500, "internal error"],
  ] as const) {
    const { request, logged } = fixture(TOKEN, failure);
    const { status: got, text } = await request("POST", "/spool/b/drop", undefined, '{"part":"held"}');
    assert.deepEqual([got, JSON.parse(text)], [status, { error }]);
    assert.equal(
      logged.some(({ event }) => event === "admin-command-failed"),
      status === 500,
    );
    assert.ok(!JSON.stringify(logged).includes(TOKEN));
  }
});

test("the log says who drained, resumed, held and repaired what", async () => {
  const { request, logged } = fixture();
  await request("POST", "/backends/b/drain");
  await request("POST", "/backends/b/resume");
  await request("POST", "/backends/b/hold", undefined, '{"db":"d"}');
  await request("POST", "/leases/x-1/release");
  await request("POST", "/backends/b/repaired", undefined, `{"ranges":[${RANGE}],"revision":"1.2.3"}`);
  await request("GET", "/backends/b/ranges");
  await request("POST", "/backends/b/answered", undefined, '{"db":"d"}');
  assert.deepEqual(
    logged.map(({ event, fields }) => [event, fields["command"], fields["backend"], fields["client"]]),
    [
      ["admin-command", "drain", "b", "192.0.2.1"],
      ["admin-command", "resume", "b", "192.0.2.1"],
      ["admin-command", "hold", "b", "192.0.2.1"],
      ["admin-command", "release", undefined, "192.0.2.1"],
      ["admin-command", "repaired", "b", "192.0.2.1"],
    ],
  );
});

test("the log says who changed what", async () => {
  const { request, logged } = fixture();
  await request("GET", "/spool");
  await request("POST", "/spool/b/drop", undefined, '{"part":"held","dryRun":true}');
  assert.deepEqual(logged, []);
  await request("POST", "/spool/b/drop", undefined, '{"part":"held","db":"d"}');
  assert.deepEqual(logged, [
    {
      level: "info",
      event: "admin-command",
      fields: {
        command: "drop",
        backend: "b",
        part: "held",
        db: "d",
        rp: undefined,
        records: 4,
        client: "192.0.2.1",
      },
    },
  ]);
});
