import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, write } from "./replica-set.ts";

/** A recovery by both, one after the other, on a busy machine. */
const REPAIRED_MS = 60_000;
/** Of 1 KiB, in one write. The first of them are written before b is lost, the others while it is away. */
const BATCH = 600;
const FIRST = 2 * BATCH;
const POINTS = FIRST + 6 * BATCH;

describe("two relays that repair by themselves", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relays: RelayProcess[];

  /** Each copies so slowly that the other one comes while it is at it, and keeps so little that both lose something. */
  function config(peer: RelayProcess | undefined, by: string): string {
    const peers = peer === undefined ? "" : `peers = ["http://127.0.0.1:${peer.port("[admin]")}"]\n`;
    const admin = `[admin]\nbind-addr = "127.0.0.1:0"\ntoken = "t"\n${peers}`;
    const output = 'timeout = "2s", health-check-interval = "100ms", buffer-size-mb = 1';
    const listener = mainListener([a, b], output, `shard-by = "${by}"`).replace(
      "output = [",
      '[[http.shard]]\nname = "s1"\noutput = [',
    );
    return `${admin}[recovery]\nmax-rate-mb-per-second = 1\n${listener}`;
  }

  async function reload(relay: RelayProcess, text: string): Promise<void> {
    const before = relay.log.length;
    writeFileSync(relay.configFile, text);
    relay.signal("SIGHUP");
    await relay.waitForLog((line) => line.event === "reloaded" && relay.log.indexOf(line) >= before);
  }

  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo"] }),
      startRealInfluxdb({ databases: ["demo"] }),
    ]);
    const one = await startRelay({ config: config(undefined, "db") });
    relays = [one];
    relays.push(await startRelay({ config: config(one, "measurement") }));
  });
  after(async () => {
    await Promise.all([...(relays ?? []).map((relay) => relay.kill()), a?.close(), b?.close()]);
  });

  const statusOf = async (relay: RelayProcess) =>
    readStatus<Status>((await ask(relay.url("main"), "/status")).body);
  const problems = async (relay: RelayProcess) =>
    (await statusOf(relay)).peers.flatMap((peer) => peer.problems.map(({ kind }) => kind));
  const health = async (relay: RelayProcess) => (await ask(relay.url("main"), "/health/backends/b")).status;
  const output = () => relays.map((relay) => relay.output).join("\n----\n");
  const both = (holds: (relay: RelayProcess) => Promise<boolean>, what: string, limitMs?: number) =>
    poll(async () => (await Promise.all(relays.map(holds))).every(Boolean), what, limitMs, output);

  async function accepted(relay: RelayProcess, lines: string): Promise<void> {
    const { status, body } = await write(relay.url("main"), "demo", lines);
    assert.equal(status, 204, body);
  }

  async function writePoints(from: number, until: number): Promise<void> {
    for (let start = from; start < until; start += BATCH) {
      const lines = Array.from({ length: BATCH }, (_, i) => {
        const at = start + i;
        return `m,t=${at % 10} v=${at},s="${"x".repeat(1_024)}" ${1_700_000_000_000_000_000n + BigInt(at)}`;
      });
      await accepted(relays[(start / BATCH) % 2]!, lines.join("\n"));
    }
  }

  test("know each other as soon as a reload names the peer, and that they divide points differently", async () => {
    const [one, two] = relays as [RelayProcess, RelayProcess];
    assert.deepEqual((await statusOf(one)).peers, []);
    await reload(one, config(two, "db"));
    await both(async (relay) => {
      const [peer] = (await statusOf(relay)).peers;
      return peer?.reachable === true && (await problems(relay)).join() === "other-map";
    }, "an alarm at both");
    await reload(two, config(one, "db"));
    assert.deepEqual(await problems(two), []);
  });

  test("a server that was rebuilt empty is copied by one of them, the other one waits, and nothing is lost", async () => {
    await both(async (relay) => (await health(relay)) === 200, "b to be in sync");
    await writePoints(0, FIRST);
    const { port } = b;
    await b.close();
    await both(async (relay) => (await health(relay)) === 503, "b to be out");
    await writePoints(FIRST, POINTS);
    b = await startRealInfluxdb({ port });
    const waits = async (relay: RelayProcess) =>
      (await statusOf(relay)).recovery.backends.some(({ waiting = "" }) =>
        /^the relay 127\.0\.0\.1:\d+ repairs it$/.test(waiting),
      );
    let live = 0;
    const writeLive = async () => {
      for (const relay of relays)
        await accepted(relay, `live,t=${live % 3} v=${live} ${1_700_000_000_000_000_000n + BigInt(live++)}`);
    };
    await poll(
      async () => {
        await writeLive();
        return (await Promise.all(relays.map(waits))).includes(true);
      },
      "one to wait for the other",
      REPAIRED_MS,
      output,
    );
    await writeLive();
    await both(
      async (relay) =>
        (await health(relay)) === 200 &&
        (await statusOf(relay)).recovery.backends.every(({ state }) => state === "idle"),
      "b to be in sync at both",
      REPAIRED_MS,
    );
    const points = await a.points("demo");
    assert.equal(points.length, POINTS + live);
    assert.deepEqual(await b.points("demo"), points);
    assertNeverAtOnce();
    const copied = (await Promise.all(relays.map(statusOf))).map(({ recovery }) => {
      return recovery.backends.find(({ name }) => name === "b")?.last?.points ?? assert.fail(output());
    });
    assert.ok(Math.max(...copied) >= POINTS / 2, `${copied}`);
    assert.ok(Math.min(...copied) < POINTS / 10, `both copied it: ${copied}`);
    await both(async (relay) => (await problems(relay)).length === 0, "the alarm to end at both");
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
