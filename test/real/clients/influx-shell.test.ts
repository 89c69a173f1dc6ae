import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../support/child.ts";
import { requireReal } from "../../support/require-real.ts";
import { type ProgramResult, runProgram } from "../../support/run-program.ts";
import { type Pair, startPair } from "./pair.ts";

const IMPORT = `# DDL
CREATE DATABASE pirates
CREATE RETENTION POLICY kept ON pirates DURATION INF REPLICATION 1
# DML
# CONTEXT-DATABASE: pirates
# CONTEXT-RETENTION-POLICY: kept
treasures,captain_id=flint value=29 1439856000
treasures,captain_id=one\\ eyed\\ jack value=801,what="gold, silver" 1439856001
# CONTEXT-RETENTION-POLICY: autogen
treasures,captain_id=silver value=1,what="" 1439856002
`;

describe("the influx shell", { skip: requireReal("influxd", "influx", "script") }, () => {
  const dir = temporaryDirectory("influx-shell");
  let pair: Pair;
  before(async () => {
    pair = await startPair();
  });
  after(() => pair.close());

  const influx = (...args: string[]) =>
    runProgram("influx", ["-host", "127.0.0.1", "-port", pair.port, ...args], { env: { HOME: dir } });

  /** It reads commands only from a terminal. */
  function session(...commands: string[]): Promise<ProgramResult> {
    const command = `influx -host 127.0.0.1 -port ${pair.port} -precision ns`;
    return runProgram("script", ["-qec", command, "/dev/null"], {
      env: { HOME: dir, TERM: "dumb" },
      input: `${[...commands, "exit"].join("\n")}\n`,
    });
  }

  test("a session creates a database, writes to it and reads it back", async () => {
    const { code, stdout } = await session(
      "CREATE DATABASE ships",
      "USE ships",
      "INSERT cannons,deck=lower number=12i 10",
      'INSERT INTO "autogen" cannons,deck=upper number=8i 20',
      "SELECT number FROM cannons",
      "SHOW MEASUREMENTS",
      "SHOW TAG VALUES WITH KEY = deck",
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /Connected to http:\/\/127\.0\.0\.1:\d+ version 1\.6/);
    assert.match(stdout, /Using database ships/);
    assert.match(stdout, /name: cannons\s+time number\s+---- ------\s+10 {3}12\s+20 {3}8/);
    assert.match(stdout, /name: measurements\s+name\s+----\s+cannons/);
    assert.match(stdout, /deck lower\s+deck upper/);
    await pair.bothHave("ships", ["cannons,deck=lower number=12i 10", "cannons,deck=upper number=8i 20"]);
  });

  test("a schema change is on both servers when the shell has its answer", async () => {
    const { code, stdout } = await influx("-execute", "CREATE DATABASE d1; CREATE DATABASE d2");
    assert.equal(code, 0, stdout);
    for (const server of pair.servers) {
      const names = (await server.query("SHOW DATABASES"))[0]?.series?.[0]?.values?.flat() ?? [];
      assert.ok(names.includes("d1") && names.includes("d2"), `${names}`);
    }
    await influx("-execute", "DROP DATABASE d1");
    for (const server of pair.servers) {
      const names = (await server.query("SHOW DATABASES"))[0]?.series?.[0]?.values?.flat() ?? [];
      assert.ok(!names.includes("d1"), `${names}`);
    }
  });

  test("a file is imported, with its databases and policies", async () => {
    const file = join(dir, "import");
    writeFileSync(file, IMPORT);
    const { code, stdout } = await influx("-import", `-path=${file}`, "-precision=s");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /Processed 2 commands.*Processed 3 inserts.*Failed 0 inserts/s);
    await pair.bothHave("pirates", ['treasures,captain_id=silver value=1,what="" 1439856002000000000']);
    await pair.bothHave(
      "pirates",
      [
        "treasures,captain_id=flint value=29 1439856000000000000",
        'treasures,captain_id=one\\ eyed\\ jack value=801,what="gold, silver" 1439856001000000000',
      ],
      "kept",
    );
  });

  test("answers come in each of its formats", async () => {
    await influx("-execute", "CREATE DATABASE formats");
    await influx("-database", "formats", "-execute", "INSERT m,t=a v=1.5 10");
    const select = (format: string) =>
      influx("-database", "formats", "-format", format, "-execute", "SELECT * FROM m");
    const json =
      '{"results":[{"series":[{"name":"m","columns":["time","t","v"],"values":[[10,"a",1.5]]}]}]}\n';
    assert.equal((await select("json")).stdout, json);
    assert.equal((await select("csv")).stdout, "name,time,t,v\nm,10,a,1.5\n");
  });

  test("errors are told in InfluxDB's words", async () => {
    await influx("-execute", "CREATE DATABASE errors");
    const syntax = await influx("-execute", "SELEC v FROM m");
    assert.equal(syntax.code, 1);
    assert.match(syntax.stdout + syntax.stderr, /ERR: error parsing query: found SELEC, expected SELECT/);
    const write = await influx("-database", "errors", "-execute", "INSERT m v=1 when");
    assert.match(write.stdout + write.stderr, /unable to parse 'm v=1 when': bad timestamp/);
    const missing = await influx("-database", "nowhere", "-execute", "SELECT v FROM m");
    assert.match(missing.stdout + missing.stderr, /database not found: nowhere/);
  });
});
