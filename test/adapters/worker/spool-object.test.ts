import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { readConfig } from "../../../adapters/worker/config.ts";
import { ConfigError } from "../../../src/errors.ts";
import { type RunningWorker, startWorker } from "../../conformance/workerd-launcher.ts";
import { temporaryDirectory } from "../../support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../../support/faulty-influxdb.ts";
import { readStatus } from "../../support/status.ts";
import { poll } from "../../support/wait.ts";

const FAILING = "test/adapters/worker/failing-alarm.mjs";
const FAST = "test/adapters/worker/fast-clock.mjs";

const opened: { close(): Promise<unknown> }[] = [];
// Some have been closed by their test, and say so.
after(() => Promise.allSettled(opened.map(({ close }) => close())));

async function influxdb(databases = ["demo"]): Promise<FaultyInfluxdb> {
  const server = await startFaultyInfluxdb({ databases });
  opened.push(server);
  return server;
}

const NAMES = "abcdefgh";
interface RelayOptions {
  readonly listener?: string;
  readonly spool?: string;
  readonly output?: string;
  readonly wrapper?: string;
  readonly directory?: string;
}

async function relay(servers: readonly FaultyInfluxdb[], options: RelayOptions = {}): Promise<RunningWorker> {
  const { listener = "", spool = "", output = "", wrapper, directory } = options;
  const outputs = servers.map(
    ({ port }, i) =>
      `{ name = "${NAMES[i]}", location = "http://127.0.0.1:${port}/write", max-delay-interval = "20ms", timeout = "2s"${output} }`,
  );
  const RELAY_CONFIG = `[spool]\ndir = "object"\n${spool}\n[[http]]\nname = "main"\n${listener}\noutput = [ ${outputs.join(", ")} ]\n`;
  const running = await startWorker({ RELAY_CONFIG }, { wrapper, directory });
  opened.push({ close: running.stop });
  return running;
}

async function write({ url }: RunningWorker, body: string, db = "demo"): Promise<number> {
  const answer = await fetch(`${url}/write?db=${db}`, { method: "POST", body });
  await answer.arrayBuffer();
  return answer.status;
}

interface Status {
  readonly backends: readonly {
    readonly backlog: { readonly records: number };
    readonly counters: Readonly<Record<string, number>>;
    readonly keeper?: {
      readonly backlog: { readonly records: number };
      readonly held: readonly { readonly db: string; readonly records: number }[];
      readonly counters: Readonly<Record<string, number>>;
    };
  }[];
}
const backend = async ({ url }: RunningWorker, index: number) =>
  readStatus<Status>(await (await fetch(`${url}/status`)).text()).backends[index] ?? assert.fail();

const linesAt = ({ requests }: FaultyInfluxdb) =>
  requests
    .filter(({ path }) => path.startsWith("/write"))
    .flatMap(({ text }) => text.split("\n").filter((line) => line !== ""));
const points = (count: number) => Array.from({ length: count }, (_, i) => `m v=${i} ${i}`);
const arrived = (server: FaultyInfluxdb, count: number) =>
  poll(
    async () => server.points("demo").length === count,
    `${count} points`,
    20_000,
    () => `; ${server.points("demo").length} came`,
  );

test("what a server that is down lacks waits in its object, and comes in order when it is back", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([a, b]);
  await b.refuse();
  for (const line of points(50)) assert.equal(await write(running, line), 204);
  const { keeper, backlog, counters } = await backend(running, 1);
  assert.deepEqual([keeper?.backlog.records, backlog.records, counters["kept"]], [50, 50, 50]);
  assert.equal(a.points("demo").length, 50);
  await b.listenAgain();
  await arrived(b, 50);
  assert.deepEqual(linesAt(b), points(50));
  await poll(async () => (await backend(running, 1)).keeper?.backlog.records === 0, "an empty object");
  assert.equal(await write(running, "m v=1 100"), 204);
  await arrived(b, 51);
  assert.doesNotMatch(running.output(), /different request|hang|never|disposed/i);
});

