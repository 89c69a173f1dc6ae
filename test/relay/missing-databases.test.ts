import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../src/backend/backend.ts";
import { TransportError } from "../../src/errors.ts";
import { MissingDatabases } from "../../src/relay/missing-databases.ts";
import { createReplicaSet } from "../backend/replica-set.ts";
import { httpAnswer, influxError } from "../support/test-platform.ts";

const SECOND = 1_000;

/** Two watched servers with databases, of which the test changes what they have and whether they answer. */
async function fixture(servers: Record<string, { databases: string[] | undefined; up?: boolean }>) {
  const set = createReplicaSet(({ origin, path }) => {
    const server = servers[origin.slice("http://".length)] ?? assert.fail(origin);
    if (server.up === false) throw new TransportError("refused", false, "refused");
    if (!path.startsWith("/query?q=SHOW%20DATABASES")) {
      const db = new URLSearchParams(path.split("?")[1]).get("db");
      if (db === null || server.databases?.includes(db)) return httpAnswer(204);
      return influxError(404, `database not found: "${db}"`);
    }
    if (server.databases === undefined) return influxError(401, "unable to parse authentication credentials");
    const values = server.databases.map((name) => [name]);
    // InfluxDB leaves the values out where there are none.
    const series = { name: "databases", columns: ["name"], ...(values.length > 0 && { values }) };
    return httpAnswer(200, JSON.stringify({ results: [{ statement_id: 0, series: [series] }] }));
  });
  for (const backend of set.backends) {
    await backend.open();
    void backend.watch();
  }
  const missing = new MissingDatabases(set.clock);
  const [a, b] = set.backends as [Backend, Backend];
  const replicas = new Map([
    [a, [b]],
    [b, [a]],
  ]);
  const run = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      missing.look(replicas);
      await set.clock.advance(SECOND);
    }
  };
  const unknown = () => missing.unknown(b);
  const lost = () => [a, b].map(({ handoff }) => handoff.lost.list().map(({ db, rp }) => `${db}.${rp}`));
  return { ...set, run, lost, unknown, servers, b };
}

test("a server without the databases of its replica lacks them, at the start and when it comes up", async () => {
  const { run, lost, servers } = await fixture({
    a: { databases: ["d", "_internal"] },
    b: { databases: ["d"] },
  });
  await run(10);
  assert.deepEqual(lost(), [[], []]);
  const b = servers["b"] ?? assert.fail();
  b.up = false;
  await run(5);
  Object.assign(b, { up: true, databases: [] });
  await run(20);
  assert.deepEqual(lost(), [[], ["d.*"]]);
});

test("one that has all databases but lost nothing is not asked again and again", async () => {
  const { run, platform } = await fixture({ a: { databases: ["d"] }, b: { databases: ["d"] } });
  await run(60);
  assert.equal(platform.sent.filter(({ path }) => path.startsWith("/query")).length, 4);
});

test("a database that is only just being made is not missing", async () => {
  const { run, lost, servers } = await fixture({ a: { databases: ["d", "new"] }, b: { databases: ["d"] } });
  await run(2);
  servers["b"]?.databases?.push("new");
  await run(10);
  assert.deepEqual(lost(), [[], []]);
});

test("one that held writes for it show to be missing is noticed without going down", async () => {
  const { run, lost, servers, post } = await fixture({ a: { databases: ["d"] }, b: { databases: ["d"] } });
  await run(10);
  servers["b"]?.databases?.pop();
  await post("m v=1 1");
  await run(10);
  assert.deepEqual(lost(), [[], ["d.*"]]);
});

test("a server that does not tell is asked again, and nothing is made of it", async () => {
  const { run, lost, servers } = await fixture({ a: { databases: ["d"] }, b: { databases: undefined } });
  await run(10);
  assert.deepEqual(lost(), [[], []]);
  Object.assign(servers["b"] ?? assert.fail(), { databases: [] });
  await run(10);
  assert.deepEqual(lost(), [[], ["d.*"]]);
});

test("until a server has told its databases twice it is not known whether it lacks one, and why is said", async () => {
  const servers: Parameters<typeof fixture>[0] = { a: { databases: ["d"] }, b: { databases: undefined } };
  const { run, lost, unknown } = await fixture(servers);
  await run(10);
  assert.match(unknown() ?? "", /needs username and password/);
  Object.assign(servers["b"] ?? {}, { databases: [] });
  await run(4);
  assert.match(unknown() ?? "", /it is asked first/);
  await run(5);
  assert.equal(unknown(), undefined);
  assert.deepEqual(lost(), [[], ["d.*"]]);
});
