import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, write } from "./replica-set.ts";

/** A recovery, with the time that a write of unknown outcome may take and a busy machine. */
const REPAIRED_MS = 60_000;
/** The least that [spool] may be bounded to, and more than that. */
const SPOOL_MB = 8;
const TOO_MANY_WRITES = 100;
const LINES = 100;

describe("a backend that differs from its replica", { skip: requireReal("influxd") }, () => {
  const spool = temporaryDirectory("spool");
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;

  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo"] }),
      startRealInfluxdb({ databases: ["demo"] }),
    ]);
    const output = 'timeout = "2s", health-check-interval = "100ms"';
    const tables = `[spool]\ndir = "${spool}"\nmax-size-mb = ${SPOOL_MB}\n`;
    relay = await startRelay({ config: `${tables}${mainListener([a, b], output)}` });
  });
  after(async () => {
    await Promise.all([relay?.kill(), a?.close(), b?.close()]);
    removeDirectory(spool);
  });

  /** Until b is in sync; returns the reasons for which it was not, and finds it equal at that moment. */
  async function repaired(): Promise<string> {
    const reasons = new Set<string>();
    await poll(
      async () => {
        const { status, body } = await ask(relay.url("main"), "/health/backends/b");
        if (status !== 200) reasons.add(body);
        return status === 200;
      },
      "b to be in sync",
      REPAIRED_MS,
      () => `\n${[...reasons].join("\n")}\n${relay.output}`,
    );
    assert.deepEqual(await b.points("demo"), await a.points("demo"));
    return [...reasons].join("\n");
  }

  async function isOut(): Promise<void> {
    const out = async () => (await ask(relay.url("main"), "/health/backends/b")).status === 503;
    await poll(out, "b to be out");
  }

  async function last() {
    const { recovery } = JSON.parse((await ask(relay.url("main"), "/status")).body);
    return recovery.backends.find(({ name }: { name: string }) => name === "b").last;
  }

  test("is repaired by itself when more was written while it was down than is kept", async () => {
    await repaired();
    await b.kill();
    await isOut();
    for (let i = 0; i < TOO_MANY_WRITES; i++) {
      const lines = Array.from({ length: LINES }, (_, at) => {
        return `lost,t=${at % 3} v=${i},s="${"x".repeat(1_000)}" ${1_700_000_000_000_000_000n + BigInt(i * LINES + at)}`;
      });
      const { status, body } = await write(relay.url("main"), "demo", lines.join("\n"));
      assert.equal(status, 204, body);
    }
    await b.start();
    assert.match(await repaired(), /lost: writes for it were dropped/);
    const { kind, from, db, result, points } = await last();
    assert.deepEqual({ kind, from, db, result }, { kind: "repair", from: "a", db: "demo", result: "equal" });
    assert.ok(points > 0 && points <= TOO_MANY_WRITES * LINES, `${points} points were copied`);
    for (const server of [a, b]) await server.query("DROP MEASUREMENT lost", "demo");
  });
});
