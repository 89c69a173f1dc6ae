import assert from "node:assert/strict";
import { test } from "node:test";
import { CrashableFiles, failNth } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { nextTurn } from "../support/virtual-clock.ts";
import { newRecord } from "./log-conformance.ts";
import { failEverywhere } from "./segment-log-faults.ts";
import { bytesOnDisk, contentOf, openLog, put } from "./segment-log-scene.ts";

for (const [seed, fsync] of ["always", "interval", "never"].entries()) {
  test(`nothing acknowledged is lost when any call fails: fsync ${fsync}`, async () => {
    assert.ok((await failEverywhere(seed, 5)) > 50);
  });
}

test("a full disk: appends are told to have failed, reads go on, and it goes on when there is room", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk);
  const texts = new Map<number, string>();
  for (let index = 0; index < 10; index++) texts.set(await put(log, `${index}`), `${index}`);
  disk.quota = disk.usedBytes + 100;
  for (let times = 0; times < 20; times++) {
    await assert.rejects(put(log, "x".repeat(200)), { name: "SpoolError", failure: "full" });
    assert.deepEqual((await contentOf(log)).texts, texts);
    assert.equal(log.bytes, await bytesOnDisk(disk));
  }
  assert.equal(log.counters.failedAppends, 20);
  assert.ok((await disk.directory("a").list()).length <= 4, "no empty files pile up");
  disk.quota = Number.POSITIVE_INFINITY;
  texts.set(await put(log, "fits"), "fits");
  assert.deepEqual(await contentOf(log), { texts, damaged: 0 });
  await log.close();
  const again = await openLog(disk);
  assert.deepEqual(await contentOf(again), { texts, damaged: 0 });
  await again.close();
});

test("a write that fails once goes to a new segment, and nobody is told", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk);
  await put(log, "a");
  disk.fault = failNth(1, ({ op }) => op === "append", { failure: "io", written: 0.5 });
  await put(log, "b");
  const { failedWrites, failedAppends } = log.counters;
  assert.deepEqual([failedWrites, failedAppends], [1, 0]);
  assert.deepEqual(
    (await disk.directory("a").list()).map(({ name }) => name),
    ["main-0000000000000000.seg", "main-0000000000000001.seg"],
  );
  await log.close();
});

test("interval: a failed write does not keep what was written before it from becoming safe", async () => {
  for (let seed = 0; seed < 30; seed++) {
    for (const truncates of [true, false]) {
      const disk = new CrashableFiles();
      const platform = createTestPlatform();
      const log = await openLog(disk, { fsync: "interval" }, platform);
      await put(log, "a");
      const fails = failNth(1, ({ op }) => op === "append", { failure: "io", written: 0.5 });
      disk.fault = (call) =>
        fails(call) ?? (call.op === "truncate" && !truncates ? { failure: "io" } : undefined);
      await put(log, "b");
      await platform.clock.advance(1_000);
      const after = await openLog(disk.crashClone("power cut", seed));
      assert.deepEqual(
        [...(await contentOf(after)).texts.values()],
        ["a", "b"],
        `seed ${seed}, ${truncates}`,
      );
      await after.close();
      await log.close();
    }
  }
});

test("interval: what is written while a sync is under way is safe after the next one only", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval", segmentBytes: 10_000 }, platform);
  await put(log, "a");
  const held = Promise.withResolvers<void>();
  disk.slow = ({ op }) => (op === "sync" ? held.promise : undefined);
  await platform.clock.advance(1_000);
  await put(log, "b");
  disk.slow = () => undefined;
  held.resolve();
  disk.fault = failNth(1, ({ op }) => op === "sync", { failure: "io", drop: true });
  await platform.clock.advance(3_000);
  assert.deepEqual([log.counters.syncs, log.counters.failedSyncs], [2, 1]);
  const after = await openLog(disk.crashClone("power cut", 1));
  assert.deepEqual([...(await contentOf(after)).texts.values()], ["a", "b"]);
  await after.close();
  await log.close();
});

test("interval: a segment is left only when the sync that is under way has ended", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval" }, platform);
  await put(log, "a");
  const held = Promise.withResolvers<void>();
  const calls: string[] = [];
  disk.onCall = ({ op, name }) => calls.push(`${op} ${name}`);
  disk.slow = ({ op }) => (op === "sync" ? held.promise : undefined);
  disk.fault = failNth(1, ({ op }) => op === "sync", { failure: "io", drop: true });
  await platform.clock.advance(1_000);
  const stored = put(log, "b".repeat(500));
  await nextTurn();
  assert.deepEqual(calls, ["sync main-0000000000000000.seg"], "it waits");
  disk.slow = () => undefined;
  held.resolve();
  await stored;
  await platform.clock.advance(1_000);
  assert.equal(calls.filter((call) => call === "sync main-0000000000000000.seg").length, 1, "not again");
  const after = await openLog(disk.crashClone("power cut", 1));
  assert.deepEqual([...(await contentOf(after)).texts.keys()], [0, 1]);
  await after.close();
  await log.close();
});

