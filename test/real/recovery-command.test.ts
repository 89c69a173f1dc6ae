import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { createRecoveryCommand, type RecoveryCommand } from "./recovery-command.ts";
import { day, type RecoveryScene, startRecoveryScene, writeBytes } from "./recovery-scene.ts";

const USER = { username: "admin", password: "canary-secret" };

describe("the commands compare and recover", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  let command: RecoveryCommand;
  before(async () => {
    scene = await startRecoveryScene({ admin: USER });
    command = createRecoveryCommand(scene.config);
    await scene.a.query("CREATE DATABASE d WITH SHARD DURATION 1d NAME days");
    await writeBytes(
      scene.a,
      "d",
      `cpu,host=a v=1,s="x" ${day(0)}\ncpu,host=b v=2 ${day(1)}\nmem v=3i ${day(1)}`,
    );
  });
  after(async () => {
    command?.close();
    await scene?.close();
  });

  test("say what differs, what would be done, do it, and say that nothing differs", async () => {
    const different = await command.run("compare", "--from", "a", "--to", "b");
    assert.equal(different.code, 1, different.stderr);
    assert.match(different.stdout, /^database +d +yes +-$/m);
    assert.match(
      different.stdout,
      /^d +days +cpu +2026-08-03T00:00:00\.000Z +2026-08-04T00:00:00\.000Z +1 +0$/m,
    );
    assert.match(different.stdout, /^a and b differ\.$/m);

    const dry = await command.run("recover", "--backend", "b", "--dry-run");
    assert.equal(dry.code, 1);
    assert.match(
      dry.stdout,
      /CREATE DATABASE d WITH DURATION INF REPLICATION 1 SHARD DURATION \d+ns NAME days/,
    );
    assert.match(dry.stdout, /^About 3 points of a would be compared/m);

    const done = await command.run("recover", "--backend", "b");
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /^Copied 3 points from a to b in /m);
    assert.match(done.stdout, /^a and b are equal now\.$/m);
    assert.ok(!existsSync(command.stateDirectory) || readdirSync(command.stateDirectory).length === 0);

    for (const more of [
      [],
      ["--deep"],
      ["--db", "d", "--rp", "days", "--measurement", "cpu", "--since", "2026-08-03"],
    ]) {
      const equal = await command.run("compare", "--from", "a", "--to", "b", "--json", ...more);
      const report = JSON.parse(equal.stdout);
      assert.deepEqual([equal.code, report.equal, report.differences], [0, true, []], equal.stderr);
    }
    assert.equal((await command.run("recover", "--backend", "b", "--from", "a", "--dry-run")).code, 0);
  });

  test("print neither secrets nor what a terminal would obey", async () => {
    await writeBytes(scene.a, "d", `esc\x1b[2Jape,t=\x1b]0;x v=1 ${day(0)}`);
    const { stdout, stderr } = await command.run("compare", "--from", "a", "--to", "b");
    assert.match(stdout, /esc\\u001b\[2Jape/);
    assert.doesNotMatch(stdout + stderr, /\x1b|canary/);
    assert.equal((await command.run("recover", "--backend", "b")).code, 0);
  });

  test("are stopped by a signal, say so, and go on later", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `big v=${i},w=${i} ${day(2) + BigInt(i)}`);
    await writeBytes(scene.a, "d", lines.join("\n"));
    const started = command.start("recover", "--backend", "b", "--max-mb-per-second", "0.2");
    const copying = async () =>
      (await scene.b.query("SELECT count(v) FROM days.big", "d"))[0]?.series !== undefined;
    await poll(copying, "the first points");
    started.kill("SIGINT");
    const { code, stderr } = await started.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^interrupted: the same command goes on from here$/m);
    const done = await command.run("recover", "--backend", "b", "--json");
    const report = JSON.parse(done.stdout);
    assert.deepEqual([done.code, report.equal, report.continued], [0, true, true]);
  });

  test("tell wrong use", async () => {
    const cases: [string[], RegExp][] = [
      [["compare", "--from", "a"], /^compare needs --to; see influxdb-relay compare --help$/m],
      [["compare", "--from", "a", "--to", "a"], /are the same/],
      [["compare", "--from", "a", "--to", "c"], /no output has this name; there are a, b/],
      [["recover"], /^recover needs --backend; see influxdb-relay recover --help$/m],
      [["recover", "--backend", "b", "--since", "yesterday"], /--since must be a time/],
      [["recover", "--backend", "b", "--since", "1h", "--until", "2h"], /--since must be before --until/],
      [["recover", "--backend", "b", "--max-mb-per-second", "0"], /must be a number above 0/],
      [["recover", "--backend", "b", "--nonsense"], /Unknown option '--nonsense'/],
      [["compare", "--from", "a", "--to", "b", "--db", "nowhere"], /^--db nowhere: neither a nor b has it$/m],
      [["recover", "--backend", "b", "--db", "nowhere"], /^--db nowhere: neither a nor b has it$/m],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await command.run(...args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }
    const { code, stdout } = await command.run("recover", "--help");
    assert.equal(code, 0);
    assert.match(stdout, /^influxdb-relay recover --backend NAME/);
  });

  test("do not call equal what neither server has", async () => {
    const nothing = /^Nothing was compared: neither a nor b has such points\.$/m;
    for (const args of [
      ["compare", "--from", "a", "--to", "b"],
      ["recover", "--backend", "b", "--dry-run"],
      ["recover", "--backend", "b"],
    ]) {
      const { code, stdout } = await command.run(...args, "--db", "d", "--measurement", "nowhere");
      assert.equal(code, 0, stdout);
      assert.match(stdout, nothing);
      assert.doesNotMatch(stdout, /equal/);
    }
  });

  test("say that there is no replica to copy from", async () => {
    await scene.a.stop();
    const { code, stderr } = await command.run("recover", "--backend", "b");
    await scene.a.start();
    assert.equal(code, 1);
    assert.match(stderr, /no replica of b answers/);
  });

  test("say which server is waited for, and go on when it is there", async () => {
    await scene.a.stop();
    const started = command.start("compare", "--from", "a", "--to", "b");
    await poll(
      async () => /^a does not answer; it is waited for, 30 s at most$/m.test(started.stderr()),
      "the line",
    );
    await scene.a.start();
    const { code, stderr } = await started.ended;
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /b does not answer/);
  });

  test("work for a user who may only read and write, as far as that goes", async () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) => `far,t=${i % 2} v=${i} ${day(-400) + BigInt(i) * 3_600_000_000_000n * 7n}`,
    );
    await writeBytes(scene.a, "d", lines.join("\n"));
    for (const server of [scene.a, scene.b]) {
      await server.query("CREATE USER plain WITH PASSWORD 'plain'");
      await server.query("GRANT ALL ON d TO plain");
    }
    const plain = createRecoveryCommand(
      scene.config.replaceAll(USER.username, "plain").replaceAll(USER.password, "plain"),
    );
    try {
      const { code, stderr, stdout } = await plain.run("recover", "--backend", "b", "--json");
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(await scene.b.points("d", { rp: "days" }), await scene.a.points("d", { rp: "days" }));
    } finally {
      plain.close();
    }
  });
});
