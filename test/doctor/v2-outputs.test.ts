import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/parse.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { source } from "../config/support.ts";
import {
  createTestPlatform,
  httpAnswer,
  type ScriptedAnswer,
  type SentRequest,
} from "../support/test-platform.ts";
import { createV2Server } from "../support/v2-server.ts";

/** What is found out about a server of the 2.x kind, as `LEVEL CHECK: MESSAGE -> FIX`; that it answers is left out. */
async function findings(
  output: string,
  server: (request: SentRequest) => ScriptedAnswer,
  databases?: readonly string[],
) {
  const platform = createTestPlatform({
    http: (request) =>
      request.origin === "http://a:8086" ? v1Answer(request, databases ?? []) : server(request),
  });
  const b = `{ name = "b", location = "http://b:8086", kind = "v2", ${output} }`;
  const outputs = databases === undefined ? [b] : [b, '{ name = "a", location = "http://a:8086/write" }'];
  const config = parseConfig(
    `[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [${outputs.join(", ")}]`,
    source(),
  );
  const found = (await diagnose(config, platform)).filter(({ subject }) => subject === "b");
  const lines = found.map(({ level, check, message, fix }) => {
    return `${level} ${check}: ${message}${fix === undefined ? "" : ` -> ${fix}`}`;
  });
  assert.equal(lines.shift(), "ok reachable: InfluxDB v2.7.11 (OSS), answers in 0 ms");
  return { lines, sent: platform.sent };
}

/** A replica with these databases that tells nothing else. */
function v1Answer({ path }: SentRequest, databases: readonly string[]): ScriptedAnswer {
  if (path === "/ping") return httpAnswer(204, "", { "X-Influxdb-Version": "1.6.7" });
  if (!path.includes("SHOW%20DATABASES")) return httpAnswer(200, '{"results":[{}]}');
  const series = [{ name: "databases", columns: ["name"], values: databases.map((name) => [name]) }];
  return httpAnswer(200, JSON.stringify({ results: [{ series }] }));
}

const WRITER = 'org = "acme", token = "writer"';
const server = (...buckets: string[]) => createV2Server({ buckets }).answer;

test("of a server of the 2.x kind nothing is asked but whether it takes writes, and nothing is written", async () => {
  const { lines, sent } = await findings(`${WRITER}, bucket = "metrics"`, server("metrics"));
  assert.deepEqual(lines, ["ok bucket: takes the output's writes"]);
  assert.deepEqual(
    sent.map(({ method, path, body }) => [method, path, body.byteLength]),
    [
      ["GET", "/ping", 0],
      ["POST", "/api/v2/write?org=acme&bucket=metrics&precision=ns&db=", 0],
    ],
  );
});

test("a token that is wrong, may not write or is missing is told, with what to do", async () => {
  const all = server("metrics");
  const lines = async (keys: string) =>
    (await findings(`org = "acme", bucket = "metrics"${keys}`, all)).lines;
  assert.deepEqual(await lines(', token = "other"'), [
    "problem credentials: refuses that of the output (401) -> correct the token of the output; a token that may only write is enough",
  ]);
  assert.deepEqual(await lines(', token = "reader"'), [
    'problem credentials: the output\'s token may not write to "metrics" (403) -> give it the permission to write there; writes are held until then',
  ]);
  assert.deepEqual(await lines(""), [
    "warning credentials: wants a token, and the output has none -> clients' own are passed on; with a token of the output it can be found out whether its buckets are there",
  ]);
});

test("an organization or a bucket that is not there is told", async () => {
  assert.deepEqual((await findings('org = "other", token = "writer"', server("demo/autogen"))).lines, [
    'problem bucket: has no organization "other" -> correct org of the output',
  ]);
  assert.deepEqual((await findings(`${WRITER}, bucket = "metrics"`, server("demo/autogen"))).lines, [
    'problem bucket: lacks bucket "metrics" -> create what is missing, or correct bucket = "metrics" of the output; writes are held until then',
  ]);
});

test("it is to have a bucket for each database of its replicas", async () => {
  const databases = ["demo", "telegraf", "other", "_internal"];
  assert.deepEqual((await findings(WRITER, server("telegraf/autogen"), databases)).lines, [
    'problem bucket: lacks bucket "demo/autogen"; "other/autogen" -> create what is missing, or correct bucket = "{db}/{rp}" of the output; writes are held until then',
  ]);
  const all = server("demo/autogen", "telegraf/autogen", "other/autogen");
  assert.deepEqual((await findings(WRITER, all, databases)).lines, ["ok bucket: takes the output's writes"]);
});

test("without a replica that tells its databases only token and organization are found out about", async () => {
  assert.deepEqual((await findings(WRITER, server("demo/autogen"))).lines, [
    "ok credentials: knows the output's token and organization",
  ]);
});

test("a server that takes every write, as VictoriaMetrics, is not accused of what it cannot tell", async () => {
  const { lines } = await findings(
    WRITER,
    ({ path }) =>
      path.startsWith("/api/v2/write")
        ? httpAnswer(204, "")
        : createV2Server({ buckets: [] }).answer({ path } as SentRequest),
    ["demo"],
  );
  assert.deepEqual(lines, ["ok bucket: takes the output's writes"]);
});

test("a server without the API of 2.x, and one that is not well, are told", async () => {
  const answers = (status: number) => async () =>
    (
      await findings(WRITER, (request) =>
        request.path === "/ping"
          ? createV2Server({ buckets: [] }).answer(request)
          : httpAnswer(status, "page"),
      )
    ).lines;
  assert.deepEqual(await answers(404)(), [
    "problem bucket: has no /api/v2/write (404) -> the location must be that of a server that takes writes by the API of 2.x",
  ]);
  assert.deepEqual(await answers(503)(), [
    "problem bucket: does not take a write without a line (503) -> look into the server's log",
  ]);
});
