import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { createRecoveryCommand, type RecoveryCommand } from "./recovery-command.ts";
import { ask, mainListener, write } from "./replica-set.ts";

const HOUR_NS = 3_600_000_000_000n;
const DAY_NS = 24n * HOUR_NS;
const DAYS = 3;
const POINTS_A_DAY = 2_400;
/** So long a lease lasts that nobody renews, and what is to be delivered then. */
const LEASE_MS = 45_000;

describe("a recovery beside a running relay", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;
  let command: RecoveryCommand;

  before(async () => {
    [a, b] = await Promise.all([startRealInfluxdb(), startRealInfluxdb()]);
    const text = (port: number) =>
      `[recovery]\nmode = "manual"\n[admin]\nbind-addr = "127.0.0.1:${port}"\n${mainListener([a, b])}`;
    relay = await startRelay({ config: text(0) });
    command = createRecoveryCommand(text(relay.port("[admin]")));
  });
  after(async () => {
    command?.close();
    await Promise.all([relay?.kill(), a?.close(), b?.close()]);
  });

  /** Midnight, so many days before today. */
  const today = BigInt(Date.now()) * 1_000_000n - ((BigInt(Date.now()) * 1_000_000n) % DAY_NS);
  const daysAgo = (days: number) => today - BigInt(days) * DAY_NS;

  /** Time shards of a day with points all day long; b was down for an hour of one of them. */
  async function createDays(db: string): Promise<void> {
    const lines: { at: bigint; line: string }[] = [];
    for (let day = 1; day <= DAYS; day++) {
      for (let i = 0; i < POINTS_A_DAY; i++) {
        const at = daysAgo(day) + (BigInt(i) * DAY_NS) / BigInt(POINTS_A_DAY);
        lines.push({ at, line: `m,t=${i % 4} v=${i},s="${i}" ${at}` });
      }
    }
    const [from, until] = [daysAgo(2) + 5n * HOUR_NS, daysAgo(2) + 6n * HOUR_NS];
    for (const server of [a, b]) {
      await server.query(`CREATE DATABASE ${db} WITH SHARD DURATION 1d NAME days`);
      const own = lines.filter(({ at }) => server === a || at < from || at >= until);
      assert.equal((await server.write(db, own.map(({ line }) => line).join("\n"))).status, 204);
    }
  }

  const points = (server: RealInfluxdb, db: string) => server.points(db, { rp: "days" });
  const health = async () => (await ask(relay.url("main"), "/health/backends/b")).status;
  const inSync = (limitMs?: number) => poll(async () => (await health()) === 200, "b to be in sync", limitMs);

  /** Writes to today's time shard dozens of times a second until it is told to stop; then says what was answered. */
  function keepWriting(db: string): () => Promise<Map<number, number>> {
    const answers = new Map<number, number>();
    let going = true;
    const ended = (async () => {
      for (let i = 0; going; i++) {
        const line = `m,t=${i % 4} v=${i},s="live" ${today + BigInt(i % 500)}`;
        const { status } = await write(relay.url("main"), db, line);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        await setTimeout(25);
      }
    })();
    return async () => {
      going = false;
      await ended;
      return answers;
    };
  }

  test("makes the day of an outage equal while today's shard is written, and b answers nothing before", async () => {
    await createDays("outage");
    const stop = keepWriting("outage");
    const running = command.start("recover", "--backend", "b", "--json", "--max-mb-per-second", "0.01");
    await poll(async () => (await health()) === 503, "b to be out of queries");
    let isOver = false;
    let asked = 0;
    void running.ended.then(() => {
      isOver = true;
    });
    const q = `SELECT count(v) FROM m WHERE time < ${today}`;
    while (!isOver) {
      const { body } = await ask(relay.url("main"), `/query?${new URLSearchParams({ db: "outage", q })}`);
      const count = JSON.parse(body).results[0].series[0].values[0][1];
      assert.equal(count, DAYS * POINTS_A_DAY, "b answered before it was equal");
      asked++;
      await setTimeout(25);
    }
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stdout + stderr);
    assert.ok(asked > 0);
    const report = JSON.parse(stdout);
    assert.ok(report.copied.points >= POINTS_A_DAY / 24, stdout);
    assert.ok(report.copied.points < POINTS_A_DAY, `what did not differ was copied: ${stdout}`);
    const answers = await stop();
    assert.deepEqual([...answers.keys()], [204]);
    await inSync();
    assert.deepEqual(await points(b, "outage"), await points(a, "outage"));
    assert.equal((await command.run("compare", "--from", "a", "--to", "b", "--deep")).code, 0);
  });

  test("one that is killed holds nothing for long, and the next one finishes", async () => {
    await createDays("killed");
    const stop = keepWriting("killed");
    const args = ["recover", "--backend", "b", "--json"];
    const killed = command.start(...args, "--max-mb-per-second", "0.0005");
    await relay.waitForLog(
      ({ event, command: given, db }) => event === "admin-command" && given === "hold" && db === "killed",
    );
    killed.kill("SIGKILL");
    assert.equal((await killed.ended).code, "SIGKILL");
    assert.equal(await health(), 503);
    const { code, stdout, stderr } = await command.run(...args);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual([...(await stop()).keys()], [204]);
    await relay.waitForLog(({ event }) => event === "lease-expired", LEASE_MS);
    await inSync();
    assert.deepEqual(await points(b, "killed"), await points(a, "killed"));
  });

  test("is refused beside a relay that cannot be asked to hold its writes back", async () => {
    const spool = temporaryDirectory("spool");
    const config = `[spool]\ndir = "${spool}"\n${mainListener([a, b])}`;
    const other = await startRelay({ config });
    const own = createRecoveryCommand(config);
    try {
      const { code, stderr } = await own.run("recover", "--backend", "b");
      assert.equal(code, 1, stderr);
      assert.match(stderr, /add \[admin\] and restart it, or stop it/);
      assert.equal((await own.run("recover", "--backend", "b", "--dry-run")).code, 0);
      await other.stop();
      assert.equal((await own.run("recover", "--backend", "b")).code, 0);
    } finally {
      own.close();
      await other.kill();
      removeDirectory(spool);
    }
  });

  test("copies from no server that has other data", async () => {
    const shard = (name: string, { url }: RealInfluxdb) =>
      `[[http.shard]]\nname = "of-${name}"\noutput = [{ name = "${name}", location = "${url}" }]\n`;
    const shards = shard("a", a) + shard("b", b);
    const own = createRecoveryCommand(
      `[[http]]\nbind-addr = "127.0.0.1:0"\nshard-by = "measurement"\n${shards}`,
    );
    try {
      const { code, stderr } = await own.run("recover", "--backend", "b", "--from", "a");
      assert.equal(code, 2, stderr);
      assert.match(stderr, /it is no replica of b/);
    } finally {
      own.close();
    }
  });
});
