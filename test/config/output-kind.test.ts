import assert from "node:assert/strict";
import { test } from "node:test";
import { describeConfig } from "../../src/config/describe.ts";
import { configFromObject, parseConfig } from "../../src/config/parse.ts";
import { warnings } from "../../src/config/warnings.ts";
import { problemsOf, source } from "./support.ts";

const V2 = { name: "b", location: "http://b:8086", kind: "v2", org: "acme" };

function configOf(output: object, listener: object = {}) {
  const http = [{ name: "main", "bind-addr": "127.0.0.1:9096", output: [output], ...listener }];
  return configFromObject({ http }, source());
}

const outputOf = (output: object) => configOf(output).http[0]?.outputs[0];

test("an output is of the 1.x kind unless it says otherwise", () => {
  const output = outputOf({ location: "http://b:8086" });
  assert.deepEqual([output?.writePath, output?.v2, output?.weight], ["/write", undefined, 1]);
});

test("an output of the 2.x kind has its own path, a bucket for each database and policy, and no queries", () => {
  const { writePath, v2, weight } = outputOf(V2) ?? assert.fail();
  assert.deepEqual(
    { writePath, v2, weight },
    { writePath: "/api/v2/write", v2: { org: "acme", bucket: "{db}/{rp}" }, weight: 0 },
  );
  const pathOf = (location: string) => outputOf({ ...V2, location })?.writePath;
  assert.equal(pathOf("http://b/write"), "/api/v2/write");
  assert.equal(pathOf("http://b/influx/api/v2/write"), "/influx/api/v2/write");
  assert.equal(outputOf({ ...V2, bucket: "all" })?.v2?.bucket, "all");
});

test("what is described of an output of the 2.x kind is read as the same", () => {
  const config = configOf({ ...V2, bucket: "{db}" });
  assert.deepEqual(parseConfig(describeConfig(config), source()), config);
});

test("what is wrong with an output's kind is said", () => {
  const problems = (keys: string) =>
    problemsOf(`[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [{ location = "http://b:1", ${keys} }]`);
  const at = "http[0].output[0]";
  for (const [keys, problem] of [
    ['kind = "v3"', `${at}.kind: must be one of "v1", "v2", found "v3"`],
    [
      'kind = "v2"',
      `${at}.org: is missing; kind = "v2" needs it, as InfluxDB 2.x refuses writes without one`,
    ],
    ['org = "o"', `${at}.org: needs kind = "v2" beside it`],
    ['kind = "v1", bucket = "b"', `${at}.bucket: needs kind = "v2" beside it`],
    ['kind = "v2", org = "o", weight = 2', `${at}.weight: must be left out, or 0`],
    [
      'kind = "v2", org = "o", bucket = "{database}"',
      `${at}.bucket: must be a text that is not empty, with no`,
    ],
    ['kind = "v2", org = "o", bucket = ""', `${at}.bucket: must be a text that is not empty, with no`],
  ] as const) {
    const [found = "", ...more] = problems(keys);
    assert.deepEqual([found.slice(0, problem.length), more], [problem, []], keys);
  }
  const [path = ""] = problemsOf(
    '[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [{ location = "http://b/x", kind = "v2", org = "o" }]',
  );
  assert.match(path, /location: must have no path, or end in \/api\/v2\/write, with kind = "v2"/);
});

test("what an output of the 2.x kind does not give is warned of", () => {
  const of = (...given: Parameters<typeof configOf>) =>
    warnings(configOf(...given)).filter((text) => /v2|bucket|token/.test(text));
  const kind =
    'http "main", output "b": kind "v2": it gets no queries, statements such as CREATE, DROP and DELETE are not ' +
    "executed there, and it is neither compared with its replicas nor repaired";
  const all = 'http "main": every output is of kind "v2": /query and remote write are refused';
  assert.deepEqual(of({ ...V2, token: "t" }), [kind, all]);
  assert.deepEqual(
    of({ ...V2, token: "t", bucket: "x" })[1],
    [
      'http "main", output "b": bucket = "x": the points of all databases go into one bucket, and series of one name ' +
        "become one",
    ][0],
  );
  assert.equal(of(V2)[1], 'http "main", output "b": no token: clients need a token that it knows');
  assert.equal(
    of(V2, { auth: [{ token: "t" }] })[1],
    'http "main", output "b": no token: writes go there without credentials',
  );
  const a = { location: "http://a:8086" };
  assert.equal(
    of(a, { output: [a, { ...V2, token: "t" }] }).at(-1),
    'http "main": with an output of kind "v2" Prometheus\'s remote write is refused',
  );
});