test("isolate and object write their figures to the log, minute by minute", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([a, b], { wrapper: FAST });
  await b.refuse();
  const WRITES = 'influxdb_relay_writes_total{listener="main",outcome="stored"}';
  const KEPT = 'influxdb_relay_spool_records{backend="b",log="main"}';
  const lineWith = (scope: string, series: string) =>
    running.log().find((line) => line.event === "metrics" && line["scope"] === scope && series in line);
  const of = (scope: string) => lineWith(scope, scope === "isolate" ? WRITES : KEPT);
  await poll(
    async () => (await write(running, "m v=1 1\nm v=2 2")) === 204 && of("isolate") !== undefined,
    "the line of the isolate",
    20_000,
    running.output,
  );
  await poll(async () => of("object") !== undefined, "the line of the object", 20_000, running.output);
  const figure = (scope: string, series: string) => Number(of(scope)?.[`influxdb_relay_${series}`]);
  const stored = Number(of("isolate")?.[WRITES]);
  assert.ok(stored > 0);
  // Others may not have been answered in so short a time.
  assert.ok(figure("isolate", 'write_lines_total{listener="main"}') >= 2 * stored);
  assert.ok(figure("isolate", 'backend_requests_total{backend="a",outcome="stored"}') >= stored);
  assert.equal(of("object")?.["backend"], "b");
  assert.ok(Number(of("object")?.[KEPT]) > 0);
  assert.ok(figure("object", 'spool_oldest_age_seconds{backend="b",log="main"}') > 0);
  const page = await fetch(`${running.url}/metrics`);
  assert.deepEqual([page.status, /in the log/.test(await page.text())], [404, true]);
});

test("a slow server's write is parked after the grace, and not sent twice", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([a, b]);
  b.setFault({ kind: "hold", store: "after", path: "/write" });
  assert.equal(await write(running, "m v=1 1"), 204);
  assert.equal(a.points("demo").length, 1);
  assert.equal(b.held, 1);
  b.setFault();
  b.release();
  await arrived(b, 1);
  assert.equal(await write(running, "m v=2 2"), 204);
  await arrived(b, 2);
  assert.deepEqual(linesAt(b), ["m v=1 1", "m v=2 2"]);
});

test("with both down, a write of consistency any is kept for both", async () => {
  const servers = [await influxdb(), await influxdb()];
  const running = await relay(servers, { listener: 'consistency = "any"' });
  for (const server of servers) await server.refuse();
  for (const line of points(10)) assert.equal(await write(running, line), 204);
  for (const server of servers) await server.listenAgain();
  for (const server of servers) {
    await arrived(server, 10);
    assert.deepEqual(linesAt(server), points(10));
  }
});

test("an object sends no more than six requests at a time", async () => {
  const databases = Array.from({ length: 10 }, (_, i) => `db${i}`);
  const [a, b] = [await influxdb(databases), await influxdb(databases)];
  const running = await relay([a, b]);
  await b.refuse();
  for (const db of databases) assert.equal(await write(running, "m v=1 1", db), 204);
  b.setFault({ kind: "hold", store: "after", path: "/write" });
  await b.listenAgain();
  await b.waitForHeld(6);
  const seen = new Set<number>();
  for (let sent = 0; sent < databases.length; sent++) {
    await poll(async () => b.held > 0, "a request");
    seen.add(b.held);
    b.release(1);
  }
  for (const db of databases) await poll(async () => b.points(db).length === 1, "the point");
  assert.equal(Math.max(...seen), 6);
});

test("what needs more requests than one event may send is delivered by several", async () => {
  const databases = Array.from({ length: 60 }, (_, i) => `db${i}`);
  const [a, b] = [await influxdb(databases), await influxdb(databases)];
  const running = await relay([a, b]);
  await b.refuse();
  await Promise.all(databases.map(async (db) => assert.equal(await write(running, "m v=1 1", db), 204)));
  const before = b.requests.length;
  await b.listenAgain();
  for (const db of databases) await poll(async () => b.points(db).length === 1, "the point");
  assert.ok(b.requests.length - before > 60);
});

test("a database that one server lacks holds up no other", async () => {
  const [a, b] = [await influxdb(["demo", "lacking"]), await influxdb(["demo"])];
  const running = await relay([a, b]);
  assert.equal(await write(running, "m v=1 1", "lacking"), 204);
  await poll(async () => (await backend(running, 1)).keeper?.held[0]?.db === "lacking", "a held database");
  const before = b.requests.length;
  assert.equal(await write(running, "m v=1 1"), 204);
  await arrived(b, 1);
  assert.equal(
    b.requests.slice(before).some(({ parameters }) => parameters.get("db") === "demo"),
    true,
  );
  assert.equal((await backend(running, 1)).counters["kept"], 1);
});

test("a body of 5 MB is kept in parts and delivered whole", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const running = await relay([a, b]);
  const line = `m s="${"x".repeat(1_000_000)}" `;
  const body = [1, 2, 3, 4, 5].map((time) => `${line}${time}\n`).join("");
  await b.refuse();
  assert.equal(await write(running, body), 204);
  await b.listenAgain();
  await arrived(b, 5);
  assert.deepEqual(b.points("demo"), a.points("demo"));
});

