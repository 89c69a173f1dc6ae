import assert from "node:assert/strict";
import { test } from "node:test";
import { createCredentialSealer } from "../../src/spool/credential-sealer.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { nextTurn } from "../support/virtual-clock.ts";
import { newRecord, testSpoolLog } from "./log-conformance.ts";
import { crashEverywhere } from "./segment-log-crash.ts";
import { bytesOnDisk, contentOf, openLog, put, readFile } from "./segment-log-scene.ts";

for (const fsync of ["always", "interval", "never"] as const) {
  for (const seals of [false, true]) {
    testSpoolLog(
      `segments, fsync ${fsync}${seals ? ", credentials" : ""}`,
      async () => {
        const disk = new CrashableFiles();
        const sealer = seals ? { sealer: await createCredentialSealer(new Uint8Array(32)) } : {};
        const open = () => openLog(disk, { segmentBytes: 500_000, fsync, ...sealer });
        let log = await open();
        return {
          log,
          reopen: async () => {
            await log.close();
            log = await open();
            return log;
          },
          close: () => log.close(),
        };
      },
      { credentials: seals },
    );
  }
}

test("what was acknowledged survives a crash at any call", async () => {
  for (let seed = 0; seed < 9; seed++) await crashEverywhere(seed, 10);
});

test("segments are in the order of their numbers", async () => {
  const disk = new CrashableFiles();
  let log = await openLog(disk, { segmentBytes: 100 });
  const texts = new Map<number, string>();
  for (let index = 0; index < 300; index++) texts.set(await put(log, `${index}`), `${index}`);
  assert.ok((await disk.directory("a").list()).length >= 300);
  await log.close();
  log = await openLog(disk, { segmentBytes: 100 });
  assert.deepEqual([log.first, log.next], [0, 300]);
  assert.deepEqual(await contentOf(log), { texts, damaged: 0 });
  await log.close();
});

test("ten thousand segments open at once, with no file left open and little read", async () => {
  const disk = new CrashableFiles();
  const first = await openLog(disk);
  await put(first, "only");
  await first.close();
  const bytes = await readFile(disk, "main-0000000000000000.seg");
  const directory = disk.directory("a");
  for (let index = 1; index < 10_000; index++) {
    const file = await directory.open(`main-${(index * 10).toString(16).padStart(16, "0")}.seg`);
    await file.append([bytes]);
    await file.close();
  }
  let opened = 0;
  disk.onCall = ({ op }) => {
    if (op === "open") opened++;
  };
  const started = performance.now();
  const log = await openLog(disk);
  assert.ok(performance.now() - started < 2_000);
  assert.deepEqual([log.next, disk.openFiles, opened], [99_990, 0, 1]);
  assert.equal(log.bytes, await bytesOnDisk(disk));
  await log.close();
});

test("at most two files are open, and none when it is closed", async () => {
  const disk = new CrashableFiles();
  for (let times = 0; times < 1_000; times++) {
    const log = await openLog(disk);
    await put(log, `${times}`);
    if (times % 100 === 0) {
      await contentOf(log);
      log.trim(times);
    }
    await log.close();
    assert.equal(disk.openFiles, 0);
  }
  assert.ok(disk.mostOpenFiles <= 2, `${disk.mostOpenFiles}`);
});

test("one batch is written while the next one collects", async () => {
  const disk = new CrashableFiles();
  const calls: string[] = [];
  disk.onCall = ({ op }) => calls.push(op);
  const log = await openLog(disk, { segmentBytes: 100_000 });
  calls.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, index) => put(log, `${index}`)));
  assert.deepEqual(calls, ["open", "append", "sync directory", "append", "sync"]);
  assert.deepEqual([log.counters.writes, log.counters.appended], [1, 100]);
  await log.close();
});

test("interval: told when it is written, synced within the interval, beside the writes", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "interval", fsyncIntervalMs: 250 }, platform);
  await put(log, "a");
  assert.equal(log.counters.syncs, 0);
  await platform.clock.advance(249);
  assert.equal(log.counters.syncs, 0);
  await platform.clock.advance(1);
  assert.equal(log.counters.syncs, 1);
  await platform.clock.advance(10_000);
  assert.equal(log.counters.syncs, 1, "nothing to sync");
  assert.equal(platform.clock.pending, 0);
  await put(log, "b");
  platform.clock.wallJump(-3_600_000);
  await platform.clock.advance(250);
  assert.equal(log.counters.syncs, 2, "the wall clock does not matter");
  await log.close();
});

test("never: synced when it is closed", async () => {
  const disk = new CrashableFiles();
  const platform = createTestPlatform();
  const log = await openLog(disk, { fsync: "never" }, platform);
  for (let index = 0; index < 20; index++) await put(log, `${index}`.padEnd(100));
  await platform.clock.advance(3_600_000);
  assert.equal(log.counters.syncs, 0);
  await log.close();
  assert.equal(log.counters.syncs, 1);
});

test("what only waits to be written cannot be read yet", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk);
  await put(log, "a");
  let stored = false;
  log.append(newRecord("b"), () => {
    stored = true;
  });
  const chunk = await log.read(0, 1_000);
  if (!stored) assert.deepEqual([chunk.records.length, chunk.next], [1, 1]);
  await nextTurn();
  assert.ok(stored);
  assert.deepEqual(await contentOf(log), {
    texts: new Map([
      [0, "a"],
      [1, "b"],
    ]),
    damaged: 0,
  });
  await log.close();
});

