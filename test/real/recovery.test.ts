import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { requireReal } from "../support/require-real.ts";
import { assertSameContents, type RecoveryScene, startRecoveryScene, writeNasty } from "./recovery-scene.ts";

describe("a recovery between two InfluxDBs", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  before(async () => {
    scene = await startRecoveryScene();
    await writeNasty(scene.a);
  });
  after(() => scene?.close());

  test("builds an empty server, with every value and type as it was", async () => {
    const report = await scene.recover();
    const { equal, differences, schema, notices } = report;
    assert.deepEqual(
      { equal, differences, schema, notices },
      { equal: true, differences: [], schema: [], notices: [] },
    );
    const same = await assertSameContents(scene.a, scene.b);
    const measurements = new Set(
      [...same.keys()]
        .filter((key) => key.endsWith("has points"))
        .map((key) => key.split(" ").slice(0, 3).join(" ")),
    );
    assert.ok(measurements.size > 60, `${measurements.size} places have points`);
  });
});
