import assert from "node:assert/strict";
import { chownSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { BackendReport, Check, Shown } from "../../../src/admin/spool-commands.ts";
import { type SpoolScene, startSpoolScene } from "../../support/spool-scene.ts";
import { poll } from "../../support/wait.ts";

const SECRET = "canary7secret";

async function reportOf(scene: SpoolScene, name: string): Promise<BackendReport> {
  const { backends } = await scene.json<{ backends: BackendReport[] }>("list");
  const found = backends.find((backend) => backend.name === name);
  assert.ok(found, JSON.stringify(backends));
  return found;
}

/** Records by part. */
async function figures(scene: SpoolScene): Promise<(number | undefined)[]> {
  const { backlog, held, dead } = await reportOf(scene, "b");
  return [backlog?.records, held?.records, dead?.records];
}

for (const running of [true, false]) {
  describe(`spool commands of a ${running ? "running" : "stopped"} relay`, () => {
    let scene: SpoolScene;
    before(async () => {
      scene = await startSpoolScene({ admin: `token = "${SECRET}"` });
      if (!running) await scene.stop();
    });
    after(() => scene?.close());

    test("list tells what is kept, since when, and why it is held", async () => {
      const { backlog, held, dead, lost, suspect, orphan } = await reportOf(scene, "b");
      assert.equal(orphan, false);
      assert.equal(backlog?.records, 3);
      const hourAgo = Date.now() - 3_600_000;
      for (const part of [backlog, held, dead]) {
        assert.ok(part?.oldestMs !== undefined && part.oldestMs > hourAgo);
        assert.ok(part.bytes > 0);
      }
      const [destination] = held?.destinations ?? [];
      assert.deepEqual(
        [destination?.db, destination?.rp, destination?.records, destination?.status, destination?.error],
        ["other", "", 1, 404, 'database not found: "other"'],
      );
      assert.equal(dead?.records, 1);
      assert.deepEqual(lost, []);
      assert.deepEqual(suspect, [{ db: "demo", rp: "", min: "2", max: "2" }]);
      const a = await reportOf(scene, "a");
      assert.equal(a.backlog?.records, 0);
    });

    test("list for people is a table with the reasons under it", async () => {
      const { code, output } = await scene.run("spool", "list");
      assert.equal(code, 0);
      assert.match(output, /^SERVER +BACKLOG +BYTES/m);
      assert.match(output, /^b +3 +[\d.]+ KiB|B +\d+s/m);
      assert.match(output, /^b +other +default +1 +404 database not found: "other"$/m);
    });

    test("show has the records of each part, and why dead letters are dead", async () => {
      const backlog = await scene.json<Shown>("show", "--backend", "b");
      assert.deepEqual(
        backlog.records.map(({ db, preview }) => [db, preview]),
        [
          ["demo", "late v=1 3"],
          ["more", "late v=2 4"],
          ["demo", "late v=3 5"],
        ],
      );
      assert.equal(backlog.more, false);
      const two = await scene.json<Shown>("show", "--backend", "b", "--limit", "2");
      assert.deepEqual([two.records.length, two.more], [2, true]);
      const held = await scene.json<Shown>("show", "--backend", "b", "--held");
      assert.deepEqual(
        held.records.map(({ preview }) => preview),
        ["held v=1 1"],
      );
      const { output } = await scene.run("spool", "show", "--backend", "b", "--dead");
      assert.match(
        output,
        /db=demo +14 bytes +rejected: 400 field type conflict: as was tried\n +rejected v=1 2/,
      );
    });

    test("verify reads all of it", async () => {
      const { checks } = await scene.json<{ checks: (Check & { backend: string })[] }>("verify");
      assert.deepEqual(
        checks.map(({ backend }) => backend),
        ["a", "b"],
      );
      const [, b] = checks;
      const [main, hold, dead] = b?.parts ?? [];
      assert.ok((main?.records ?? 0) >= 3);
      assert.deepEqual([hold?.records, dead?.records], [1, 1]);
      assert.ok(b?.parts.every(({ damaged, error }) => damaged === 0 && error === undefined));
    });

    test("drop without --yes says what it would do, and does not", async () => {
      const { code, output } = await scene.run(
        "spool",
        "drop",
        "--backend",
        "b",
        "--backlog",
        "--db",
        "demo",
      );
      assert.equal(code, 2);
      assert.match(output, /would drop 2 records of the backlog of "b"/);
      assert.match(output, /add --yes/);
      assert.deepEqual(await figures(scene), [3, 1, 1]);
    });

    test("drop of one database leaves the others, and its range counts as lost", async () => {
      const { code, output } = await scene.run(
        ...["spool", "drop", "--backend", "b", "--backlog", "--db", "demo", "--yes"],
      );
      assert.equal(output, 'dropped 2 records of the backlog of "b"\n');
      assert.equal(code, 0);
      assert.deepEqual(await figures(scene), [1, 1, 1]);
      const { lost } = await reportOf(scene, "b");
      assert.deepEqual(lost, [{ db: "demo", rp: "", min: "3", max: "5" }]);
      const { records } = await scene.json<Shown>("show", "--backend", "b");
      assert.deepEqual(
        records.map(({ preview }) => preview),
        ["late v=2 4"],
      );
    });

    test("replay puts dead letters to the end of the backlog, once", async () => {
      const first = await scene.run("spool", "replay", "--backend", "b");
      assert.equal(first.output, 'replayed 1 record among the dead letters of "b"\n');
      assert.deepEqual(await figures(scene), [2, 1, 0]);
      const second = await scene.run("spool", "replay", "--backend", "b");
      assert.match(second.output, /replayed 0 records/);
      assert.deepEqual(await figures(scene), [2, 1, 0]);
      const { records } = await scene.json<Shown>("show", "--backend", "b");
      assert.deepEqual(
        records.map(({ preview }) => preview),
        ["late v=2 4", "rejected v=1 2"],
      );
    });

    test("drop of what is held", async () => {
      const { output } = await scene.run("spool", "drop", "--backend", "b", "--held", "--yes");
      assert.match(output, /dropped 1 record held for "b"/);
      assert.deepEqual(await figures(scene), [2, 0, 0]);
      const { held, lost } = await reportOf(scene, "b");
      assert.deepEqual(held?.destinations, []);
      assert.deepEqual(lost?.[1], { db: "other", rp: "", min: "1", max: "1" });
    });

    test("the relay's log tells who changed what", { skip: !running }, () => {
      const commands = scene.relay?.log.filter(({ event }) => event === "admin-command") ?? [];
      assert.deepEqual(
        commands.map(({ command, backend, part, db, records, client }) => [
          ...[command, backend, part, db, records, client],
        ]),
        [
          ["drop", "b", "backlog", "demo", 2, "127.0.0.1"],
          ["replay", "b", "dead", undefined, 1, "127.0.0.1"],
          ["replay", "b", "dead", undefined, 0, "127.0.0.1"],
          ["drop", "b", "held", undefined, 1, "127.0.0.1"],
        ],
      );
      assert.ok(!scene.relay?.output.includes(SECRET));
    });

    test("what is left is delivered, and nothing that was dropped", async () => {
      if (!running) await scene.start();
      await scene.b.listenAgain();
      await poll(async () => (await figures(scene))[0] === 0, "the backlog to be delivered");
      assert.deepEqual(scene.b.points("demo"), ["rejected v=1 2"]);
      assert.deepEqual(scene.b.points("more"), ["late v=2 4"]);
      await scene.stop();
      assert.deepEqual(await figures(scene), [0, 0, 0]);
    });
  });
}

test("without [admin] a running relay takes no command, and says what to do", async () => {
  const scene = await startSpoolScene();
  try {
    assert.equal((await scene.run("spool", "lst")).code, 2);
    const locked = await scene.run("spool", "list");
    assert.equal(locked.code, 1);
    assert.match(locked.output, /in use by process \d+.*\n.*add \[admin\]/);
    await scene.stop();
    const unknown = await scene.run("spool", "show", "--backend", "c");
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /there is no backend "c"/);
    if (process.geteuid?.() === 0) {
      chownSync(join(scene.dir, "spool", "lock"), 12345, 12345);
      const other = await scene.run("spool", "list");
      assert.equal(other.code, 1);
      assert.match(other.output, /used by a relay of user 12345/);
    }
    rmSync(join(scene.dir, "spool"), { recursive: true });
    assert.equal((await scene.run("spool", "list")).code, 0);
    assert.ok(!existsSync(join(scene.dir, "spool")), "looking made it");
  } finally {
    await scene.close();
  }
});

