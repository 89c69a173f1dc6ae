import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "hono";
import { parseConfig } from "../../src/config/parse.ts";
import { TransportError } from "../../src/errors.ts";
import type { QueryRequest } from "../../src/query/query.ts";
import { Relay } from "../../src/relay.ts";
import { source } from "../config/support.ts";
import { createTestPlatform, httpAnswer, type Script } from "../support/test-platform.ts";

const EXECUTED = '{"results":[{"statement_id":0}]}\n';
const never = new AbortController().signal;
const V1 = '{ name = "a", location = "http://a" }';
const V2 = '{ name = "b", location = "http://b", kind = "v2", org = "acme", token = "t" }';
const everything: Script = ({ path }) =>
  path.includes("/query") ? httpAnswer(200, EXECUTED) : httpAnswer(204);

async function openRelay(outputs: string, http: Script = everything, rest = "") {
  const platform = createTestPlatform({ http });
  const listener = `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\n`;
  const relay = await Relay.open(parseConfig(`${listener}${outputs}\n${rest}`, source()), platform);
  const main = relay.listener("main");
  const backend = (name: string) =>
    relay.status().backends.find((each) => each.name === name) ?? assert.fail(name);
  const query = async (text: string) => {
    const forward: QueryRequest["forward"] = { method: "GET", path: "/query?q=x", headers: {} };
    const common = { text, headers: {}, credentials: undefined, signal: never };
    const queries = await main.queries({} as Context);
    const answer = await queries.ask({ ...common, parameters: new Map([["db", "d"]]), forward });
    return answer.kind === "own" ? answer.reply.status : answer.head.status;
  };
  const post = (body: string) =>
    main.writer({} as Context).post(
      {
        destination: { db: "d", rp: "", precision: "", credentials: undefined },
        ...{ body: new TextEncoder().encode(body), hasLines: true, closed: true, source: "" },
        ...{ keep: "acknowledged", consistency: "one" },
      },
      never,
    );
  /** Where something with this in its path was sent to. */
  const sentTo = (part: string) =>
    platform.sent.filter(({ path }) => path.includes(part)).map(({ origin }) => new URL(origin).hostname);
  return { relay, main, platform, backend, query, post, sentTo };
}

test("queries and statements go to the outputs of the 1.x kind only", async () => {
  const { query, sentTo } = await openRelay(`output = [${V2}, ${V1}]`);
  for (let i = 0; i < 10; i++) assert.equal(await query("SELECT v FROM m"), 200);
  assert.equal(await query("CREATE DATABASE d"), 200);
  assert.deepEqual(new Set(sentTo("/query")), new Set(["a"]));
});

test("clients, which ask by the API of 1.x, are told the version of a server of the 1.x kind", async () => {
  const versions: Record<string, string> = { a: "1.6.7", b: "v2.7.11" };
  const told: Script = ({ origin }) =>
    httpAnswer(204, "", { "X-Influxdb-Version": versions[new URL(origin).hostname] ?? "" });
  for (const [outputs, version] of [
    [`${V2}, ${V1}`, "1.6.7"],
    [V2, undefined],
  ] as const) {
    const { post, main, platform, backend } = await openRelay(`output = [${outputs}]`, told);
    assert.equal((await post("m v=1 1")).status, 204);
    await platform.endTurn();
    assert.equal(backend("b").version, "v2.7.11");
    assert.equal(main.backendVersion()?.version, version);
  }
});

test("a statement waits for no output of the 2.x kind, and is counted and told there", async () => {
  const { query, backend, platform } = await openRelay(`output = [${V1}, ${V2}]`, (request) => {
    if (request.origin.startsWith("http://b")) throw new TransportError("refused", false, "refused");
    return everything(request);
  });
  assert.equal(await query("DROP MEASUREMENT m"), 200);
  assert.deepEqual([backend("b").counters.changesSkipped, backend("b").backlog.records], [1, 0]);
  assert.equal(backend("a").counters.changesSkipped, 0);
  const told = platform.logged.filter(({ event }) => event === "change-skipped");
  assert.deepEqual(
    told.map(({ level, fields }) => [level, fields["backend"], fields["db"]]),
    [["warn", "b", "d"]],
  );
});

