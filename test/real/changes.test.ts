import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { execPath } from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openRelay } from "../support/change-relay.ts";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";
import { eventually } from "./replica-set.ts";

const SCRIPT = fileURLToPath(new URL("../support/change-relay.ts", import.meta.url));
/** After a kill nothing that was kept is sent for 10 s. */
const LIMIT_MS = 30_000;

describe("changes of schema and data", { skip: requireReal("influxd") }, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let dir: string;

  before(async () => {
    [a, b] = await Promise.all([startRealInfluxdb(), startRealInfluxdb()]);
  });
  after(() => Promise.all([a?.close(), b?.close()]));

  /** What a process does before it is killed. */
  function run(steps: readonly string[]): void {
    const { signal, stderr } = spawnSync(execPath, [SCRIPT, dir, a.url, b.url, ...steps], {
      encoding: "utf8",
      timeout: LIMIT_MS,
    });
    assert.equal(signal, "SIGKILL", stderr);
  }

  test("reach a replica that was down, in order with the writes, also over kills of the relay", async (t) => {
    dir = temporaryDirectory("changes");
    t.after(() => removeDirectory(dir));
    await b.stop();
    run([
      "change CREATE DATABASE d",
      "write m v=1 1\nm v=2 2\nn v=1 1",
      "change DELETE FROM m WHERE time <= 1",
    ]);
    run([
      "write m v=3 1",
      "change DROP MEASUREMENT n",
      'change CREATE RETENTION POLICY "two" ON "d" DURATION INF REPLICATION 1',
    ]);
    await b.start();
    const relay = await openRelay(dir, [a.url, b.url]);
    try {
      await relay.execute("write n v=2 2");
      await relay.execute("change DELETE FROM m WHERE time = 2");
      await relay.execute("write o v=1 1");
      const expected = ["m v=3 1", "n v=2 2", "o v=1 1"];
      assert.deepEqual(await a.points("d"), expected);
      await eventually(
        async () => relay.backends[1]?.pending("d"),
        0,
        "nothing is left to be done",
        LIMIT_MS,
      );
      assert.deepEqual(await b.points("d"), expected);
      const policies = 'SHOW RETENTION POLICIES ON "d"';
      assert.equal(await b.queryText(policies), await a.queryText(policies));
      const { counters, lost } = relay.backends[1]?.status() ?? assert.fail();
      assert.equal(counters.changes, 5);
      assert.deepEqual([counters.changesFailed, lost], [0, []]);
    } finally {
      await relay.close();
    }
  });
});
