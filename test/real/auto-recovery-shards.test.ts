import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, write } from "./replica-set.ts";

/** A recovery of two servers, one after the other, on a busy machine. */
const REPAIRED_MS = 60_000;
const CUSTOMERS = 12;
const START_NS = 1_700_000_000_000_000_000n;
/** Of 1 KiB; more than the buffers of a shard keep for a server that is down. */
const LINES = 1_000;
const BATCHES = 4;

describe("two shards of two replicas each, of which one lost everything and one some writes", {
  skip: requireReal("influxd"),
}, () => {
  const servers: Record<string, RealInfluxdb> = {};
  const names = ["a1", "b1", "a2", "b2"];
  const server = (name: string) => servers[name] ?? assert.fail(name);
  let relay: RelayProcess;
  /** Points that were written, by customer. */
  const written = new Array<number>(CUSTOMERS).fill(0);
  let lines = 0;

  before(async () => {
    await Promise.all(
      names.map(async (name) => {
        servers[name] = await startRealInfluxdb();
      }),
    );
    const output = (name: string) =>
      `  { name = "${name}", location = "${server(name).url}/write", timeout = "2s", health-check-interval = "100ms", max-delay-interval = "250ms", buffer-size-mb = 1 },\n`;
    const shard = (n: number) =>
      `[[http.shard]]\nname = "s${n}"\noutput = [\n${output(`a${n}`)}${output(`b${n}`)}]\n`;
    relay = await startRelay({
      config: `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\nshard-by = "tag:customer"\n${shard(1)}${shard(2)}`,
    });
    await poll(async () => (await outOfSync()).length === 0, "all to be in sync");
    assert.equal((await query("CREATE DATABASE demo")).error, undefined);
  });
  after(async () => {
    await Promise.all([relay?.kill(), ...Object.values(servers).map((each) => each.close())]);
  });

  async function query(q: string) {
    const parameters = new URLSearchParams({ q, db: "demo" });
    const { status, body } = await ask(relay.url("main"), `/query?${parameters}`, { method: "POST" });
    assert.equal(status, 200, body);
    return JSON.parse(body).results[0];
  }

  const status = async () => readStatus<Status>((await ask(relay.url("main"), "/status")).body);
  const outOfSync = async () =>
    (await status()).backends.filter(({ inSync }) => !inSync).map(({ name }) => name);

  async function writeLines(count: number, text = ""): Promise<void> {
    const body = Array.from({ length: count }, () => {
      const customer = lines % CUSTOMERS;
      written[customer]!++;
      return `m,customer=c${customer} v=${lines}i,s="${text}" ${START_NS + BigInt(lines++)}`;
    });
    const answer = await write(relay.url("main"), "demo", body.join("\n"));
    assert.equal(answer.status, 204, answer.body);
  }

  /** A query over both shards, one over one of them, and one over each series. */
  async function assertAnswersRight(): Promise<void> {
    const all = await query("SELECT count(v), max(v) FROM m");
    assert.deepEqual(all.series[0].values[0].slice(1), [lines, lines - 1]);
    const each = await query("SELECT count(v) FROM m GROUP BY customer");
    const counts = each.series.map(({ tags, values }: { tags: { customer: string }; values: number[][] }) => [
      tags.customer,
      values[0]?.[1],
    ]);
    assert.deepEqual(Object.fromEntries(counts), Object.fromEntries(written.map((n, i) => [`c${i}`, n])));
    const one = await query("SELECT count(v) FROM m WHERE customer = 'c5'");
    assert.equal(one.series[0].values[0][1], written[5]);
  }

  test("each gets what is its shard's from the replica there, and answers are right all the time", async () => {
    await writeLines(LINES);
    await assertAnswersRight();
    const { port } = server("b1");
    await Promise.all([server("b1").close(), server("b2").kill()]);
    const isOut = async () => (await outOfSync()).join() === "b1,b2";
    await poll(isOut, "the two to be out");
    for (let i = 0; i < BATCHES; i++) await writeLines(LINES, "x".repeat(1_024));
    await assertAnswersRight();
    servers["b1"] = await startRealInfluxdb({ port });
    await server("b2").start();
    await poll(
      async () => {
        await writeLines(5);
        await assertAnswersRight();
        return (await outOfSync()).length === 0;
      },
      "all to be in sync",
      REPAIRED_MS,
      () => `\n${relay.output}`,
    );
    const { backends } = (await status()).recovery;
    const last = (name: string) => backends.find((backend) => backend.name === name)?.last;
    const points: Record<string, string[]> = {};
    await poll(async () => {
      for (const name of names) points[name] = await server(name).points("demo");
      return (
        points["a1"]!.length + points["a2"]!.length === lines &&
        points["b1"]?.length === points["a1"]?.length &&
        points["b2"]?.length === points["a2"]?.length
      );
    }, "the last writes to arrive");
    for (const n of [1, 2]) {
      assert.deepEqual(points[`b${n}`], points[`a${n}`]);
      const { kind, from, result, points: copied } = last(`b${n}`) ?? assert.fail(relay.output);
      assert.deepEqual({ kind, from, result }, { kind: "repair", from: `a${n}`, result: "equal" });
      assert.ok(copied > 0);
      assert.equal(last(`a${n}`), undefined);
    }
    await assertAnswersRight();
  });
});