test("a statement that nobody executed is not counted as skipped", async () => {
  const { query, backend } = await openRelay(`output = [${V1}, ${V2}]`, ({ path }) =>
    path.includes("/query") ? httpAnswer(503) : httpAnswer(204),
  );
  assert.equal(await query("DROP MEASUREMENT m"), 503);
  assert.equal(backend("b").counters.changesSkipped, 0);
});

test("a listener with no output of the 1.x kind, or with such a shard, refuses queries", async () => {
  const shards =
    'shard-by = "measurement"\n' +
    `[[http.shard]]\nname = "s1"\noutput = [${V1}]\n[[http.shard]]\nname = "s2"\noutput = [${V2}]\n`;
  for (const outputs of [`output = [${V2}]`, shards]) {
    const { query, main, relay, sentTo } = await openRelay(outputs);
    for (const backend of relay.backends()) await backend.greet();
    assert.equal(await query("SELECT v FROM m"), 501);
    assert.equal(await query("CREATE DATABASE d"), 501);
    assert.deepEqual(
      sentTo("/query").filter((host) => host === "b"),
      [],
    );
    assert.deepEqual(await main.ready(), { writes: true, queries: false });
    assert.equal(main.queryCounters.refused, 2);
  }
});

test("shards of both kinds get their parts of a body", async () => {
  const shards =
    'shard-by = "measurement"\npin = { one = "s1", two = "s2" }\n' +
    `[[http.shard]]\nname = "s1"\noutput = [${V1}]\n[[http.shard]]\nname = "s2"\noutput = [${V2}]\n`;
  const { post, platform } = await openRelay(shards);
  assert.equal((await post("one v=1 1\ntwo v=2 2")).status, 204);
  assert.deepEqual(
    platform.sent
      .filter(({ method }) => method === "POST")
      .map(({ origin, path, text }) => `${origin}${path} ${text.trimEnd()}`)
      .sort(),
    [
      "http://a/write?db=d one v=1 1",
      "http://b/api/v2/write?org=acme&bucket=d%2Fautogen&precision=ns&db=d two v=2 2",
    ],
  );
});

test("an output of the 2.x kind is neither compared nor repaired", async () => {
  const rest = '[recovery]\ncheck-every = "1m"\n';
  const { relay, platform, post, sentTo } = await openRelay(
    `output = [${V1}, ${V2}]`,
    (request) => {
      if (request.origin.startsWith("http://b") && request.method === "POST") return httpAnswer(422, "no");
      return everything(request);
    },
    rest,
  );
  await relay.start(parseConfig(`[[http]]\nbind-addr=":0"\noutput = [${V1}]`, source()));
  assert.equal((await post("m v=1 1")).status, 204);
  await platform.clock.advance(130_000);
  assert.equal(relay.status().backends[1]?.suspect.length, 1);
  assert.deepEqual(
    relay.status().recovery.backends.map(({ name }) => name),
    ["a"],
  );
  assert.deepEqual(
    sentTo("query").filter((host) => host === "b"),
    [],
  );
  await relay.stop(platform.clock.monotonic());
});

test("an output that becomes one of the 2.x kind gets its writes, and what it should have executed is told", async () => {
  const down = new Set(["b"]);
  const V1B = V2.replace(', kind = "v2", org = "acme"', "");
  const { relay, query, post, platform, backend } = await openRelay(`output = [${V1}, ${V1B}]`, (request) => {
    if (down.has(new URL(request.origin).hostname)) throw new TransportError("refused", false, "refused");
    return everything(request);
  });
  assert.equal((await post("m v=1 1")).status, 204);
  assert.equal(await query("DROP MEASUREMENT m"), 200);
  assert.equal((await post("m v=2 2")).status, 204);
  const text = `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\noutput = [${V1}, ${V2}]\n`;
  await relay.reload(parseConfig(text, source()));
  down.clear();
  await platform.clock.advance(60_000);
  assert.deepEqual([backend("b").backlog.records, backend("b").counters.changesFailed], [0, 1]);
  const written = platform.sent.filter(({ path }) => path.startsWith("/api/v2/write"));
  assert.deepEqual(
    written.map((request) => request.text),
    ["m v=1 1", "m v=2 2"],
  );
});
