import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePorts } from "../../../examples/ha/free-ports.ts";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "../../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../../support/relay-process.ts";
import { findProgram, requireReal } from "../../support/require-real.ts";
import { poll } from "../../support/wait.ts";
import { ask, backendStatus, eventually, write } from "../replica-set.ts";

const DB = "shared";
/** VictoriaMetrics keeps milliseconds, and drops what is older than its retention: now, in whole seconds. */
const NOW_MS = Math.floor(Date.now() / 1_000) * 1_000;

/** It cannot answer InfluxQL, so that it gets no queries. */
function configOf(influxdb: { readonly url: string }, victoria: { readonly url: string }): string {
  return `[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [
  { name = "a", location = "${influxdb.url}/write", max-delay-interval = "250ms" },
  { name = "b", location = "${victoria.url}/write", max-delay-interval = "250ms", weight = 0 },
]

[[http]]
name = "v2"
bind-addr = "127.0.0.1:0"
output = [{ name = "v2", location = "${victoria.url}/api/v2/write", weight = 0 }]
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

  test("takes what the relay writes to its 2.x endpoint", async () => {
    const answer = await write(relay.url("v2"), DB, `direct,host=b v=4 ${NOW_MS}`, { precision: "ms" });
    assert.equal(answer.status, 204, answer.body);
    const tags = JSON.stringify({ db: DB, host: "b" });
    await eventually(() => stored("direct"), [`direct_v ${tags} 4 ${NOW_MS}`], "VictoriaMetrics");
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
    const { state, backlog } = await backendStatus(relay, "b");
    assert.deepEqual({ state, backlog: backlog.records }, { state: "up", backlog: 0 });
  });
});
