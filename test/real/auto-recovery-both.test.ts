import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { createRecoveryCommand, type RecoveryCommand } from "./recovery-command.ts";
import { ask, eventually, mainListener, write } from "./replica-set.ts";

/** A recovery of both, one after the other, on a busy machine. */
const REPAIRED_MS = 60_000;
const START_NS = 1_700_000_000_000_000_000n;
const APART_NS = 1_000_000_000n;
/** Of 1 KiB; together more than the buffer for a server that is down. */
const LINES = 500;
const BATCHES = 5;

const NAMES = ["a", "b"] as const;
type Name = (typeof NAMES)[number];

describe("two replicas that each lost writes while the other one was up", {
  skip: requireReal("influxd"),
}, () => {
  let servers: Record<Name, RealInfluxdb>;
  let relay: RelayProcess;
  let command: RecoveryCommand;

  before(async () => {
    const [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["apart", "mixed"] }),
      startRealInfluxdb({ databases: ["apart", "mixed"] }),
    ]);
    servers = { a, b };
    const output = 'timeout = "2s", health-check-interval = "100ms", buffer-size-mb = 1';
    const text = (port: number) =>
      `[admin]\nbind-addr = "127.0.0.1:${port}"\n${mainListener([a, b], output)}`;
    relay = await startRelay({ config: text(0) });
    command = createRecoveryCommand(text(relay.port("[admin]")));
    await poll(async () => (await backend("b")).inSync, "both to be in sync");
  });
  after(async () => {
    command?.close();
    await Promise.all([relay?.kill(), servers?.a.close(), servers?.b.close()]);
  });

  const status = async () => readStatus<Status>((await ask(relay.url("main"), "/status")).body);
  const backend = async (name: Name) =>
    (await status()).backends.find((each) => each.name === name) ?? assert.fail(name);
  const recovery = async (name: Name) =>
    (await status()).recovery.backends.find((each) => each.name === name) ?? assert.fail(name);
  const output = () => `\n${relay.output}`;
  const points = async (name: Name, db: string) => new Set(await servers[name].points(db));

  /** Again until it is stored, as a client does: of two servers one is down, and the other one has only just come up. */
  async function writeLines(db: string, body: readonly string[]): Promise<void> {
    let answer = "";
    await poll(
      async () => {
        const { status: code, body: text } = await write(relay.url("main"), db, body.join("\n"));
        answer = text;
        return code === 204;
      },
      "a write to be stored",
      REPAIRED_MS,
      () => answer,
    );
  }

  /** Points that differ in nothing but `source` and their times, which begin at `at` and are `stepNs` apart. */
  async function writeMany(db: string, source: string, at: bigint, stepNs: bigint): Promise<void> {
    for (let i = 0; i < BATCHES; i++) {
      const lines = Array.from({ length: LINES }, (_, n) => {
        const time = at + BigInt(i * LINES + n) * stepNs;
        return `m,source=${source} v=${n},s="${"x".repeat(1_024)}" ${time}`;
      });
      await writeLines(db, lines);
    }
  }

  /** What is written while only one of them is up; neither lacks anything in the beginning, both do in the end. */
  async function loseBoth(
    db: string,
    before: readonly string[],
    writes: Readonly<Record<Name, () => Promise<void>>>,
  ): Promise<void> {
    await writeLines(db, before);
    await poll(async () => (await points("b", db)).size === before.length, "the first points at both");
    const isDown = (name: Name) =>
      poll(async () => (await backend(name)).state === "down", `${name} to be down`);
    const isUp = (name: Name) => poll(async () => (await backend(name)).state !== "down", `${name} to be up`);
    await servers.b.kill();
    await isDown("b");
    await writes.a();
    await servers.a.kill();
    await isDown("a");
    await servers.b.start();
    await isUp("b");
    await writes.b();
    assert.ok((await backend("b")).lost.length > 0 && (await backend("a")).lost.length > 0, output());
    // What has happened since is told, and is no refusal.
    const { headers, status: code } = await count(db);
    assert.equal(code, 200);
    assert.match(headers.get("x-relay-stale") ?? "", /^\d+$/);
    await servers.a.start();
    await isUp("a");
  }

  const bothInSync = () =>
    poll(
      async () => (await Promise.all(NAMES.map(backend))).every(({ inSync }) => inSync),
      "both to be in sync",
      REPAIRED_MS,
      output,
    );
  const count = (db: string) =>
    ask(relay.url("main"), `/query?${new URLSearchParams({ db, q: "SELECT count(v) FROM m" })}`);

  test("both are repaired from each other where they lost other times", async () => {
    const far = START_NS + 1_000n * APART_NS;
    // In the time shard of both ranges: what is copied of one must not bring back what was overwritten in the other.
    const before = [`m,source=a v=-1 ${START_NS}`, `m,source=b v=-1 ${far}`];
    await loseBoth("apart", before, {
      a: () => writeMany("apart", "a", START_NS, 1n),
      b: () => writeMany("apart", "b", far, 1n),
    });
    await bothInSync();
    const a = await points("a", "apart");
    assert.equal(a.size, 2 * BATCHES * LINES);
    assert.ok(
      ![...a].some((line) => line.includes("v=-1")),
      "something was overwritten by what it was before",
    );
    assert.deepEqual(await points("b", "apart"), a);
    for (const name of NAMES) {
      const { last, alarms } = await recovery(name);
      assert.deepEqual([last?.kind, last?.result, alarms], ["repair", "equal", []], output());
      assert.ok(last && last.points > 0 && last.points < BATCHES * LINES, `${last?.points}`);
    }
  });

  test("nothing is copied where the lost times are the same, and a person is told", async () => {
    await loseBoth("mixed", [`before v=1 ${START_NS}`], {
      a: () => writeMany("mixed", "a", START_NS, 2n),
      b: () => writeMany("mixed", "b", START_NS + 1n, 2n),
    });
    const alarms = async () =>
      (await Promise.all(NAMES.map(recovery))).flatMap(({ name, alarms }) =>
        alarms.map(({ db, bothDiffer }) => ({ name, db, bothDiffer })),
      );
    await eventually(
      alarms,
      NAMES.map((name) => ({ name, db: "mixed", bothDiffer: true })),
      "an alarm at both",
      REPAIRED_MS,
    );
    const [a, b] = await Promise.all(NAMES.map((name) => points(name, "mixed")));
    assert.equal(new Set([...a!, ...b!]).size, 1 + 2 * BATCHES * LINES);
    // Each has what it had, and the times that only one of them lost.
    for (const { size } of [a!, b!]) assert.ok(size < 1 + 2 * BATCHES * LINES - 1_000, `${size}`);
    assert.match((await count("mixed")).headers.get("x-relay-stale") ?? "", /^\d+$/);
    // As docs/recovery.md has it for who wants what either of them has.
    const codes: (number | string)[] = [];
    for (const [from, to] of [
      ["a", "b"],
      ["b", "a"],
      ["a", "b"],
    ] as const) {
      const { code } = await command.run(
        "recover",
        "--backend",
        to,
        "--from",
        from,
        "--db",
        "mixed",
        "--deep",
      );
      codes.push(code);
    }
    assert.deepEqual(codes, [1, 0, 0]);
    await bothInSync();
    await eventually(alarms, [], "the alarms to end");
    for (const name of NAMES) assert.deepEqual(await points(name, "mixed"), new Set([...a!, ...b!]));
  });
});
