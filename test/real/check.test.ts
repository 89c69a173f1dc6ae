import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { nodeClock, nodePlatform } from "../../adapters/node/platform.ts";
import type { Clock } from "../../src/platform.ts";
import { checkPair, type Finding } from "../../src/recovery/check-pair.ts";
import { Server } from "../../src/recovery/server.ts";
import { Share } from "../../src/recovery/share.ts";
import { requireReal } from "../support/require-real.ts";
import { day, type RecoveryScene, startRecoveryScene, writeBytes } from "./recovery-scene.ts";

const NEVER = new AbortController().signal;
const MINUTE_MS = 60_000;

describe("a check of the numbers of points", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  before(async () => {
    scene = await startRecoveryScene();
    for (const server of [scene.a, scene.b]) {
      await server.query("CREATE DATABASE d WITH SHARD DURATION 1d NAME days");
      const lines = Array.from(
        { length: 300 },
        (_, i) => `m,t=${i % 3} v=${i},w=1i ${day(i % 3) + BigInt(i)}`,
      );
      await writeBytes(server, "d", lines.join("\n"));
    }
  });
  after(() => scene?.close());

  /** Waits are short; `waiting` runs when it waits between the two looks. */
  async function check(waiting: () => Promise<void> = async () => {}): Promise<Finding[]> {
    const clock: Clock = {
      ...nodeClock,
      after: (ms, run) => {
        if (ms < MINUTE_MS) return nodeClock.after(Math.min(ms, 1), run);
        void waiting().then(run);
        return { cancel: () => {} };
      },
    };
    const [source, target] = scene.outputs.map(
      (output) =>
        new Server(
          output,
          nodePlatform(() => {}),
        ),
    );
    const pair = { source: source ?? assert.fail(), target: target ?? assert.fail() };
    const alive = setInterval(() => {}, 1_000);
    try {
      const ports = { clock, share: new Share(clock, 5, NEVER), wanted: (db: string) => db === "d" };
      return await checkPair(pair, ports, NEVER);
    } finally {
      clearInterval(alive);
      await Promise.all([pair.source.close(), pair.target.close()]);
    }
  }

  test("finds nothing in equal servers, nor in what is younger than a minute", async () => {
    await writeBytes(scene.a, "d", `m,t=9 v=9 ${BigInt(Date.now()) * 1_000_000n}`);
    assert.deepEqual(await check(), []);
  });

  test("finds what one of them lacks, if it is so twice", async () => {
    await writeBytes(scene.a, "d", `m,t=7 v=7 ${day(1) + 5_000n}`);
    const [found, ...more] = await check();
    assert.deepEqual(more, []);
    assert.deepEqual([found?.db, found?.rp, found?.measurement], ["d", "days", "m"]);
    assert.deepEqual(found?.points, { a: 101, b: 100 });
    assert.equal(
      BigInt(found?.start ?? 0) <= day(1) + 5_000n && BigInt(found?.end ?? 0) > day(1) + 5_000n,
      true,
    );
  });

  test("does not tell what was only on its way", async () => {
    assert.deepEqual(await check(() => writeBytes(scene.b, "d", `m,t=7 v=7 ${day(1) + 5_000n}`)), []);
  });

  test("does not tell what goes on changing", async () => {
    await writeBytes(scene.a, "d", `m,t=6 v=6 ${day(2) + 5_000n}`);
    assert.deepEqual(await check(() => writeBytes(scene.a, "d", `m,t=5 v=5 ${day(2) + 6_000n}`)), []);
  });
});
