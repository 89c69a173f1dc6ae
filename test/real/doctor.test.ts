import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runCommand } from "../../adapters/node/command.ts";
import { startHttpListener } from "../../adapters/node/http-listener.ts";
import { nodePlatform } from "../../adapters/node/platform.ts";
import { clientAddress, readBody } from "../../adapters/node/request-body.ts";
import { stream } from "../../adapters/node/response-stream.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { LogSink, Platform } from "../../src/platform.ts";
import { temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";

const ADMIN = { username: "admin", password: "canary7secret" };
const skip = requireReal("influxd");

describe("doctor", { skip }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo", "one"] }),
      startRealInfluxdb({ databases: ["demo"], admin: ADMIN }),
    ]);
  });
  after(() => Promise.all([a?.close(), b?.close()]));

  /** Runs `doctor` with these further outputs beside `a`; the platform's clock is `lateMs` behind. */
  async function doctor(outputs: string, args: string[] = ["--json"], lateMs = 0, more = "") {
    const file = join(temporaryDirectory("doctor"), "relay.toml");
    const output = `output = [{ name = "a", location = "${a.url}/write" }, ${outputs}]`;
    writeFileSync(file, `${more}[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\n${output}\n`);
    let printed = "";
    const print = {
      write: (text: string) => {
        printed += text;
      },
    };
    const platform = (log: LogSink): Platform => {
      const real = nodePlatform(log);
      return { ...real, clock: { ...real.clock, now: () => Date.now() - lateMs } };
    };
    const http = { start: startHttpListener, readBody, clientAddress, stream, checkTls: () => {} };
    const host = { runtime: "node", platform, http } as const;
    const code = await runCommand(["doctor", file, ...args], host, { stdout: print, stderr: print });
    assert.ok(!printed.includes(ADMIN.password), printed);
    return { code, printed };
  }

  async function findings(outputs: string, lateMs = 0): Promise<{ code: number; all: Finding[] }> {
    const { code, printed } = await doctor(outputs, ["--json"], lateMs);
    return { code, all: (JSON.parse(printed) as { findings: Finding[] }).findings };
  }

  const withCredentials = (password: string) =>
    `{ name = "b", location = "${b.url}/write", username = "${ADMIN.username}", password = "${password}" }`;

  test("two servers that differ: what each lacks, and what refuses points", async () => {
    await a.write("demo", "m v=1,w=1i 1");
    await b.write("demo", 'm v="text",w=1i 1');
    await b.query('CREATE RETENTION POLICY "short" ON "demo" DURATION 1d REPLICATION 1');
    const { code, all } = await findings(withCredentials(ADMIN.password));
    assert.equal(code, 1);
    const schema = all.find(({ check }) => check === "schema");
    assert.equal(schema?.level, "problem");
    assert.match(
      schema?.message ?? "",
      /other retention policies of "demo": autogen \(.* \| .*short \(.*; b lacks database "one"$/,
    );
    const fields = all.filter(({ check }) => check === "fields");
    assert.equal(fields.length, 1);
    assert.match(fields[0]?.message ?? "", /"demo" "m" "v" \(a: float, b: string\)$/);
    for (const name of ["a", "b"]) {
      const own = all.filter(({ subject }) => subject === name);
      assert.deepEqual(
        own.map(({ level, check }) => `${level} ${check}`),
        ["ok reachable", "ok credentials", "ok clock"],
      );
    }
  });

  test("the same databases, policies and fields are said to be so, and nothing is a problem", async () => {
    const { code, printed } = await doctor(
      `{ name = "b", location = "${a.url}/write" }`,
      [],
      0,
      `[spool]\ndir = "${join(temporaryDirectory("doctor"), "made", "later")}"\nmax-size-mb = 8\nhold-max-size-mb = 8\ndead-letter-max-mb = 8\n`,
    );
    assert.equal(code, 0, printed);
    assert.match(printed, /^ok +a, b: schema: the same databases and retention policies$/m);
    assert.match(printed, /^ok +a, b: fields: the same types of fields$/m);
    assert.match(printed, /^ok +spool: disk: .* are free, and up to 48\.0 MiB may be kept for 2 servers$/m);
    assert.match(printed, /^warning +relay: running: the config has no \[admin\]/m);
    assert.match(printed, /\n0 problems, \d+ warnings?\n$/);
  });

  test("a server that is not there, wrong credentials, none, and a clock that is off: each with what to do", async () => {
    const wrong = await findings(withCredentials("guess"));
    assert.equal(wrong.code, 1);
    const refused = wrong.all.find(({ subject, check }) => subject === "b" && check === "credentials");
    assert.match(refused?.message ?? "", /refuses those of the output \(401\)/);
    assert.match(refused?.fix ?? "", /correct username and password/);

    const none = await findings(`{ name = "b", location = "${b.url}/write" }`);
    const passed = none.all.find(({ subject, check }) => subject === "b" && check === "credentials");
    assert.equal(passed?.level, "warning");

    const gone = await findings('{ name = "gone", location = "http://127.0.0.1:1/write" }', 5_000);
    assert.equal(gone.code, 1);
    const dead = gone.all.find(({ subject }) => subject === "gone");
    assert.match(
      `${dead?.message} -> ${dead?.fix}`,
      /^no answer to \/ping: connection refused -> start the server/,
    );
    const clock = gone.all.find(({ check }) => check === "clock");
    assert.equal(clock?.level, "problem");
    assert.match(clock?.message ?? "", /^its clock is [45]\.\d+ s ahead of this machine's$/);
  });
});
