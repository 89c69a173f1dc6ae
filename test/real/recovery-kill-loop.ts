import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { requireReal } from "../support/require-real.ts";
import { createRecoveryCommand, type RecoveryCommand } from "./recovery-command.ts";
import { day, type RecoveryScene, startRecoveryScene, writeBytes } from "./recovery-scene.ts";

const POINTS = 30_000;

/** Kills the recovering process again and again, each time when a bit more of the points has arrived. */
export function testKills(kills: number): void {
  describe(`a recovery that is killed ${kills} times`, { skip: requireReal("influxd") }, () => {
    let scene: RecoveryScene;
    let command: RecoveryCommand;
    before(async () => {
      scene = await startRecoveryScene();
      command = createRecoveryCommand(scene.config);
      await scene.a.query("CREATE DATABASE d WITH SHARD DURATION 1d NAME days");
      for (let from = 0; from < POINTS; from += 5_000) {
        const lines = Array.from({ length: 5_000 }, (_, i) => {
          const at = from + i;
          return `m${at % 4},t=${at % 50} v=${at},s="${at}" ${day(at % 6) + BigInt(at) * 1_000_000_000n}`;
        });
        await writeBytes(scene.a, "d", lines.join("\n"));
      }
    });
    after(async () => {
      command?.close();
      await scene?.close();
    });

    const stored = async () => {
      const [result] = await scene.b.query("SELECT count(v) FROM days./m/", "d").catch(() => []);
      return (result?.series ?? []).reduce((sum, { values }) => sum + Number(values?.[0]?.[1] ?? 0), 0);
    };

    test("goes on where it was and makes the two equal", async () => {
      for (let kill = 1; kill <= kills; kill++) {
        const until = Math.floor((POINTS * (kill - Math.random())) / (kills + 1));
        const { ended, kill: send } = command.start("recover", "--backend", "b", "--max-mb-per-second", "4");
        let over = false;
        void ended.then(() => {
          over = true;
        });
        while (!over && (await stored()) < until) await new Promise((resolve) => setTimeout(resolve, 5));
        send("SIGKILL");
        const { code, stderr } = await ended;
        assert.equal(code, "SIGKILL", `it ended before: ${stderr}`);
      }
      const { code, stdout, stderr } = await command.run("recover", "--backend", "b", "--json");
      const report = JSON.parse(stdout);
      assert.deepEqual([code, report.equal, report.continued], [0, true, true], stderr);
      const [a, b] = await Promise.all(
        [scene.a, scene.b].map((server) => server.points("d", { rp: "days" })),
      );
      assert.deepEqual(b, a);
      assert.ok(report.copied.points < 2 * POINTS, `${report.copied.points} points in all`);
    });
  });
}
