import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../../src/observe/status-schema.ts";
import { type SpoolScene, startSpoolScene } from "../../support/spool-scene.ts";
import { readStatus } from "../../support/status.ts";
import { poll } from "../../support/wait.ts";

const SECRET = "canary7secret";

describe("status, drain and resume", () => {
  let scene: SpoolScene;
  before(async () => {
    scene = await startSpoolScene({ admin: `token = "${SECRET}"` });
  });
  after(() => scene?.close());

  async function statusOf(name: string): Promise<Status["backends"][number]> {
    const { output } = await scene.run("status", "--json");
    return (
      readStatus<Status>(output).backends.find((backend) => backend.name === name) ?? assert.fail(output)
    );
  }

  async function health(name: string): Promise<{ status: number; reasons: readonly string[] }> {
    const response = await fetch(`${scene.relay?.url("main")}/health/backends/${name}`);
    const { reasons } = (await response.json()) as { reasons: string[] };
    return { status: response.status, reasons };
  }

  test("status says what is wrong with each server, and what resolves it", async () => {
    await poll(
      async () => (await statusOf("b")).reasons.some((reason) => reason.startsWith("behind")),
      "the lag",
    );
    const { code, output } = await scene.run("status");
    assert.equal(code, 1);
    assert.match(output, /^SERVER +QUERIES +SINCE +LACKS +BYTES +CATCHES UP IN +HELD +DEAD +LOST +SUSPECT$/m);
    assert.match(output, /^a +yes +- +0 +[\d.]+ K?i?B +- +0 +0 +0 +0$/m);
    assert.match(output, /^b +NO +\d+s +3 +\d+ B +when it is up +1 +1 +0 +1$/m);
    for (const [trouble, action] of [
      [/^ {2}down: refused$/m, /start the server/],
      [/^ {2}behind: it lacks 3 writes$/m, /by itself/],
      [/^ {2}held: it is not ready for the destination of 1 write$/m, /create what is missing/],
      [
        /^ {2}suspect: it may differ in 1 range of time$/m,
        /repair it from a replica: influxdb-relay recover --backend b --config /,
      ],
      [
        /^ {2}dead letters: 1 write given up$/m,
        /influxdb-relay spool show --backend b --dead --config \S+relay\.toml$/m,
      ],
    ] as const) {
      const at = trouble.exec(output);
      assert.ok(at, `${trouble}\n${output}`);
      const [, next = ""] = output.slice(at.index).split("\n");
      assert.match(next, action);
    }
    assert.match(output, /held +other +default +1 records +404 database not found: "other"/);
    assert.match(output, /suspect +demo +default +1970-\S+ +1970-/);
    assert.ok(!output.includes(SECRET));
  });

  test("a drained server gets no queries, over a restart of the relay too, and every write", async () => {
    assert.deepEqual(await health("a"), { status: 200, reasons: [] });
    const { code, output } = await scene.run("drain", "a");
    assert.deepEqual([code, output], [0, '"a" gets no queries any more, and still every write\n']);
    assert.deepEqual(await health("a"), { status: 503, reasons: ["drained by operator"] });
    const [command] = scene.relay?.log.filter(({ event }) => event === "admin-command") ?? [];
    assert.deepEqual(
      [command?.["command"], command?.["backend"], command?.["by"], command?.["client"]],
      ["drain", "a", "operator", "127.0.0.1"],
    );
    await scene.write("demo", "drained v=1 7");
    assert.ok(scene.a.points("demo").includes("drained v=1 7"));
    await scene.stop();
    await scene.start();
    assert.deepEqual(await health("a"), { status: 503, reasons: ["drained by operator"] });
    const shown = await scene.run("status");
    assert.match(shown.output, /drained by operator\n +-> .*influxdb-relay resume a --config /);
    assert.equal((await scene.run("resume", "a")).code, 0);
    await poll(async () => (await health("a")).status === 200, "a to be in sync");
  });

  test("a server that got what it lacked is in sync by itself", async () => {
    await scene.run("spool", "drop", "--backend", "b", "--held", "--yes");
    await scene.b.listenAgain();
    const left = [
      "lost: writes for it were dropped in 1 range of time",
      "suspect: it may differ in 1 range of time",
    ];
    await poll(
      async () => JSON.stringify((await health("b")).reasons) === JSON.stringify(left),
      "nothing but ranges to be left",
      20_000,
    );
    // As somebody who has compared them says.
    const url = `${scene.relay?.url("[admin]")}/backends/b`;
    const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
    const answer = (await (await fetch(`${url}/ranges`, { headers })).json()) as Record<string, object[]>;
    const { lost = [], suspect = [], revision } = answer;
    const body = JSON.stringify({ ranges: [...lost, ...suspect], revision });
    assert.equal((await fetch(`${url}/repaired`, { method: "POST", headers, body })).status, 200);
    assert.deepEqual(await health("b"), { status: 200, reasons: [] });
    const { code, output } = await scene.run("status");
    assert.equal(code, 0, output);
    await scene.stop();
    await scene.start();
    await poll(async () => (await health("b")).status === 200, "b to be in sync after a restart");
  });

  test("wrong use is told, with exit code 2; a relay that refuses or is away, with 1", async () => {
    for (const args of [
      ["drain"],
      ["drain", "a", "b"],
      ["status", "a"],
      ["resume", "--yes"],
      ["status", "--limit"],
    ]) {
      assert.equal((await scene.run(...args)).code, 2, args.join(" "));
    }
    const unknown = await scene.run("drain", "c");
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /404: there is no backend "c"; known: "a", "b"/);
    await scene.stop();
    const away = await scene.run("status");
    assert.equal(away.code, 1);
    assert.match(away.output, /\[admin\] on 127\.0\.0\.1:1 does not answer: .*; start the relay, or name/);
  });

  test("each has help with an example", async () => {
    for (const action of ["status", "drain", "resume"]) {
      const { code, output } = await scene.run(action, "--help");
      assert.equal(code, 0);
      assert.match(output, new RegExp(`^  influxdb-relay ${action}( b)? --config relay\\.toml$`, "m"));
    }
  });
});

test("without [admin] it says what to do", async () => {
  const scene = await startSpoolScene();
  try {
    const { code, output } = await scene.run("status");
    assert.equal(code, 2);
    assert.match(output, /has no \[admin\]/);
  } finally {
    await scene.close();
  }
});