test("what is written while the last segment is read is not passed over", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 10_000 });
  await put(log, "a");
  const held = Promise.withResolvers<void>();
  disk.slow = ({ op }) => (op === "read" ? held.promise : undefined);
  const reading = log.read(0, 10_000);
  await put(log, "b");
  disk.slow = () => undefined;
  held.resolve();
  const { records, next } = await reading;
  assert.equal(records.length, next);
  await log.close();
});

test("several readers go on where they were without reading anything twice", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 10_000_000 });
  const body = "x".repeat(200_000);
  for (let index = 0; index < 40; index++) await put(log, body);
  let reads = 0;
  disk.onCall = ({ op }) => {
    if (op === "read") reads++;
  };
  const places = [0, 0, 10];
  for (let turn = 0; turn < 30; turn++) {
    for (const [reader, at] of places.entries()) places[reader] = (await log.read(at, 250_000)).next;
  }
  assert.deepEqual(places, [30, 30, 40]);
  assert.ok(reads < 3 * 30 * 3, `${reads} reads`);
  await log.close();
});

test("a log in which nothing is needed takes nearly no room, and forgets no place", async () => {
  const disk = new CrashableFiles();
  let log = await openLog(disk, { segmentBytes: 800_000 });
  for (let index = 0; index < 100; index++) await put(log, "x".repeat(10_000), { ranMs: index });
  log.trim(log.next);
  await nextTurn();
  assert.ok(log.bytes < 1_000, `${log.bytes}`);
  assert.equal(log.bytes, await bytesOnDisk(disk));
  assert.deepEqual([log.first, log.next, log.oldest()], [100, 100, undefined]);
  await log.close();
  log = await openLog(disk, { segmentBytes: 1_000_000 });
  assert.deepEqual([log.first, log.next, log.lastRanMs], [100, 100, 99]);
  assert.equal(await put(log, "more"), 100);
  await log.close();
});

test("one record at a time, each done before the next one, costs no file of its own", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 1_000_000 });
  const changes: string[] = [];
  disk.onCall = ({ op }) => {
    if (op === "open" || op === "remove") changes.push(op);
  };
  for (let index = 0; index < 1_000; index++) {
    await put(log, "x".repeat(100));
    log.trim(log.next);
  }
  await nextTurn();
  assert.ok(changes.length < 10, `${changes.length} files opened or removed`);
  assert.ok(log.bytes < 100_000);
  await log.close();
});

test("the size of segments may change from run to run; what is larger gets a segment of its own", async () => {
  const disk = new CrashableFiles();
  const texts = new Map<number, string>();
  for (const segmentBytes of [1_000, 200, 100_000, 300]) {
    const log = await openLog(disk, { segmentBytes });
    for (const size of [10, 2_000, 10]) {
      const text = `${segmentBytes} `.padEnd(size, "x");
      texts.set(await put(log, text), text);
    }
    assert.deepEqual(await contentOf(log), { texts, damaged: 0 });
    await log.close();
  }
  const files = await disk.directory("a").list();
  assert.ok(
    files.every(({ size }) => size <= 100_000),
    "no record is with others in a segment that is too large",
  );
  assert.ok(files.length >= 7);
});

test("places go on from where a cursor is that a power cut left behind the records", async () => {
  const disk = new CrashableFiles();
  let log = await openLog(disk);
  await put(log, "a");
  await log.close();
  log = await openLog(disk, { atLeast: 7 });
  assert.equal(log.next, 7);
  assert.equal(await put(log, "b"), 7);
  await log.close();
  log = await openLog(disk);
  assert.deepEqual(await contentOf(log), {
    texts: new Map([
      [0, "a"],
      [7, "b"],
    ]),
    damaged: 0,
  });
  assert.equal(log.next, 8);
  await log.close();
  const empty = await openLog(new CrashableFiles(), { atLeast: 7 });
  assert.deepEqual([empty.first, empty.next], [7, 7]);
  await empty.close();
});

test("other logs in the directory are left alone", async () => {
  const disk = new CrashableFiles();
  const logs = await Promise.all(["main", "hold", "main-2"].map((prefix) => openLog(disk, { prefix })));
  for (const [index, log] of logs.entries()) await put(log, `${index}`);
  for (const log of logs) await log.close();
  for (const [index, prefix] of ["main", "hold", "main-2"].entries()) {
    const log = await openLog(disk, { prefix });
    assert.deepEqual([...(await contentOf(log)).texts.values()], [`${index}`]);
    await log.close();
  }
});

test("credentials are opened with the key, and nothing is lost without it", async () => {
  const disk = new CrashableFiles();
  const sealer = await createCredentialSealer(new Uint8Array(32));
  const credentials = { authorization: "Basic canary" };
  const destination = { db: "db", rp: "", precision: "", credentials };
  let log = await openLog(disk, { sealer });
  await put(log, "without");
  await put(log, "with", { destination });
  await log.close();
  const bytes = await readFile(disk, "main-0000000000000000.seg");
  assert.ok(!new TextDecoder("latin1").decode(bytes).includes("canary"));
  log = await openLog(disk);
  assert.deepEqual((await log.read(0, 1_000)).records.length, 1);
  await assert.rejects(log.read(1, 1_000), { name: "SpoolError", message: /store-credentials/ });
  await log.close();
  log = await openLog(disk, { sealer });
  assert.deepEqual((await log.read(1, 1_000)).records[0]?.destination, destination);
  await log.close();
});
