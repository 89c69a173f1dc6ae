import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/observe/status-schema.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, write } from "./replica-set.ts";

/** A recovery, with the 10 s that a write of unknown outcome may take at the server, on a busy machine. */
const REPAIRED_MS = 60_000;
const WRITES = 3;

// A file of its own, because it does nothing for most of the time.
describe("a backend that hung with writes of which nobody knows what became", {
  skip: requireReal("influxd"),
}, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;

  before(async () => {
    [a, b] = await Promise.all([
      startRealInfluxdb({ databases: ["demo"] }),
      startRealInfluxdb({ databases: ["demo"] }),
    ]);
    relay = await startRelay({
      config: mainListener([a, b], 'timeout = "1s", health-check-interval = "100ms"'),
    });
  });
  after(async () => {
    await Promise.all([relay?.kill(), a?.close(), b?.close()]);
  });

  const status = async () => readStatus<Status>((await ask(relay.url("main"), "/status")).body);
  const backend = async () =>
    (await status()).backends.find(({ name }) => name === "b") ?? assert.fail("no b in /status");

  test("is in sync again by itself", async () => {
    await poll(async () => (await backend()).inSync, "b to be in sync");
    b.pause();
    for (let i = 0; i < WRITES; i++) {
      const line = `hung,t=${i} v=${i},s="${i}" ${1_700_000_000_000_000_000n + BigInt(i)}`;
      const { status: code, body } = await write(relay.url("main"), "demo", line);
      assert.equal(code, 204, body);
    }
    await poll(async () => (await backend()).requests["unreachable"]! > 0, "a write to get no answer");
    b.resume();
    const reasons = new Set<string>();
    await poll(
      async () => {
        const { inSync, reasons: why } = await backend();
        for (const reason of why) reasons.add(reason);
        return inSync;
      },
      "b to be in sync again",
      REPAIRED_MS,
      () => `\n${relay.output}`,
    );
    assert.match([...reasons].join("\n"), /^suspect: /m);
    const points = await a.points("demo");
    assert.equal(points.length, WRITES);
    assert.deepEqual(await b.points("demo"), points);
    const { recovery } = await status();
    assert.equal(recovery.backends.find(({ name }) => name === "b")?.last?.kind, "repair");
  });
});
