import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, describe, test } from "node:test";
import { nodePlatform } from "../../../adapters/node/platform.ts";
import { freePorts } from "../../../examples/ha/free-ports.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { diagnose } from "../../../src/doctor/doctor.ts";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "../../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../../support/relay-process.ts";
import { findProgram, requireReal } from "../../support/require-real.ts";
import { poll } from "../../support/wait.ts";
import { ask, backendStatus, eventually, write } from "../replica-set.ts";

const DB = "shared";
/** VictoriaMetrics keeps milliseconds, and drops what is older than its retention: now, in whole seconds. */
const NOW_MS = Math.floor(Date.now() / 1_000) * 1_000;

/** One replica by each API; and one by the API of 1.x, where it gets no queries because it cannot answer InfluxQL. */
function configOf(influxdb: { readonly url: string }, victoria: { readonly url: string }): string {
  return `[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [
  { name = "a", location = "${influxdb.url}/write", max-delay-interval = "250ms" },
  { name = "b", location = "${victoria.url}", kind = "v2", org = "o", max-delay-interval = "250ms" },
]

[[http]]
name = "v1"
bind-addr = "127.0.0.1:0"
output = [{ name = "v1", location = "${victoria.url}/write", weight = 0 }]

[[http]]
name = "only"
bind-addr = "127.0.0.1:0"
output = [{ name = "only", location = "${victoria.url}", kind = "v2", org = "o", gzip = true }]

[[udp]]
name = "udp"
bind-addr = "127.0.0.1:0"
to = "main"
database = "${DB}"
precision = "s"
batch-timeout = "10ms"
`;
}

