import assert from "node:assert/strict";
import { test } from "node:test";
import { SpoolError } from "../../src/errors.ts";
import type { Reply } from "../../src/writer.ts";
import { DOWN, http, type ScriptedReplica, setUp, text } from "./scripted-replica.ts";

const GRACE_MS = 10;
const spool = { graceMs: GRACE_MS, refuseWhenFull: false };
const refusing = { ...spool, refuseWhenFull: true };
const NO_ROOM = new SpoolError("full", "no space left on device");

const pair = (set: readonly ScriptedReplica[]) =>
  [set[0] as ScriptedReplica, set[1] as ScriptedReplica] as const;
const statuses = (replied: readonly Reply[]) => replied.map(({ status }) => status);

test("the others have the grace to answer; then what one lacks is kept, and the answer waits until it is stored", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool });
  const [a, b] = pair(set);
  void post();
  await clock.advance(5);
  a.answer(http(204));
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  await clock.advance(1);
  assert.deepEqual(fates(), ["undecided", "kept"]);
  assert.deepEqual(statuses(replied), []);
  b.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("two replicas that store a write within the grace cost no store", async () => {
  const { set, clock, budget, post, replied, fates } = setUp(2, { spool });
  const [a, b] = pair(set);
  void post();
  a.answer(http(204));
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(statuses(replied), []);
  b.answer(http(204));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
  await clock.advance(1_000);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  assert.deepEqual([a.placed, b.placed], [false, false]);
  assert.equal(budget.bytes, 0);
  assert.equal(clock.pending, 0);
});

test("a replica that answers after the grace and before its store ends is not waited for any longer", async () => {
  const { set, clock, post, replied } = setUp(2, { spool });
  const [a, b] = pair(set);
  void post();
  a.answer(http(204));
  await clock.advance(GRACE_MS);
  b.answer(http(204));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("a replica that answers no within the grace has the write kept for it at once", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool });
  const [a, b] = pair(set);
  void post();
  a.answer(http(204));
  b.answer(http(503));
  assert.deepEqual(fates(), ["undecided", "kept"]);
  await clock.advance(0);
  assert.deepEqual(statuses(replied), []);
  b.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

for (const why of ["down", "behind"] as const) {
  test(`a replica that is ${why} is asked to place the write at once, and no grace is spent on it`, async () => {
    const { set, clock, post, replied } = setUp(2, { spool });
    const [a, b] = pair(set);
    if (why === "down") b.up = false;
    else b.backlog = true;
    void post();
    assert.deepEqual([a.placed, b.placed], [false, true]);
    b.store();
    await clock.advance(0);
    assert.deepEqual(statuses(replied), []);
    a.answer(http(204));
    await clock.advance(0);
    assert.deepEqual(statuses(replied), [204]);
    await clock.advance(GRACE_MS);
    assert.equal(b.fate, "kept");
  });
}

test("what was placed for a replica is forgotten if nobody takes the write", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool });
  const [a, b] = pair(set);
  b.backlog = true;
  void post();
  b.store();
  a.answer(http(503));
  b.answer(DOWN);
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [503]);
  assert.deepEqual(fates(), ["dropped", "dropped"]);
});

test("what cannot be stored is a 503 with the reason, although another replica stored it", async () => {
  const { set, clock, post, replied } = setUp(2, { spool });
  const [a, b] = pair(set);
  void post();
  a.answer(http(204));
  await clock.advance(GRACE_MS);
  b.store(NO_ROOM);
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [503]);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.match(text(replied[0] as Reply), /could not be stored: no space left on device/);
});

test("a store that failed does not matter once the replica has taken the write itself", async () => {
  const { set, clock, post, replied } = setUp(2, { spool });
  const [a, b] = pair(set);
  b.backlog = true;
  void post();
  b.store(NO_ROOM);
  b.answer(http(204));
  a.answer(http(204));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("a rejection is told at once, and the write is kept for the others after the grace", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool });
  const [a] = pair(set);
  void post();
  a.answer(http(400));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [400]);
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  await clock.advance(1);
  assert.deepEqual(fates(), ["undecided", "kept"]);
});

test("any: with all replicas down the answer comes when the write is stored for all of them", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool, consistency: "any" });
  const [a, b] = pair(set);
  a.up = b.up = false;
  void post();
  assert.deepEqual(fates(), ["kept", "kept"]);
  a.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), []);
  b.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("any: with all replicas down and no room for one, nothing is written", async () => {
  const { set, clock, post, replied } = setUp(2, { spool, consistency: "any" });
  const [a, b] = pair(set);
  a.up = b.up = false;
  b.full = true;
  void post();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [503]);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.match(text(replied[0] as Reply), /is full; nothing was written/);
  assert.deepEqual([a.asked, b.asked], [false, false]);
});

