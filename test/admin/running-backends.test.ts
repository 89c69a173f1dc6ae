import assert from "node:assert/strict";
import { test } from "node:test";
import { LEASE_SECONDS } from "../../src/admin/leases.ts";
import { RunningBackends } from "../../src/admin/running-backends.ts";
import { createLog } from "../../src/observe/log.ts";
import { RepairClaims } from "../../src/peers/repair-claims.ts";
import { createReplicaSet } from "../backend/replica-set.ts";
import { httpAnswer } from "../support/test-platform.ts";

function fixture(hangs = false) {
  const set = createReplicaSet(({ origin }) =>
    hangs && origin === "http://b" ? new Promise(() => {}) : httpAnswer(204),
  );
  const { platform, backends, clock } = set;
  const log = createLog(platform.log, clock);
  const commands = new RunningBackends({
    platform,
    log,
    backends: () => backends,
    status: () => ({}),
    claims: new RepairClaims("r"),
    peer: () => assert.fail(),
  });
  return { ...set, commands, b: backends[1] ?? assert.fail() };
}

const SPAN = { db: "d", rp: "", min: "0", max: "9" };

test("a lane is held until its lease is released", async () => {
  const { commands, clock, post, writes } = fixture();
  const { lease, seconds } = await commands.hold("b", "d", undefined);
  assert.equal(seconds, LEASE_SECONDS);
  await post("m v=1 1");
  await post("m v=2 2", { db: "other" });
  await clock.advance(1_000);
  assert.deepEqual(writes("b"), ["m v=2 2"]);
  await commands.release(lease);
  await clock.advance(0);
  assert.deepEqual(writes("b"), ["m v=2 2", "m v=1 1"]);
  await assert.rejects(commands.release(lease), { reason: "unknown" });
});

test("a lease that is not renewed ends by itself, and says so", async () => {
  const { commands, clock, post, writes, platform } = fixture();
  const { lease } = await commands.hold("b", "d", "");
  await post("m v=1 1");
  for (let i = 0; i < 5; i++) {
    await clock.advance((LEASE_SECONDS - 1) * 1_000);
    await commands.renew(lease);
  }
  assert.deepEqual(writes("b"), []);
  await clock.advance(LEASE_SECONDS * 1_000);
  assert.deepEqual(writes("b"), ["m v=1 1"]);
  await assert.rejects(commands.renew(lease), { reason: "unknown" });
  const told = platform.logged.find(({ event }) => event === "lease-expired");
  assert.deepEqual([told?.fields["backend"], told?.fields["db"]], ["b", "d"]);
});

test("who asks for what is answered waits no longer than a bound", async () => {
  const { commands, clock, post } = fixture(true);
  assert.equal(await commands.answered("b", "d"), true);
  void post("m v=1 1");
  await clock.advance(0);
  const answered = commands.answered("b", "d");
  await clock.advance(20_000);
  assert.equal(await answered, false);
  assert.equal(await commands.answered("a", "d"), true);
});

test("what was repaired is forgotten, but for what was added since", async () => {
  const { commands, b } = fixture();
  b.handoff.lost.add("d", "", { minNs: 0n, maxNs: 9n });
  b.handoff.suspect.add("d", "", { minNs: 5n, maxNs: 6n });
  b.handoff.suspect.add("e", "", { minNs: 5n, maxNs: 6n });
  const { lost, suspect, revision } = await commands.ranges("b");
  assert.deepEqual(lost, [SPAN]);
  assert.equal(suspect.length, 2);
  b.handoff.suspect.add("e", "", { minNs: 5n, maxNs: 5n });
  assert.equal(await commands.repaired("b", [SPAN, { ...SPAN, db: "e" }, { ...SPAN, db: "f" }], revision), 1);
  assert.deepEqual([b.handoff.lost.size, b.handoff.suspect.list().map(({ db }) => db)], [0, ["e"]]);
  const other = await fixture().commands.ranges("b");
  await assert.rejects(commands.repaired("b", [], `9${other.revision}`), { reason: "conflict" });
});

test("a backend that is not known is named, with those that are", async () => {
  const { commands } = fixture();
  for (const command of [
    commands.drain("c", "operator"),
    commands.resume("c"),
    commands.hold("c", "d", undefined),
    commands.answered("c", "d"),
    commands.ranges("c"),
    commands.repaired("c", [], "1.0.0"),
  ]) {
    await assert.rejects(command, { reason: "unknown", message: 'there is no backend "c"; known: "a", "b"' });
  }
});
