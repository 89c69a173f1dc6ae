import assert from "node:assert/strict";
import { test } from "node:test";
import { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { nextTurn } from "../support/virtual-clock.ts";
import { newRecord } from "./log-conformance.ts";
import { checkDamaged, flipBits, threeSegments, truncateAtBytes } from "./segment-log-damage.ts";
import { contentOf, diskWith, openLog, put, readFile, SEGMENT_BYTES } from "./segment-log-scene.ts";

test("a segment that is cut off anywhere costs only its end", () =>
  truncateAtBytes((index) => index % 7 === 0));
test("a changed bit costs at most one record", () => flipBits((index) => index % 61 === 0));

test("a sector of zeros costs the records that it hits", async () => {
  const original = await threeSegments();
  for (const [index, name] of original.names.entries()) {
    const changed = original.files[name]!.slice().fill(0, 0, 512);
    const files = { ...original.files, [name]: changed };
    await checkDamaged(original, files, `zeros in ${name}`, original.places[index]!);
  }
});

test("garbage behind a segment costs nothing", async () => {
  const original = await threeSegments();
  for (const name of original.names) {
    for (const garbage of ["garbage", "\0".repeat(5_000), "õRLÿ".repeat(100)]) {
      const bytes = Uint8Array.from([
        ...original.files[name]!,
        ...[...garbage].map((letter) => letter.charCodeAt(0)),
      ]);
      const { damaged } = await checkDamaged(
        original,
        { ...original.files, [name]: bytes },
        `garbage in ${name}`,
        [],
      );
      assert.equal(damaged, 0);
    }
  }
});

test("an empty segment, one of zeros, and one that is missing cost their records only", async () => {
  const original = await threeSegments();
  for (const [index, name] of original.names.entries()) {
    const lost = original.places[index]!;
    const { [name]: whole, ...others } = original.files;
    const zeros = new Uint8Array(whole!.length);
    for (const [what, files] of [
      ["empty", { ...others, [name]: new Uint8Array(0) }],
      ["zeros", { ...others, [name]: zeros }],
      ["missing", others],
    ] as const) {
      const { given, damaged } = await checkDamaged(original, files, `${name} ${what}`, lost);
      assert.equal(given.size, original.texts.size - lost.length);
      // Nobody knows how many the last one had, nor what was before the first one that is there.
      const known = index === 1 || (index === 0 && what !== "missing");
      assert.equal(damaged, known ? lost.length : 0, `${name} ${what}`);
    }
  }
});

test("no place that a damaged record at the end may have had is given out again", async () => {
  const original = await threeSegments();
  const name = original.names[2]!;
  const bytes = original.files[name]!;
  for (let at = 32; at < bytes.length; at += 5) {
    const files = { ...original.files, [name]: bytes.slice().fill(0, at) };
    const disk = await diskWith(new CrashableFiles(), files);
    const log = await openLog(disk);
    assert.ok(log.next >= original.next, `zeros from ${at}: ${log.next}`);
    await log.close();
    const again = await openLog(disk);
    assert.ok(again.next >= original.next, `zeros from ${at}, opened again: ${again.next}`);
    await again.close();
  }
});

test("damage is counted once, kept once, and told", async () => {
  const original = await threeSegments();
  const name = original.names[1]!;
  const changed = original.files[name]!.slice();
  changed[100]! ^= 1;
  const disk = await diskWith(new CrashableFiles(), { ...original.files, [name]: changed });
  const platform = createTestPlatform();
  let log = await openLog(disk, {}, platform);
  for (let times = 0; times < 3; times++) assert.equal((await contentOf(log, 0)).damaged, 1);
  assert.equal(log.counters.damagedRecords, 1);
  assert.ok(log.counters.damagedBytes > 68);
  assert.equal(log.counters.setAside, 1);
  assert.deepEqual(await readFile(disk, `${name}.bad`), changed);
  const lines = platform.logged.filter(({ event }) => event === "spool file damaged");
  assert.deepEqual(
    lines.map(({ fields }) => [fields["backend"], fields["file"], fields["copy"]]),
    [["a", name, `${name}.bad`]],
  );
  await log.close();
  log = await openLog(disk);
  assert.equal((await contentOf(log, 0)).damaged, 1);
  assert.equal(log.counters.setAside, 0, "kept by an earlier run");
  await log.close();
});

test("what is kept of damage is bounded", async () => {
  const disk = new CrashableFiles();
  let log = await openLog(disk);
  for (let index = 0; index < 100; index++) await put(log, `${index}`.padEnd(60));
  await log.close();
  const files = await disk.directory("a").list();
  const damaged = new CrashableFiles();
  for (const { name } of files) {
    const bytes = await readFile(disk, name);
    bytes[50]! ^= 1;
    await diskWith(damaged, { [name]: bytes });
  }
  const platform = createTestPlatform();
  log = await openLog(damaged, {}, platform);
  const { texts } = await contentOf(log, 0);
  assert.equal(texts.size, 100 - files.length);
  const kept = (await damaged.directory("a").list()).filter(({ name }) => name.endsWith(".bad"));
  assert.ok(kept.length >= 3 && kept.reduce((sum, { size }) => sum + size, 0) <= 4 * SEGMENT_BYTES);
  assert.ok(log.counters.notSetAsideBytes > 0);
  assert.equal(log.counters.setAside, kept.length);
  await log.close();
});

test("a file that cannot be read just now is no damage", async () => {
  const original = await threeSegments();
  const disk = await diskWith(new CrashableFiles(), original.files);
  const log = await openLog(disk);
  disk.fault = ({ op }) => (op === "read" ? { failure: "io" } : undefined);
  await assert.rejects(log.read(0, 1_000), { name: "SpoolError", failure: "io" });
  disk.fault = () => undefined;
  const file = await disk.directory("a").open(original.names[0]!);
  await file.truncate(50);
  await assert.rejects(log.read(0, 1_000), { name: "SpoolError", failure: "io" }, "shorter than it was");
  await file.append([original.files[original.names[0]!]!.slice(50)]);
  await file.close();
  assert.deepEqual((await contentOf(log, 0)).texts, original.texts);
  assert.equal(log.counters.damagedBytes, 0);
  await log.close();
  assert.equal(disk.openFiles, 0);
});

test("bodies that are full of what looks like records do not hold up the search for the next one", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 2 ** 23 });
  const fake = new Uint8Array(2 ** 21);
  const view = new DataView(fake.buffer);
  for (let at = 0; at + 68 < fake.length; at += 68) {
    view.setUint32(at, 0xff4c52f5, true);
    view.setUint32(at + 12, fake.length - at, true);
  }
  await new Promise<void>((resolve) => {
    const destination = { db: "", rp: "", precision: "", credentials: undefined };
    log.append({ destination, body: fake, closed: true, ranMs: 0, timeMs: 0, note: "" }, () => resolve());
  });
  await log.close();
  const [file] = await disk.directory("a").list();
  const bytes = await readFile(disk, file!.name);
  // Not where it begins any more, so that its length is not known.
  bytes[32]! ^= 1;
  const damaged = await diskWith(new CrashableFiles(), { [file!.name]: bytes });
  const started = performance.now();
  const again = await openLog(damaged, { segmentBytes: 2 ** 23 });
  assert.ok(again.next > 0);
  // Half a minute if each of them was looked at.
  assert.ok(performance.now() - started < 10_000);
  await again.close();
});