test("any: replicas that are all not ready are the answer, and nothing is kept for any", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool, consistency: "any" });
  const [a, b] = pair(set);
  void post();
  a.answer(http(404));
  b.answer(http(404));
  await clock.advance(GRACE_MS);
  assert.deepEqual(statuses(replied), [404]);
  assert.deepEqual(fates(), ["dropped", "dropped"]);
});

test("any: while all replicas are slow the write is kept after the grace, and that is enough", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool, consistency: "any" });
  const [a, b] = pair(set);
  void post();
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  await clock.advance(1);
  assert.deepEqual(fates(), ["kept", "kept"]);
  a.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), []);
  b.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("when full, refuse: nothing is posted while the spool of a replica that is down is full", async () => {
  const { set, clock, budget, post, replied } = setUp(2, { spool: refusing });
  const [a, b] = pair(set);
  b.up = false;
  b.full = true;
  void post();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [503]);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.deepEqual([a.asked, b.asked], [false, false]);
  assert.equal(budget.bytes, 0);
});

test("when full, refuse: a full spool of a replica that takes the write is in nobody's way", async () => {
  const { set, clock, post, replied } = setUp(3, { spool: refusing });
  const [a, b] = pair(set);
  b.full = true;
  const c = set[2] as ScriptedReplica;
  c.up = false;
  void post();
  a.answer(http(204));
  b.answer(http(204));
  c.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("when full, drop the oldest: the write is posted and kept although the spool is full", async () => {
  const { set, clock, post, replied } = setUp(2, { spool });
  const [a, b] = pair(set);
  b.up = false;
  b.full = true;
  void post();
  a.answer(http(204));
  b.store();
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
  assert.equal(b.fate, "kept");
});

test("when full, refuse: a body without lines is never kept and so not refused", async () => {
  const { set, clock, post, replied } = setUp(2, { spool: refusing, hasLines: false });
  const [a, b] = pair(set);
  b.up = false;
  b.full = true;
  void post();
  a.answer(http(204));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
});

test("a store that never ends is a 503 at the deadline, and the write stays kept", async () => {
  const { set, clock, budget, post, replied, fates } = setUp(2, { spool });
  const [a] = pair(set);
  void post();
  a.answer(http(204));
  await clock.advance(999);
  assert.deepEqual(statuses(replied), []);
  await clock.advance(1);
  assert.deepEqual(statuses(replied), [503]);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.match(text(replied[0] as Reply), /what the others lack could not be stored in time/);
  assert.deepEqual(fates(), ["undecided", "kept"]);
  assert.equal(budget.bytes, 0);
});

test("any: stores that never end are a 503 at the deadline", async () => {
  const { set, clock, post, replied } = setUp(2, { spool, consistency: "any" });
  const [a, b] = pair(set);
  a.up = b.up = false;
  void post();
  await clock.advance(999);
  assert.deepEqual(statuses(replied), []);
  await clock.advance(1);
  assert.deepEqual(statuses(replied), [503]);
  assert.equal(replied[0]?.retryAfter, "1");
});

test("a datagram is kept after the grace, and at once for a replica that answers no", async () => {
  const { set, clock, post, fates } = setUp(2, { spool, keep: "always" });
  const [a] = pair(set);
  void post();
  await clock.advance(GRACE_MS - 2);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  a.answer(DOWN);
  assert.deepEqual(fates(), ["kept", "undecided"]);
  await clock.advance(1);
  assert.deepEqual(fates(), ["kept", "undecided"]);
  await clock.advance(1);
  assert.deepEqual(fates(), ["kept", "kept"]);
});

test("a quorum missed after posting is a 503 that names the counts, and the write is kept for the others", async () => {
  const { set, clock, post, replied, fates } = setUp(3, { spool, consistency: "quorum" });
  void post();
  set[0]?.answer(http(204));
  set[1]?.answer(DOWN);
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(statuses(replied), []);
  set[2]?.answer(http(500));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [503]);
  assert.match(text(replied[0] as Reply), /stored by 1 replicas, 2 needed/);
  assert.deepEqual(fates(), ["undecided", "kept", "kept"]);
});

test("a body without lines is answered at the first store, not waited for, placed or kept", async () => {
  const { set, clock, post, replied, fates } = setUp(2, { spool, hasLines: false });
  const [a, b] = pair(set);
  b.backlog = true;
  void post();
  assert.equal(b.placed, false);
  a.answer(http(204));
  await clock.advance(0);
  assert.deepEqual(statuses(replied), [204]);
  await clock.advance(GRACE_MS);
  assert.deepEqual(fates(), ["undecided", "undecided"]);
  b.answer(DOWN);
  assert.equal(b.fate, "dropped");
});
