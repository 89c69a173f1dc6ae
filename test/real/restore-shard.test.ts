import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { requireReal } from "../support/require-real.ts";
import {
  assertSameContents,
  day,
  type RecoveryScene,
  startRecoveryScene,
  writeBytes,
} from "./recovery-scene.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/backup-restore/restore-shard.sh", import.meta.url));

describe("the example restore-shard.sh", { skip: requireReal("influxd", "curl") }, () => {
  let scene: RecoveryScene;
  before(async () => {
    scene = await startRecoveryScene({ rpc: true });
  });
  after(() => scene?.close());

  async function run(shard: string, db = "d"): Promise<{ code: number; output: string }> {
    const { a, b } = scene;
    const args = ["--from", a.url, "--from-rpc", a.rpc, "--to", b.url, "--to-rpc", b.rpc];
    const more = ["--db", db, "--rp", "days", "--shard", shard];
    return await promisify(execFile)("bash", [SCRIPT, ...args, ...more]).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
    );
  }

  test("brings a shard back, types included, beside what the target has", async () => {
    const { a, b } = scene;
    // So that the ids of their shards differ.
    await b.query("CREATE DATABASE other");
    await writeBytes(b, "other", "m v=1 1");
    for (const [i, server] of [a, b].entries()) {
      await server.query(`CREATE DATABASE d WITH SHARD DURATION ${["1d", "6h"][i]} NAME days`);
    }
    const lines = (on: number, value: string) =>
      [
        `ints a=9007199254740993i,b=${value} ${day(on)}`,
        `floats a=1.5 ${day(on) + 1n}`,
        `strs,t=x\\ y,u=\\"q\\" a="te\\"xt",b=true ${day(on) + 2n}`,
        `we\\ ird\\,na"me,t=1 a=-0 ${day(on) + 3n}`,
        ...Array.from(
          { length: 200 },
          (_, i) => `cpu,host=h${i % 5} v=${i} ${day(on) + BigInt(i) * 400_000_000_000n}`,
        ),
      ].join("\n");
    for (const [on, value] of ["1", '"text"', "true"].entries()) await writeBytes(a, "d", lines(on, value));
    await writeBytes(b, "d", lines(0, "1"));
    await writeBytes(b, "d", lines(2, "true"));
    await writeBytes(b, "d", `cpu,host=h1 v=1 ${day(1) + 400_000_000_000n}`);
    const shards = (await a.query("SHOW SHARDS"))[0]?.series?.find(({ name }) => name === "d")?.values ?? [];
    assert.equal(shards.length, 3);
    const { code, output } = await run(String(shards[1]?.[0]));
    assert.equal(code, 0, output);
    assert.match(output, /^Restored 5 measurements/m);
    await b.query("DROP DATABASE other");
    await assertSameContents(a, b);
    assert.doesNotMatch(await b.queryText("SHOW DATABASES"), /restore/);
  });

  test("says what is wrong before it does anything", async () => {
    const { code, output } = await run("4711");
    assert.deepEqual([code, /has no shard 4711 of d\.days/.test(output)], [1, true], output);
    assert.equal((await run("abc")).code, 1);
    const usage = await promisify(execFile)("bash", [SCRIPT, "--from"]).catch((error) => error);
    assert.equal(usage.code, 2);
  });
});
