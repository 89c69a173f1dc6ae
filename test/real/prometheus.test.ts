import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { METRICS, sampleName } from "../../src/observe/metrics.ts";
import { temporaryDirectory } from "../support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RealPrometheus, startRealPrometheus } from "../support/real-prometheus.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { runProgram } from "../support/run-program.ts";
import { poll } from "../support/wait.ts";

const TOKEN = "of-the-scraper";
const example = (name: string) =>
  fileURLToPath(new URL(`../../examples/monitoring/${name}`, import.meta.url));
const NAMES = new Set(
  Object.values(METRICS)
    .flat()
    .flatMap((metric) => {
      const name = sampleName(metric);
      return metric.type === "histogram" ? ["bucket", "sum", "count"].map((end) => `${name}_${end}`) : name;
    }),
);
/** What only is there while the relay repairs something, has checked everything, or has something that waits. */
const SOMETIMES = /_(recovery_progress_ratio|recovery_r[a-z_]+|check_end_timestamp_seconds)$/;

describe("/metrics", { skip: requireReal("prometheus", "promtool") }, () => {
  let a: FaultyInfluxdb;
  let b: FaultyInfluxdb;
  let relay: RelayProcess;
  let prometheus: RealPrometheus;

  before(async () => {
    [a, b] = await Promise.all([
      startFaultyInfluxdb({ databases: ["d"] }),
      startFaultyInfluxdb({ databases: ["d"] }),
    ]);
    relay = await startRelay({ config: configText(a, b) });
    const target = (name: string) => JSON.stringify(new URL(relay.url(name)).host);
    prometheus = await startRealPrometheus(`
  - { job_name: listener, static_configs: [{ targets: [${target("main")}] }] }
  - job_name: admin
    authorization: { credentials: ${TOKEN} }
    static_configs: [{ targets: [${target("[admin]")}] }]
`);
    await b.refuse();
    for (let i = 0; i < 3; i++) assert.equal(await write("main", `m,t=x v=${i} 1\nm,t=y v=${i} 1`), 204);
    assert.equal(await write("sharded", "m,t=x v=1 1"), 204);
    const answer = await fetch(`${relay.url("main")}/query?db=d&q=${encodeURIComponent("SHOW DATABASES")}`);
    assert.equal(answer.status, 200, await answer.text());
    const socket = createSocket("udp4");
    for (const name of ["udp", "udp-on"]) {
      for (const text of ["m v=1 1", "# nothing"]) socket.send(text, relay.port(name), "127.0.0.1");
    }
    await poll(
      async () =>
        (await scrape()).includes('udp_dropped_datagrams_total{listener="udp-on",reason="empty"} 1'),
      "UDP",
    );
    socket.close();
  });
  after(() => Promise.all([prometheus?.close(), relay?.kill(), a?.close(), b?.close()]));

  async function write(listener: string, body: string): Promise<number> {
    const response = await fetch(`${relay.url(listener)}/write?db=d`, { method: "POST", body });
    await response.arrayBuffer();
    return response.status;
  }

  async function scrape(accept = "text/plain"): Promise<string> {
    const response = await fetch(`${relay.url("main")}/metrics`, { headers: { accept } });
    assert.equal(response.status, 200);
    return response.text();
  }

  test("Prometheus scrapes each kind of listener, and knows what the relay counted", async () => {
    for (const job of ["listener", "admin"]) {
      const value = async (series: string) => {
        const name = series.replace("{", `{job="${job}",`);
        return (await prometheus.query(`influxdb_relay_${name}`))[0]?.value;
      };
      const expected: Readonly<Record<string, number>> = {
        'writes_total{listener="main",outcome="stored"}': 3,
        'write_lines_total{listener="main"}': 6,
        'write_bytes_total{listener="main"}': 69,
        'write_duration_seconds_count{listener="main"}': 3,
        'write_duration_seconds_bucket{listener="main",le="+Inf"}': 3,
        'query_reads_total{listener="main",outcome="answered"}': 1,
        'shard_lines_total{listener="sharded",shard="one"}': 1,
        'backend_up{backend="a"}': 1,
        'backend_up{backend="b"}': 0,
        'backend_in_sync{backend="b"}': 0,
        'spool_records{backend="b",log="main"}': 4,
        'udp_datagrams_total{listener="udp"}': 2,
        'udp_dropped_datagrams_total{listener="udp",reason="empty"}': 1,
        'udp_output_datagrams_total{listener="udp-on",output="away",result="sent"}': 1,
        'recovery_state{backend="b",state="idle"}': 1,
        'build_info{runtime="node"}': 1,
      };
      for (const [series, value_] of Object.entries(expected)) {
        await poll(async () => (await value(series)) === value_, `${job}: ${series} to be ${value_}`, 10_000);
      }
      const age = 'spool_oldest_age_seconds{backend="b",log="main"}';
      await poll(async () => Number(await value(age)) > 0, age);
      const memory = await prometheus.query(`process_resident_memory_bytes{job="${job}"}`);
      assert.ok(Number(memory[0]?.value) > 10_000_000);
    }
  });

  test("Prometheus knows types, units and words of what it scraped", async () => {
    const metadata = async () => {
      const response = await fetch(
        `${prometheus.url}/api/v1/metadata?metric=influxdb_relay_write_duration_seconds`,
      );
      return (await response.json()).data.influxdb_relay_write_duration_seconds?.[0];
    };
    await poll(async () => (await metadata()) !== undefined, "the metadata");
    const { type, unit, help } = await metadata();
    assert.deepEqual([type, unit], ["histogram", "seconds"]);
    assert.match(help, /^How long/);
  });

  test("promtool finds nothing to improve", async () => {
    const { code, stdout, stderr } = await runProgram("promtool", ["check", "metrics"], {
      input: await scrape(),
    });
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  });

  test("it is what docs/metrics.md lists: names, and one series for each", async () => {
    const text = await scrape();
    const exported = new Set([...text.matchAll(/^(\w+)[{ ]/gm)].map(([, name]) => name));
    assert.deepEqual(
      [...exported].filter((name = "") => !NAMES.has(name)),
      [],
    );
    const missing = [...NAMES].filter((name) => !exported.has(name) && !SOMETIMES.test(name));
    assert.deepEqual(missing, []);
  });

  test("it tells no address, no secret, no database, and the type that it was asked for", async () => {
    for (const [accept, type] of [
      [
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
      ],
      ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
    ] as const) {
      const response = await fetch(`${relay.url("main")}/metrics`, { headers: { accept } });
      assert.equal(response.headers.get("content-type"), type);
      const text = await response.text();
      assert.ok(!/127\.0\.0\.1|http:|of-the-scraper|"d"/.test(text), text);
    }
    const refused = await fetch(`${relay.url("[admin]")}/metrics`);
    assert.equal(refused.status, 401);
    await refused.arrayBuffer();
  });

  test("the alerts of examples/monitoring/ pass their tests, and its configuration is right", async () => {
    for (const args of [
      ["check", "config", example("prometheus.yml")],
      ["test", "rules", example("rules.test.yml")],
    ]) {
      const { code, stdout, stderr } = await runProgram("promtool", args);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  test("each alert has a test, and a line that says what to do", () => {
    const alerts = [...readFileSync(example("rules.yml"), "utf8").matchAll(/- alert: (\w+)/g)].map(
      ([, name]) => name,
    );
    assert.ok(alerts.length > 5);
    const tests = readFileSync(example("rules.test.yml"), "utf8");
    const readme = readFileSync(example("README.md"), "utf8");
    for (const alert of alerts) {
      assert.ok(tests.includes(`alertname: ${alert}\n`), alert);
      assert.ok(readme.includes(`\n| \`${alert}\` |`), alert);
    }
  });

  test("the dashboard and the alerts name nothing that is not exported, and Prometheus understands each expression", async () => {
    const { panels } = JSON.parse(readFileSync(example("dashboard.json"), "utf8")) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.ok(expressions.length > 30);
    const rules = readFileSync(example("rules.yml"), "utf8");
    for (const text of [...expressions, rules]) {
      for (const [name] of text.matchAll(/\b(influxdb_relay|process)_\w+/g)) assert.ok(NAMES.has(name), name);
    }
    for (const expr of expressions) {
      const filled = expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(instance|job)/g, ".*");
      await prometheus.query(filled);
    }
  });
});

function configText(a: FaultyInfluxdb, b: FaultyInfluxdb): string {
  const output = (name: string, { url }: FaultyInfluxdb) => `{ name = "${name}", location = "${url}/write" }`;
  return `[admin]
bind-addr = "127.0.0.1:0"
token = "${TOKEN}"
[spool]
dir = "${join(temporaryDirectory("metrics"), "spool")}"
fsync = "always"
[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [${output("a", a)}, ${output("b", b)}]
[[http]]
name = "sharded"
bind-addr = "127.0.0.1:0"
shard-by = "measurement"
[[http.shard]]
name = "one"
output = [${output("a", a)}, ${output("b", b)}]
[[udp]]
name = "udp"
bind-addr = "127.0.0.1:0"
to = "main"
database = "d"
batch-timeout = "1h"
[[udp]]
name = "udp-on"
bind-addr = "127.0.0.1:0"
output = [{ name = "away", location = "127.0.0.1:9" }]
`;
}
