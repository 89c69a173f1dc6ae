import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HoldLostError, NO_RELAY, type RelayControl } from "../../src/recovery/control.ts";
import { requireReal } from "../support/require-real.ts";
import { day, type RecoveryScene, startRecoveryScene, writeBytes } from "./recovery-scene.ts";

describe("a hold that turns out to have been lost", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  before(async () => {
    scene = await startRecoveryScene();
  });
  after(() => scene?.close());

  async function create(db: string): Promise<void> {
    for (const server of [scene.a, scene.b]) await server.query(`CREATE DATABASE ${db}`);
    await writeBytes(scene.a, db, `m v=1 ${day(0)}\nm v=2 ${day(0) + 1n}`);
  }

  /** A relay that lets go while something is held, the first `times`. What `meanwhile` does is what it then delivers. */
  function forgetful(times: number, meanwhile: () => Promise<void>): RelayControl & { holds: number } {
    const control = {
      ...NO_RELAY,
      holds: 0,
      hold: async (backend: string) => {
        const isLost = ++control.holds <= times;
        return async () => {
          if (!isLost) return;
          await meanwhile();
          throw new HoldLostError(backend);
        };
      },
    };
    return control;
  }

  test("is held and copied once more", async () => {
    await create("once");
    const control = forgetful(1, () => writeBytes(scene.b, "once", `m v=7 ${day(0)}`));
    const report = await scene.recover({ scope: { db: "once" } }, { control });
    assert.deepEqual([report.equal, control.holds], [true, 2]);
    assert.deepEqual(await scene.b.points("once"), await scene.a.points("once"));
  });

  test("ends the recovery if it is lost every time", async () => {
    await create("always");
    const control = forgetful(Number.POSITIVE_INFINITY, async () => {});
    await assert.rejects(scene.recover({ scope: { db: "always" } }, { control }), HoldLostError);
    assert.equal(control.holds, 5);
  });
});