test("a record in a damaged body is none", async () => {
  const original = await threeSegments();
  const [name] = original.names;
  const whole = original.files[name!]!;
  const fake = whole.slice(32);
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 10_000 });
  await put(log, "before");
  await new Promise<void>((resolve) => {
    log.append(newRecord(Uint8Array.of(120, ...fake)), () => resolve());
  });
  await put(log, "behind");
  await log.close();
  const [file] = await disk.directory("a").list();
  const bytes = await readFile(disk, file!.name);
  const start = bytes.findIndex(
    (_, index) => index > 100 && fake.every((byte, i) => bytes[index + i] === byte),
  );
  assert.ok(start > 0);
  bytes[start - 1]! ^= 1;
  const again = await openLog(await diskWith(new CrashableFiles(), { [file!.name]: bytes }), {
    segmentBytes: 10_000,
  });
  const { texts, damaged } = await contentOf(again);
  assert.deepEqual([[...texts.values()], damaged], [["before", "behind"], 1]);
  await again.close();
});

test("the last records of a log that goes on with an empty segment are missed, too", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { segmentBytes: 200_000 });
  for (let index = 0; index < 10; index++) await put(log, `${index}`.repeat(10_000));
  disk.fault = ({ op }) => (op === "remove" ? { failure: "io" } : undefined);
  log.trim(log.next);
  await nextTurn();
  await log.close();
  const files: Record<string, Uint8Array> = {};
  for (const { name } of await disk.directory("a").list()) files[name] = await readFile(disk, name);
  const names = Object.keys(files).sort();
  assert.equal(names.length, 2);
  files[names[0]!]![files[names[0]!]!.length - 1]! ^= 1;
  const again = await openLog(await diskWith(new CrashableFiles(), files), { segmentBytes: 200_000 });
  const { texts, damaged } = await contentOf(again, 0);
  assert.deepEqual([[...texts.keys()], damaged], [[0, 1, 2, 3, 4, 5, 6, 7, 8], 1]);
  await again.close();
});

test("a damaged end is cut off, so that it is found once", async () => {
  const original = await threeSegments();
  const name = original.names[2]!;
  const torn = original.files[name]!.slice(0, -3);
  const disk = await diskWith(new CrashableFiles(), { ...original.files, [name]: torn });
  const log = await openLog(disk);
  assert.ok(log.counters.damagedBytes > 68);
  await log.close();
  const again = await openLog(disk);
  await contentOf(again, 0);
  assert.equal(again.counters.damagedBytes, 0);
  const kept = await readFile(disk, `${name}.tail.bad`);
  assert.deepEqual(Uint8Array.of(...(await readFile(disk, name)), ...kept), torn);
  await again.close();
});