test("what was written again after a failed sync is not kept twice, and no removed file comes back", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval", segmentBytes: 10_000 }, platform);
  await put(log, "a");
  await platform.clock.advance(1_000);
  await put(log, "b".repeat(500));
  const names = async () => (await disk.directory("a").list()).map(({ size }) => size);
  const [before] = await names();
  disk.fault = failNth(1, ({ op }) => op === "sync");
  await platform.clock.advance(3_000);
  const [old, fresh, ...more] = await names();
  assert.ok(old! < before! - 500 && fresh! > 500 && more.length === 0, `${before} ${old} ${fresh}`);
  assert.equal(log.bytes, await bytesOnDisk(disk));

  await put(log, "c");
  disk.fault = failNth(1, ({ op }) => op === "sync");
  // The segment of the failed sync is removed before its turn to be cut off comes.
  disk.onCall = ({ op }) => {
    if (op === "append") log.trim(log.next);
  };
  await platform.clock.advance(3_000);
  disk.onCall = () => {};
  log.trim(log.next);
  await nextTurn();
  assert.equal((await names()).length, 1);
  assert.equal(log.bytes, await bytesOnDisk(disk));
  await log.close();
});

test("the file of a failed sync is never synced again", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval", segmentBytes: 10_000 }, platform);
  const synced: string[] = [];
  const failing = failNth(2, ({ op }) => op === "sync", { failure: "io", drop: true });
  disk.fault = (call) => {
    const fault = failing(call);
    if (call.op === "sync") synced.push(`${call.name}${fault === undefined ? "" : " fails"}`);
    return fault;
  };
  await put(log, "a");
  await platform.clock.advance(1_000);
  await put(log, "b");
  await platform.clock.advance(3_000);
  const [first = "", second = "", third = "", ...more] = synced;
  assert.deepEqual([second, more], [`${first} fails`, []]);
  assert.notEqual(third, first);
  const after = await openLog(disk.crashClone("power cut", 1));
  assert.deepEqual([...(await contentOf(after)).texts.values()], ["a", "b"]);
  await after.close();
  assert.equal(log.counters.doubtfulRecords, 0);
  await log.close();
});

test("what is too much to be kept until it is synced is told to be doubtful when that fails", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval", segmentBytes: 2 ** 24 }, platform);
  for (let index = 0; index < 6; index++) await put(log, "x".repeat(2 ** 20));
  disk.fault = failNth(1, ({ op }) => op === "sync");
  await platform.clock.advance(1_000);
  assert.equal(log.counters.doubtfulRecords, 6);
  assert.ok(platform.logged.some(({ event, level }) => event === "spool sync failed" && level === "error"));
  assert.equal((await contentOf(log)).texts.size, 6, "they can still be read");
  await log.close();
});

test("more than may wait is refused, and told later", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 2 ** 27 });
  const told: (string | undefined)[] = [];
  const body = new Uint8Array(2 ** 24);
  const seqs = [0, 1, 2, 3, 4].map((index) => {
    let returned = false;
    const seq = log.append(newRecord(body), (error) => {
      assert.ok(returned);
      told[index] = error?.failure;
    });
    returned = true;
    return seq;
  });
  assert.deepEqual(seqs, [0, 1, 2, 3, 4]);
  await nextTurn();
  assert.deepEqual(told, [undefined, undefined, undefined, "busy", "busy"]);
  assert.equal(await put(log, "later"), 5);
  const { texts, damaged } = await contentOf(log);
  assert.deepEqual([...texts.keys()], [0, 1, 2, 5]);
  assert.equal(damaged, 0, "places that were never stored are no damage");
  await log.close();
  const again = await openLog(disk);
  assert.equal((await contentOf(again)).damaged, 0, "also not after a restart");
  await again.close();
});

test("a segment that cannot be removed is tried again, in order", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk);
  for (let index = 0; index < 40; index++) await put(log, `${index}`.padEnd(60));
  const names = async () => (await disk.directory("a").list()).map(({ name }) => name).sort();
  const before = await names();
  disk.fault = failNth(2, ({ op }) => op === "remove");
  log.trim(20);
  await nextTurn();
  assert.deepEqual(await names(), before.slice(1));
  assert.equal(log.counters.failedRemovals, 1);
  assert.equal(log.bytes, await bytesOnDisk(disk));
  assert.ok(log.first > 15 && log.first <= 20);
  log.trim(20);
  await nextTurn();
  assert.ok((await names()).length < before.length - 2);
  assert.equal(log.bytes, await bytesOnDisk(disk));
  await log.close();
});

test("an append after the end is told", async () => {
  const log = await openLog(new CrashableFiles());
  await put(log, "a");
  await log.close();
  await log.close();
  await assert.rejects(put(log, "b"), { failure: "closed" });
  await assert.rejects(log.read(0, 1), { failure: "closed" });
});
