import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { requirePython, requireReal } from "../../support/require-real.ts";
import { runProgram } from "../../support/run-program.ts";
import { type Pair, startPair } from "./pair.ts";

const SCRIPT = fileURLToPath(new URL("python-influxdb.py", import.meta.url));
const UDP = `
[[udp]]
name = "udp"
bind-addr = "127.0.0.1:0"
to = "main"
database = "py"
batch-timeout = "10ms"
`;

const python = requirePython("influxdb");

describe("Python's influxdb client", { skip: requireReal("influxd") || python.skip }, () => {
  let pair: Pair;
  let told: Map<string, Record<string, unknown>>;
  before(async () => {
    pair = await startPair(UDP);
    const args = [SCRIPT, pair.port, String(pair.relay.port("udp"))];
    const { code, stdout, stderr } = await runProgram(python.program, args);
    assert.equal(code, 0, `${stderr}\n${stdout}`);
    const lines = stdout.trim().split("\n");
    told = new Map(lines.map((line) => JSON.parse(line)).map(({ step, ...what }) => [step, what]));
  });
  after(() => pair.close());

  const point = (i: number) => ({
    time: i * 1_000_000,
    host: `h ${i % 2}`,
    v: i,
    f: i / 2,
    s: 'a "b"',
    b: i % 2 === 0,
  });

  test("connects, and creates a database on both servers", async () => {
    assert.deepEqual(told.get("ping"), { version: "1.6.7~rc0" });
    assert.deepEqual(told.get("databases"), { names: ["py"] });
  });

  test("reads what it wrote, in every type, chunked, with parameters and several statements", () => {
    assert.deepEqual(told.get("write"), { ok: true });
    assert.deepEqual(told.get("read"), { points: [0, 1, 2, 3].map(point) });
    assert.deepEqual(told.get("bound"), { points: [1, 3].map((i) => ({ time: i * 1_000_000, v: i })) });
    assert.deepEqual(told.get("several"), { counts: [4, 4] });
    assert.deepEqual(told.get("chunked"), { values: [0, 1, 2, 3] });
    assert.deepEqual(told.get("measurements"), { names: ["cpu"] });
  });

  test("writes batches with gzip", () => {
    assert.deepEqual(told.get("gzip"), { ok: true });
    assert.deepEqual(told.get("gzip read"), { points: [{ time: 0, count: 5000, sum: 12_497_500 }] });
  });

  test("changes schema and data, on both servers", async () => {
    assert.deepEqual(told.get("policies"), {
      policies: [
        ["autogen", "0s", true],
        ["week", "336h0m0s", false],
      ],
    });
    assert.deepEqual(told.get("into"), { written: [4] });
    assert.deepEqual(told.get("deleted"), { points: [1, 3] });
    assert.deepEqual(told.get("dropped"), { packed: false });
    assert.deepEqual(told.get("users"), {
      users: [{ user: "reader", admin: false }],
      privileges: [{ database: "py", privilege: "READ" }],
    });
    assert.deepEqual(told.get("gone"), { names: ["py"] });
    const policies = [["autogen", "0s", "168h0m0s", 1, true]];
    await pair.bothSay("SHOW RETENTION POLICIES ON py", "py", policies);
    await pair.bothSay("SHOW GRANTS FOR reader", "py", [["py", "READ"]]);
    await pair.bothSay("SHOW DATABASES", "", [["py"]]);
    await pair.bothSay("SELECT v FROM cpu", "py", [
      [1_000_000, 1],
      [3_000_000, 3],
    ]);
    await pair.bothSay("SELECT count(v) FROM copy", "py", [[0, 4]]);
  });

  test("is told errors as by InfluxDB", () => {
    const { database, line, syntax, statement, conflict } = told.get("errors") as Record<
      string,
      { code: number | null; content: string }
    >;
    assert.deepEqual([database?.code, line?.code, syntax?.code, conflict?.code], [404, 400, 400, 400]);
    assert.match(database?.content ?? "", /database not found: \\"nowhere\\"/);
    assert.match(line?.content ?? "", /unable to parse 'm v=1 when': bad timestamp/);
    assert.match(syntax?.content ?? "", /error parsing query: found SELEC/);
    assert.match(conflict?.content ?? "", /partial write: field type conflict/);
    // With a status of 200: the client takes it from the body.
    assert.deepEqual(statement, { code: null, content: "database not found: nowhere" });
  });

  test("writes by UDP", () => pair.bothSay("SELECT v FROM udp", "py", [[7, 1.5]]));
});
