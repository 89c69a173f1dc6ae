import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../src/observe/log.ts";
import { FieldCheck } from "../../src/relay/field-check.ts";
import { conflictsIn, databasesIn, fieldTypesIn } from "../../src/relay/field-types.ts";
import { createReplicaSet } from "../backend/replica-set.ts";
import { httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";

const MINUTE = 60_000;
const bytes = (text: string) => new TextEncoder().encode(text);

function shown(series: readonly { name: string; values: readonly (readonly string[])[] }[]): string {
  const rows = series.map(({ name, values }) => ({ name, columns: ["x", "y"], values }));
  return JSON.stringify({ results: [{ statement_id: 0, ...(rows.length > 0 && { series: rows }) }] });
}

const FIELDS = (type: string) =>
  shown([
    {
      name: "cpu",
      values: [
        ["usage", "float"],
        ["count", type],
      ],
    },
    { name: "mem", values: [["free", "integer"]] },
  ]);
const DATABASES = shown([{ name: "databases", values: [["_internal"], ['it"s']] }]);

const SELDOM = { healthCheckIntervalMs: MINUTE };

/** Two servers, of which `b` answers SHOW FIELD KEYS so. */
function fixture(fieldsOfB: (request: SentRequest) => ReturnType<typeof httpAnswer>) {
  const answer = (request: SentRequest) => {
    const q = new URLSearchParams(request.path.split("?")[1]).get("q");
    if (q === "SHOW DATABASES") return httpAnswer(200, DATABASES);
    if (q === 'SHOW FIELD KEYS ON "it\\"s"')
      return request.origin === "http://b" ? fieldsOfB(request) : httpAnswer(200, FIELDS("float"));
    if (request.origin === "http://b" && request.path.startsWith("/write")) return fieldsOfB(request);
    return request.path.startsWith("/query") ? influxError(400, `not expected: ${q}`) : httpAnswer(204);
  };
  // Two hours of a check a second would be most of what these tests do.
  const set = createReplicaSet(answer, { outputs: [SELDOM, SELDOM] });
  const { platform, clock, backends } = set;
  const check = new FieldCheck({
    clock,
    log: createLog(platform.log, clock),
    replicaSets: () => [backends, backends, backends.slice(0, 1)],
  });
  check.start();
  const alarms = () => platform.logged.filter(({ event }) => event === "field-types-differ");
  const asked = () => platform.sent.filter(({ path }) => path.startsWith("/query")).length;
  return { ...set, check, alarms, asked };
}

test("a field that two replicas store with different types is told a minute after the start, and every hour", async () => {
  const { clock, check, alarms, asked } = fixture(() => httpAnswer(200, FIELDS("integer")));
  await clock.advance(MINUTE - 1);
  assert.deepEqual([asked(), check.status.checkedAtMs], [0, undefined]);
  await clock.advance(1);
  assert.deepEqual(check.status.conflicts, [
    { db: 'it"s', measurement: "cpu", field: "count", types: { a: ["float"], b: ["integer"] } },
  ]);
  assert.deepEqual([check.status.omitted, check.status.skipped, asked()], [0, 0, 4]);
  const [{ fields } = assert.fail(), ...more] = alarms();
  assert.equal(more.length, 0);
  assert.deepEqual(
    [fields["db"], fields["measurement"], fields["field"], fields["types"], fields["fields"]],
    ['it"s', "cpu", "count", "a: float, b: integer", 1],
  );
  await clock.advance(60 * MINUTE);
  assert.deepEqual([asked(), alarms().length], [8, 2]);
  check.stop();
  await clock.advance(600 * MINUTE);
  assert.equal(asked(), 8);
});

test("a server that has not got its writes yet is not compared in that database", async () => {
  let failing = true;
  const { clock, check, backends, post } = fixture(({ path }) =>
    failing && path.startsWith("/write") ? influxError(500, "no") : httpAnswer(200, FIELDS("integer")),
  );
  for (const backend of backends) void backend.watch();
  await post("m v=1 1", { db: 'it"s' });
  await clock.advance(MINUTE);
  assert.deepEqual([check.status.conflicts, check.status.skipped], [[], 0]);
  failing = false;
  await clock.advance(61 * MINUTE);
  assert.equal(check.status.conflicts.length, 1);
});

test("what agrees is no alarm", async () => {
  const { clock, check, alarms } = fixture(() => httpAnswer(200, FIELDS("float")));
  await clock.advance(MINUTE);
  assert.deepEqual([check.status.conflicts, alarms(), check.status.checkedAtMs], [[], [], clock.now()]);
});

for (const [what, answer] of [
  ["does not let the relay ask", () => influxError(401, "unable to parse authentication credentials")],
  [
    "answers with an error",
    () => httpAnswer(200, '{"results":[{"statement_id":0,"error":"database not found"}]}'),
  ],
  [
    "answers more than can be looked at",
    () => httpAnswer(200, `${" ".repeat(2 * 1024 * 1024)}${FIELDS("integer")}`),
  ],
] as const) {
  test(`a server that ${what} is left out, and counted`, async () => {
    const { clock, check, alarms } = fixture(answer);
    await clock.advance(MINUTE);
    assert.deepEqual([check.status.conflicts, check.status.skipped, alarms()], [[], 1, []]);
  });
}

test("a server that hangs does not hold up the check for longer than its limit", async () => {
  const { clock, check } = fixture(() => new Promise(() => {}) as never);
  await clock.advance(4 * MINUTE);
  assert.equal(check.status.skipped, 1);
});

test("a field with the types of several time shards is compared with all of them", () => {
  const types = (...names: string[]) =>
    fieldTypesIn(bytes(shown([{ name: "m", values: names.map((name) => ["f", name]) }]))) ?? assert.fail();
  const compared = (...all: ReturnType<typeof types>[]) =>
    conflictsIn("d", new Map(all.map((each, i) => [`s${i}`, each]))).map(({ types: found }) => found);
  assert.deepEqual(compared(types("integer", "float"), types("float", "integer")), []);
  assert.deepEqual(compared(types("float"), types("float", "string"), types("float")), [
    { s0: ["float"], s1: ["float", "string"], s2: ["float"] },
  ]);
  assert.deepEqual(compared(types("float"), fieldTypesIn(bytes(shown([]))) ?? assert.fail()), []);
});

test("what is no answer of InfluxDB says nothing", () => {
  for (const text of [
    "",
    "{}",
    "[]",
    '{"results":[]}',
    '{"error":"x"}',
    '{"results":[{"series":[{"name":1}]}]}',
  ]) {
    assert.equal(databasesIn(bytes(text)), undefined, text);
    assert.equal(fieldTypesIn(bytes(text)), undefined, text);
  }
});