test("no command shows a secret, and what is in memory only can be looked at too", async () => {
  const scene = await startSpoolScene({
    admin: `token = "${SECRET}-admin"`,
  });
  try {
    mkdirSync(join(scene.dir, "spool", "left"));
    const authorization = `Basic ${btoa(`user:${SECRET}-client`)}`;
    await scene.write("demo", "private v=1 6", { authorization });
    await poll(async () => (await figures(scene))[0] === 4, "the write that is kept in memory");
    const outputs = [];
    for (const args of [
      ["list"],
      ["list", "--json"],
      ["show", "--backend", "b"],
      ["show", "--backend", "b", "--json"],
      ["show", "--backend", "left"],
      ["drop", "--backend", "b", "--backlog"],
      ["verify"],
    ])
      outputs.push((await scene.run("spool", ...args)).output);
    const text = `${outputs.join("")}${scene.relay?.output}`;
    for (const trace of [SECRET, authorization.slice(6)]) assert.ok(!text.includes(trace), trace);
    assert.match(outputs[0] ?? "", /^left \* +\?/m);
    assert.match(outputs[2] ?? "", /private v=1 6/);
    assert.match(outputs[4] ?? "", /no output of the running relay has the name "left"/);
  } finally {
    await scene.close();
  }
});

test("a dead letter that is refused again comes back, and is stored once its cause is gone", async () => {
  const scene = await startSpoolScene({ admin: "" });
  try {
    // It would be rejected too, and become a dead letter.
    await scene.run("spool", "drop", "--backend", "b", "--held", "--yes");
    await scene.b.listenAgain();
    await poll(async () => (await figures(scene))[0] === 0, "the backlog to be delivered");
    const headers = { "x-influxdb-error": "field type conflict" };
    scene.b.setFault({ kind: "status", status: 400, headers, path: "/write" });
    const before = scene.b.requests.length;
    assert.match((await scene.run("spool", "replay", "--backend", "b")).output, /replayed 1 record/);
    await poll(async () => scene.b.requests.length > before, "the dead letter to be sent");
    await poll(async () => (await figures(scene)).join() === "0,0,1", "the dead letter to be back");
    scene.b.setFault();
    assert.match((await scene.run("spool", "replay", "--backend", "b")).output, /replayed 1 record/);
    await poll(async () => scene.b.points("demo").includes("rejected v=1 2"), "the dead letter to be stored");
    await poll(async () => (await figures(scene)).join() === "0,0,0", "nothing to be left");
  } finally {
    await scene.close();
  }
});