test("what an object has outlives the runtime, and comes without another write", async () => {
  const directory = temporaryDirectory("objects");
  const [a, b] = [await influxdb(), await influxdb()];
  const first = await relay([a, b], { directory });
  await b.refuse();
  for (const line of points(20)) assert.equal(await write(first, line), 204);
  await first.stop();
  await b.listenAgain();
  await relay([a, b], { directory });
  await arrived(b, 20);
  assert.deepEqual(linesAt(b), points(20));
});

test("alarms that fail seven times do not keep what is there from being delivered", async () => {
  const directory = temporaryDirectory("objects");
  const [a, b] = [await influxdb(), await influxdb()];
  const first = await relay([a, b], { directory });
  await b.refuse();
  for (const line of points(5)) assert.equal(await write(first, line), 204);
  await first.stop();
  await b.listenAgain();
  const second = await relay([a, b], { directory, wrapper: FAILING });
  await arrived(b, 5);
  assert.ok(second.log().some(({ event }) => event === "alarm-failed"));
});

test("without its alarm, the next write wakes what waits", async () => {
  const directory = temporaryDirectory("objects");
  const [a, b] = [await influxdb(), await influxdb()];
  const first = await relay([a, b], { directory });
  await b.refuse();
  for (const line of points(5)) assert.equal(await write(first, line), 204);
  await first.stop();
  deleteAlarms(directory);
  await b.listenAgain();
  const second = await relay([a, b], { directory });
  assert.equal(await write(second, "m v=5 5"), 204);
  await arrived(b, 6);
  assert.deepEqual(linesAt(b), points(6));
});

test("what was parked when the runtime ended is delivered", async () => {
  const directory = temporaryDirectory("objects");
  const [a, b] = [await influxdb(), await influxdb()];
  const first = await relay([a, b], { directory });
  b.setFault({ kind: "hang" });
  assert.equal(await write(first, "m v=1 1"), 204);
  await first.stop();
  b.setFault();
  await relay([a, b], { directory });
  await arrived(b, 1);
});

test("what is kept for a server that left the config waits until it is back", async () => {
  const directory = temporaryDirectory("objects");
  const [a, b] = [await influxdb(), await influxdb()];
  const first = await relay([a, b], { directory });
  await b.refuse();
  assert.equal(await write(first, "m v=1 1"), 204);
  await first.stop();
  await b.listenAgain();
  const without = await relay([a], { directory });
  await without.until(
    () => without.log().some(({ event, backend }) => event === "spool-without-backend" && backend === "b"),
    "the warning",
  );
  await without.stop();
  assert.equal(b.points("demo").length, 0);
  const again = await relay([a, b], { directory });
  assert.equal(await write(again, "m v=2 2"), 204);
  await arrived(b, 2);
  assert.deepEqual(linesAt(b), ["m v=1 1", "m v=2 2"]);
});

test("a client's credentials go to an object only if the config says so", async () => {
  const [a, b] = [await influxdb(), await influxdb()];
  const headers = { authorization: `Basic ${btoa("u:p")}` };
  const send = async ({ url }: RunningWorker, i: number) => {
    const body = `m v=${i} ${i}`;
    return (await fetch(`${url}/write?db=demo`, { method: "POST", body, headers })).status;
  };
  const without = await relay([a, b], { output: ", buffer-size-mb = 0" });
  await b.refuse();
  assert.equal(await send(without, 0), 204);
  await without.until(() => without.log().some(({ event }) => event === "write-lost"), "the lost write");
  const key = btoa("k".repeat(32));
  const stored = await relay([a, b], { spool: `store-credentials = true\ncredentials-key = "${key}"` });
  assert.equal(await send(stored, 1), 204);
  await b.listenAgain();
  await arrived(b, 1);
  const last = b.requests.findLast(({ path }) => path.startsWith("/write"));
  assert.deepEqual([last?.text.trim(), last?.headers.authorization], ["m v=1 1", headers.authorization]);
});

test("[spool] needs the binding of the objects, and bodies that go to one at a time", () => {
  const output = 'output = [{ location = "http://a.test" }]';
  const text = `[spool]\ndir = "object"\n[[http]]\nmax-body-size = 40000000\n${output}`;
  const isTold = (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    const [binding, body] = error.problems;
    assert.match(binding?.message ?? "", /RELAY_SPOOL.*wrangler\.toml/);
    assert.deepEqual([error.problems.length, body?.path], [2, "http[0].max-body-size"]);
    return true;
  };
  assert.throws(() => readConfig({ text }, {}), isTold);
});

/** As if the runtime had given them up. */
function deleteAlarms(directory: string): void {
  const files = globSync("*/metadata.sqlite", { cwd: directory });
  assert.ok(files.length > 0);
  for (const file of files) {
    const database = new DatabaseSync(join(directory, file));
    assert.notEqual(database.prepare("DELETE FROM _cf_ALARM").run().changes, 0);
    database.close();
  }
}
