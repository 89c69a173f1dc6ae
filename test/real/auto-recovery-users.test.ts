import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, eventually, mainListener, write } from "./replica-set.ts";

/** A recovery on a busy machine. */
const REPAIRED_MS = 60_000;
const ADMIN = { username: "root", password: "root-pw" };
const START_NS = 1_700_000_000_000_000_000n;

describe("a backend that asks for passwords and was rebuilt empty", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;
  let written = 0;

  before(async () => {
    [a, b] = await Promise.all([startRealInfluxdb({ admin: ADMIN }), startRealInfluxdb({ admin: ADMIN })]);
    const output = `username = "${ADMIN.username}", password = "${ADMIN.password}", health-check-interval = "100ms"`;
    relay = await startRelay({ config: mainListener([a, b], output, 'auth = "none"') });
    await poll(async () => (await health()).status === 200, "b to be in sync");
    for (const q of [
      "CREATE DATABASE demo",
      "CREATE DATABASE other",
      'CREATE RETENTION POLICY "long" ON demo DURATION 520w REPLICATION 1',
      ...["reader", "writer", "gone"].map((name) => `CREATE USER ${name} WITH PASSWORD '${name}-pw'`),
      "GRANT READ ON demo TO reader",
      "GRANT READ ON other TO reader",
      "GRANT ALL ON demo TO writer",
      "GRANT WRITE ON other TO writer",
      "GRANT ALL ON demo TO gone",
      "REVOKE ALL PRIVILEGES ON demo FROM gone",
    ])
      await execute(q);
  });
  after(async () => {
    await Promise.all([relay?.kill(), a?.close(), b?.close()]);
  });

  /** Through the relay, as any client. */
  async function execute(q: string, db = ""): Promise<string> {
    const parameters = new URLSearchParams({ q, db });
    const { status, body } = await ask(relay.url("main"), `/query?${parameters}`, { method: "POST" });
    assert.ok(status === 200 && !body.includes('"error"'), `${q}: ${status} ${body}`);
    return body;
  }

  async function writePoints(): Promise<void> {
    for (const [db, rp] of [
      ["demo", "autogen"],
      ["demo", "long"],
      ["other", "autogen"],
    ] as const) {
      const line = `m,t=${written % 3} v=${written} ${START_NS + BigInt(written)}`;
      const { status, body } = await write(relay.url("main"), db, line, { rp });
      assert.equal(status, 204, body);
    }
    written++;
  }

  const health = () => ask(relay.url("main"), "/health/backends/b");
  const recovery = async () => {
    const { recovery } = readStatus<Status>((await ask(relay.url("main"), "/status")).body);
    return recovery.backends.find(({ name }) => name === "b") ?? assert.fail("no b in /status");
  };

  /** Until b is in sync. No query is answered by it before, and no write refused. */
  async function inSync(): Promise<void> {
    await poll(
      async () => {
        await writePoints();
        const { status } = await health();
        const body = await execute("SELECT count(v) FROM autogen.m", "demo");
        assert.equal(JSON.parse(body).results[0].series[0].values[0][1], written, body);
        return status === 200;
      },
      "b to be in sync",
      REPAIRED_MS,
      () => `\n${relay.output}`,
    );
  }

  async function assertSame(): Promise<void> {
    for (const [db, rp] of [
      ["demo", "autogen"],
      ["demo", "long"],
      ["other", "autogen"],
    ] as const) {
      const points = await a.points(db, { rp });
      assert.equal(points.length, written);
      await poll(async () => (await b.points(db, { rp })).length === written, "the last writes to arrive");
      assert.deepEqual(await b.points(db, { rp }), points);
    }
    assert.deepEqual(await usersOf(b), await usersOf(a));
    const policies = "SHOW RETENTION POLICIES ON demo";
    assert.deepEqual(await b.query(policies), await a.query(policies));
  }

  test("gets databases, points and grants by itself, and queries once somebody made the users there", async () => {
    const { port } = b;
    await writePoints();
    await b.close();
    await poll(async () => (await health()).status === 503, "b to be out");
    await writePoints();
    b = await startRealInfluxdb({ port, admin: ADMIN });
    for (const name of ["reader", "gone"]) await b.query(`CREATE USER ${name} WITH PASSWORD '${name}-pw'`);
    const alarms = async () => (await recovery()).alarms.map(({ db, what }) => `${db}: ${what}`).sort();
    const what = "it lacks user writer: create that there, and it gets queries by itself";
    await eventually(alarms, [`demo: ${what}`, `other: ${what}`], "an alarm for each database", REPAIRED_MS);
    assert.equal((await health()).status, 503);
    await b.query("CREATE USER writer WITH PASSWORD 'writer-pw'");
    await b.query("GRANT ALL ON demo TO writer");
    await b.query("GRANT WRITE ON other TO writer");
    await inSync();
    assert.deepEqual(await alarms(), []);
    await assertSame();
    const q = new URLSearchParams({ db: "demo", q: "SELECT count(v) FROM m" });
    for (const [user, status] of [
      ["reader", 200],
      ["gone", 403],
    ] as const) {
      const headers = { authorization: `Basic ${btoa(`${user}:${user}-pw`)}` };
      assert.equal((await fetch(`${b.url}/query?${q}`, { headers })).status, status);
    }
  });
});

/** Each user with what he may, in words. */
async function usersOf(server: RealInfluxdb): Promise<string[]> {
  const rows = async (q: string) => (await server.query(q))[0]?.series?.[0]?.values ?? [];
  const found: string[] = [];
  for (const [name, admin] of await rows("SHOW USERS")) {
    const grants = (await rows(`SHOW GRANTS FOR "${name}"`)).filter(([, what]) => what !== "NO PRIVILEGES");
    found.push(`${name} ${admin} ${grants.map((grant) => grant.join(": ")).sort()}`);
  }
  return found.sort();
}