describe("VictoriaMetrics beside an InfluxDB", {
  skip: requireReal("influxd", "victoria-metrics"),
}, () => {
  const dir = temporaryDirectory("victoria-metrics");
  let influxdb: RealInfluxdb;
  let victoria: { readonly url: string; child: Child };
  let relay: RelayProcess;

  async function startVictoria(port: number): Promise<Child> {
    const program = findProgram("victoria-metrics") as string;
    const listen = `127.0.0.1:${port}`;
    const child = startChild(program, [`-httpListenAddr=${listen}`, `-storageDataPath=${dir}/data`]);
    const isUp = async () =>
      (await ask(`http://${listen}`, "/health").catch(() => undefined))?.status === 200;
    await poll(isUp, "VictoriaMetrics to answer", 20_000, () => `\n${child.output}`);
    return child;
  }

  before(async () => {
    const [port = 0] = await freePorts(1);
    influxdb = await startRealInfluxdb({ databases: [DB] });
    victoria = { url: `http://127.0.0.1:${port}`, child: await startVictoria(port) };
    relay = await startRelay({ config: configOf(influxdb, victoria) });
  });
  after(async () => {
    await relay.kill();
    await Promise.all([influxdb.close(), victoria.child.stop("SIGKILL")]);
    removeDirectory(dir);
  });

  /** `NAME{tags} VALUE TIME` of what VictoriaMetrics has of a measurement. */
  async function stored(measurement: string): Promise<string[]> {
    await ask(victoria.url, "/internal/force_flush");
    const match = new URLSearchParams({ "match[]": `{__name__=~"${measurement}_.*"}` });
    const { body } = await ask(victoria.url, `/api/v1/export?${match}`);
    const series = body.split("\n").filter((line) => line !== "");
    return series
      .map(
        (line) =>
          JSON.parse(line) as { metric: Record<string, string>; values: number[]; timestamps: number[] },
      )
      .flatMap(({ metric: { __name__, ...tags }, values, timestamps }) =>
        values.map((value, i) => `${__name__} ${JSON.stringify(tags)} ${value} ${timestamps[i]}`),
      )
      .sort();
  }

  test("both have what was written by the 1.x and by the 2.x API", async () => {
    const url = relay.url("main");
    const v1 = await write(url, DB, `v1,host=a v=1.5,n=2i ${NOW_MS}`, { precision: "ms" });
    assert.equal(v1.status, 204, v1.body);
    const path = `/api/v2/write?org=o&bucket=${DB}/autogen&precision=s`;
    const v2 = await ask(url, path, { method: "POST", body: `v2,host=a v=3 ${NOW_MS / 1_000}` });
    assert.equal(v2.status, 204, v2.body);
    await eventually(
      () => influxdb.points(DB),
      [`v1,host=a n=2i,v=1.5 ${NOW_MS}000000`, `v2,host=a v=3 ${NOW_MS}000000`],
      "InfluxDB",
    );
    const tags = JSON.stringify({ db: DB, host: "a" });
    await eventually(
      () => stored("v1"),
      [`v1_n ${tags} 2 ${NOW_MS}`, `v1_v ${tags} 1.5 ${NOW_MS}`],
      "VictoriaMetrics",
    );
    await eventually(() => stored("v2"), [`v2_v ${tags} 3 ${NOW_MS}`], "VictoriaMetrics");
  });

  test("is not accused by the doctor of what it has no endpoint for", async () => {
    const text = configOf(influxdb, victoria);
    const config = parseConfig(text, { name: "", env: () => undefined, readFile: () => "" });
    const found = (
      await diagnose(
        config,
        nodePlatform(() => {}),
      )
    ).filter(({ subject }) => subject === "b");
    assert.deepEqual(
      found.map(({ level, check, message }) => [level, check, message.replace(/\d+ ms/, "n ms")]),
      [
        ["ok", "reachable", "of an unknown version, answers in n ms"],
        ["ok", "bucket", "takes the output's writes"],
      ],
    );
  });

  test("takes what the relay writes to its 1.x endpoint", async () => {
    const answer = await write(relay.url("v1"), DB, `direct,host=b v=4 ${NOW_MS}`, { precision: "ms" });
    assert.equal(answer.status, 204, answer.body);
    const tags = JSON.stringify({ db: DB, host: "b" });
    await eventually(() => stored("direct"), [`direct_v ${tags} 4 ${NOW_MS}`], "VictoriaMetrics");
  });

  test("both have a point in each precision at the same time, also one that came by UDP", async () => {
    const hour = Math.floor(NOW_MS / 3_600_000);
    const seconds = hour * 3_600;
    for (const [precision, time] of [
      ["n", `${seconds}000000000`],
      ["u", `${seconds}000000`],
      ["ms", `${seconds}000`],
      ["s", `${seconds}`],
      ["m", `${hour * 60}`],
      ["h", `${hour}`],
    ] as const) {
      const answer = await write(relay.url("main"), DB, `units,p=${precision} v=1 ${time}`, { precision });
      assert.equal(answer.status, 204, answer.body);
    }
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => {
      socket.send(`units,p=udp v=1 ${seconds}`, relay.port("udp"), "127.0.0.1", () => resolve());
    });
    socket.close();
    const units = ["h", "m", "ms", "n", "s", "u", "udp"];
    await eventually(
      () => influxdb.points(DB, { measurements: ["units"] }),
      units.map((p) => `units,p=${p} v=1 ${seconds}000000000`),
      "InfluxDB",
    );
    await eventually(
      () => stored("units"),
      units.map((p) => `units_v ${JSON.stringify({ db: DB, p })} 1 ${seconds}000`),
      "VictoriaMetrics",
    );
  });

  test("what InfluxDB missed while it was down and VictoriaMetrics stored is equal on both afterwards", async () => {
    await influxdb.stop();
    const lines = Array.from({ length: 20 }, (_, i) => `alone,i=${i} v=${i} ${NOW_MS + i}`);
    for (const line of lines) {
      const answer = await write(relay.url("main"), DB, line, { precision: "ms" });
      assert.equal(answer.status, 204, answer.body);
    }
    await influxdb.start();
    await eventually(
      () => influxdb.points(DB, { measurements: ["alone"] }),
      lines.map((line) => `${line}000000`).sort(),
      "InfluxDB",
      20_000,
    );
    const expected = lines.map((_, i) => {
      return `alone_v ${JSON.stringify({ db: DB, i: String(i) })} ${i} ${NOW_MS + i}`;
    });
    await eventually(() => stored("alone"), expected.sort(), "VictoriaMetrics");
  });

  test("a listener with nothing else answers no queries, and says so", async () => {
    const url = relay.url("only");
    const answer = await write(url, DB, `only v=1 ${NOW_MS}`, { precision: "ms" });
    assert.equal(answer.status, 204, answer.body);
    await eventually(
      () => stored("only"),
      [`only_v ${JSON.stringify({ db: DB })} 1 ${NOW_MS}`],
      "VictoriaMetrics",
    );
    for (const path of [`/query?db=${DB}&q=SHOW+DATABASES`, "/query?q=CREATE+DATABASE+x"]) {
      const { status, body } = await ask(url, path);
      assert.deepEqual(
        [status, JSON.parse(body).error.slice(0, 30)],
        [501, "no output here answers InfluxQ"],
      );
    }
    const headers = { "content-encoding": "snappy" };
    const path = `/api/v1/prom/write?db=${DB}`;
    assert.equal((await ask(url, path, { method: "POST", body: "x", headers })).status, 501);
  });

  test("queries and changes of the schema are answered by InfluxDB", async () => {
    const url = relay.url("main");
    for (let i = 0; i < 5; i++) {
      const { body } = await ask(url, `/query?db=${DB}&epoch=ms&q=SELECT+v+FROM+v1`);
      assert.deepEqual(JSON.parse(body).results[0].series[0].values, [[NOW_MS, 1.5]]);
    }
    const created = await ask(url, "/query", {
      method: "POST",
      body: new URLSearchParams({ q: "CREATE DATABASE more" }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    assert.deepEqual([created.status, created.body.trim()], [200, '{"results":[{"statement_id":0}]}']);
    assert.equal((await write(url, "more", "m v=1")).status, 204);
  });

  test("gets what it missed while it was down", async () => {
    await victoria.child.stop();
    for (let i = 0; i < 20; i++) {
      const answer = await write(relay.url("main"), DB, `missed v=${i} ${NOW_MS + i}`, { precision: "ms" });
      assert.equal(answer.status, 204, answer.body);
    }
    victoria.child = await startVictoria(Number(new URL(victoria.url).port));
    const tags = JSON.stringify({ db: DB });
    const expected = Array.from({ length: 20 }, (_, i) => `missed_v ${tags} ${i} ${NOW_MS + i}`).sort();
    await eventually(() => stored("missed"), expected, "VictoriaMetrics", 20_000);
    assert.deepEqual((await backendStatus(relay, "b")).held, []);
    const { state, backlog } = await backendStatus(relay, "b");
    assert.deepEqual({ state, backlog: backlog.records }, { state: "up", backlog: 0 });
  });
});
