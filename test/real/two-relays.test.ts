import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePorts } from "../../examples/ha/free-ports.ts";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, write } from "./replica-set.ts";

/** A recovery by both, one after the other, on a busy machine. */
const REPAIRED_MS = 60_000;
const POINTS = 40_000;
const BATCH = 5_000;

describe("two relays that repair by themselves", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relays: RelayProcess[];

  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo"] }),
      startRealInfluxdb({ databases: ["demo"] }),
    ]);
    const ports = await freePorts(2);
    const config = (own: number) => {
      const peers = `peers = ["http://127.0.0.1:${ports[1 - own]}"]`;
      const admin = `[admin]\nbind-addr = "127.0.0.1:${ports[own]}"\ntoken = "t"\n${peers}\n`;
      const output = 'timeout = "2s", health-check-interval = "100ms"';
      // Slow enough that the other relay comes while one is at it.
      return `${admin}[recovery]\nmax-rate-mb-per-second = 1\n${mainListener([a, b], output)}`;
    };
    relays = await Promise.all([0, 1].map((own) => startRelay({ config: config(own) })));
  });
  after(async () => {
    await Promise.all([...(relays ?? []).map((relay) => relay.kill()), a?.close(), b?.close()]);
  });

  const statusOf = async (relay: RelayProcess) =>
    readStatus<Status>((await ask(relay.url("main"), "/status")).body);
  const health = async (relay: RelayProcess) => (await ask(relay.url("main"), "/health/backends/b")).status;
  const output = () => relays.map((relay) => relay.output).join("\n----\n");
  const both = (holds: (relay: RelayProcess) => Promise<boolean>, what: string, limitMs?: number) =>
    poll(async () => (await Promise.all(relays.map(holds))).every(Boolean), what, limitMs, output);

  test("know each other", async () => {
    await both(async (relay) => {
      const [peer] = (await statusOf(relay)).peers;
      return peer?.reachable === true && peer.problems.length === 0;
    }, "each to have seen the other");
  });

  test("a server that was rebuilt empty is copied by one of them, the other one waits, and nothing is lost", async () => {
    await both(async (relay) => (await health(relay)) === 200, "b to be in sync");
    for (let from = 0; from < POINTS; from += BATCH) {
      const lines = Array.from({ length: BATCH }, (_, i) => {
        const at = from + i;
        return `m,t=${at % 10} v=${at},s="${"x".repeat(60)}" ${1_700_000_000_000_000_000n + BigInt(at)}`;
      });
      const { status, body } = await write(relays[0]!.url("main"), "demo", lines.join("\n"));
      assert.equal(status, 204, body);
    }
    const { port } = b;
    await b.close();
    await both(async (relay) => (await health(relay)) === 503, "b to be out");
    b = await startRealInfluxdb({ port });
    let live = 0;
    const waited = new Set<string>();
    await both(
      async (relay) => {
        const at = live++;
        const line = `live,t=${at % 3} v=${at} ${1_700_000_000_000_000_000n + BigInt(at)}`;
        const { status, body } = await write(relay.url("main"), "demo", line);
        assert.equal(status, 204, body);
        const { recovery } = await statusOf(relay);
        const { waiting = "" } = recovery.backends.find(({ name }) => name === "b") ?? {};
        waited.add(waiting);
        return (await health(relay)) === 200 && recovery.backends.every(({ state }) => state === "idle");
      },
      "b to be in sync at both",
      REPAIRED_MS,
    );
    await both(
      async (relay) => (await statusOf(relay)).backends.every(({ inSync }) => inSync),
      "all to be delivered",
    );
    const points = await a.points("demo");
    assert.equal(points.length, POINTS + live);
    assert.deepEqual(await b.points("demo"), points);
    assert.ok(
      [...waited].some((why) => /^the relay 127\.0\.0\.1:\d+ repairs it$/.test(why)),
      [...waited].join("\n"),
    );
    assertNeverAtOnce();
    const copied = (await Promise.all(relays.map(statusOf))).map(({ recovery }) => {
      return recovery.backends.find(({ name }) => name === "b")?.last?.points ?? assert.fail(output());
    });
    assert.ok(Math.max(...copied) >= POINTS * 0.9, `${copied}`);
    assert.ok(Math.min(...copied) < POINTS / 10, `both copied it: ${copied}`);
  });

  /** By their logs, in the time of one machine. */
  function assertNeverAtOnce(): void {
    const spans = relays.map(({ log }) =>
      log
        .filter(({ event }) => event === "recovery-begins" || event === "recovery-ended")
        .map(({ event, time }) => ({ begins: event === "recovery-begins", at: Date.parse(`${time}`) })),
    );
    const all = spans.flatMap((events, relay) => events.map((each) => ({ ...each, relay })));
    all.sort((x, y) => x.at - y.at || Number(x.begins) - Number(y.begins));
    let running: number | undefined;
    for (const { begins, relay } of all) {
      assert.ok(running === undefined || running === relay, `both at once:\n${output()}`);
      running = begins ? relay : undefined;
    }
    assert.ok(all.length >= 4, output());
  }
});
