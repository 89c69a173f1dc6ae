import assert from "node:assert/strict";
import { test } from "node:test";
import { SpoolError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import { FactJournal, type FactJournalOptions } from "../../src/spool/fact-journal.ts";
import { type Call, CrashableFiles, failNth } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { testSpoolFacts } from "./facts-conformance.ts";

const FILE = "facts.journal";

type Fsync = FactJournalOptions["fsync"];

function scene(disk = new CrashableFiles(), fsync: Fsync = "always") {
  const platform = createTestPlatform();
  const { clock, logged } = platform;
  const log = createLog(platform.log, clock);
  const directory = disk.directory("a");
  const calls: string[] = [];
  disk.onCall = ({ op, name }) => calls.push(`${op} ${name}`.trim());
  const open = () => FactJournal.open({ directory, fsync, fsyncIntervalMs: 100, clock, log, backend: "a" });
  return { disk, clock, logged, directory, calls, open, events: () => logged.map(({ event }) => event) };
}

async function contentOf(disk: CrashableFiles, name = FILE): Promise<Uint8Array> {
  const file = await disk.directory("a").open(name);
  const bytes = await file.read(0, 10_000_000);
  await file.close();
  return bytes;
}

async function diskWith(bytes: Uint8Array, name = FILE): Promise<CrashableFiles> {
  const disk = new CrashableFiles();
  const file = await disk.directory("a").open(name);
  await file.append([bytes]);
  await file.sync();
  await file.close();
  await disk.directory("a").sync();
  return disk;
}

/** A journal with one entry for each of a, b and c, and where each ends. */
async function threeEntries(): Promise<{ bytes: Uint8Array; ends: number[] }> {
  const { disk, open } = scene();
  const facts = await open();
  const ends: number[] = [];
  for (const name of ["a", "b", "c"]) {
    await facts.set(name, `value of ${name}`);
    ends.push((await contentOf(disk)).length);
  }
  return { bytes: await contentOf(disk), ends };
}

for (const fsync of ["always", "interval", "never"] as const) {
  testSpoolFacts(`fact journal, fsync ${fsync}`, async () => {
    const { open, disk } = scene(new CrashableFiles(), fsync);
    let facts = await open();
    return {
      facts,
      reopen: async () => {
        await facts.close();
        facts = await open();
        return facts;
      },
      close: async () => {
        await facts.close();
        assert.equal(disk.openFiles, 0);
      },
    };
  });
}

test("what was set survives a crash at any instant, and nothing is thought missing after a mere kill", async () => {
  const { disk, open } = scene();
  const kept = new Map<string, number>();
  const clones: { disk: CrashableFiles; kind: "kill" | "power cut"; kept: Map<string, number> }[] = [];
  const facts = await open();
  disk.onCall = ({ number }) => {
    for (const kind of ["kill", "power cut"] as const) {
      for (const seed of [1, 2]) {
        clones.push({ disk: disk.crashClone(kind, number * 10 + seed), kind, kept: new Map(kept) });
      }
    }
  };
  for (let index = 1; index <= 30; index++) {
    const names = [`n${index % 3}`, `n${index % 5}`];
    // Large enough to be written anew several times.
    await Promise.all(names.map((name) => facts.set(name, { index, filling: "x".repeat(9_000) })));
    for (const name of names) kept.set(name, index);
  }
  await facts.close();
  assert.ok(clones.length > 250);
  for (const clone of clones) {
    const again = await scene(clone.disk).open();
    if (clone.kind === "kill") assert.equal(again.intact, true);
    for (const [name, index] of clone.kept) {
      const value = again.get(name) as { index: number } | undefined;
      assert.ok(value !== undefined && value.index >= index, `${name} after a ${clone.kind}`);
    }
    await again.set("more", 1);
  }
});

test("what was believed when it was opened survives a power cut after that", async () => {
  const { disk, open } = scene();
  const facts = await open();
  await facts.set("a", 1);
  let killed: CrashableFiles | undefined;
  disk.onCall = ({ op }) => {
    if (op === "sync") killed = disk.crashClone("kill", 1);
  };
  await facts.set("a", 2);
  assert.ok(killed !== undefined);
  const value = (await scene(killed).open()).get("a");
  assert.ok(value === 1 || value === 2);
  for (let seed = 0; seed < 20; seed++) {
    assert.equal((await scene(killed.crashClone("power cut", seed)).open()).get("a"), value);
  }
});

test("with fsync interval a value is safe after the interval, and nothing runs while nothing is set", async () => {
  const { disk, open, clock, calls } = scene(new CrashableFiles(), "interval");
  const facts = await open();
  await facts.set("a", 1);
  calls.length = 0;
  await facts.set("a", 2);
  await facts.set("a", 3);
  assert.deepEqual(calls, [`append ${FILE}`, `append ${FILE}`]);
  assert.equal(clock.pending, 1);
  await clock.advance(99);
  assert.equal(calls.length, 2);
  await clock.advance(1);
  assert.deepEqual(calls.slice(2), [`sync ${FILE}`]);
  assert.equal(clock.pending, 0);
  for (let seed = 0; seed < 20; seed++) {
    assert.equal((await scene(disk.crashClone("power cut", seed)).open()).get("a"), 3);
  }
  await facts.set("a", 4);
  await facts.close();
  assert.equal(clock.pending, 0);
  assert.equal(calls.at(-2), `sync ${FILE}`);
});

test("with fsync never nothing is synced but on the way out", async () => {
  const { open, calls } = scene(new CrashableFiles(), "never");
  const facts = await open();
  await facts.set("a", 1);
  calls.length = 0;
  for (let index = 0; index < 5; index++) await facts.set("a", index);
  assert.deepEqual(calls, Array(5).fill(`append ${FILE}`));
  await facts.close();
  assert.deepEqual(calls.slice(5), [`sync ${FILE}`, `close ${FILE}`]);
});

test("what is set while the file is written is written together, and only the last of each name", async () => {
  const { disk, open, calls } = scene();
  const facts = await open();
  await facts.set("a", 0);
  const before = (await contentOf(disk)).length;
  calls.length = 0;
  const waiting = [facts.set("a", 1)];
  await Promise.resolve();
  await Promise.resolve();
  for (let index = 0; index < 1_000; index++) waiting.push(facts.set(`name ${index % 2}`, index));
  await Promise.all(waiting);
  assert.deepEqual(calls, [`append ${FILE}`, `sync ${FILE}`, `append ${FILE}`, `sync ${FILE}`]);
  assert.ok((await contentOf(disk)).length < before + 200);
});

test("the file is written anew before it is much larger than its values", async () => {
  const { disk, open, directory } = scene();
  const facts = await open();
  for (let index = 0; index < 400; index++) await facts.set(`name ${index % 4}`, `${index} `.padEnd(2_000));
  assert.ok((await contentOf(disk)).length <= 256 * 1024);
  for (let index = 0; index < 10; index++) await facts.set(`large ${index % 2}`, `${index}`.padEnd(200_000));
  assert.ok((await contentOf(disk)).length <= 4 * 410_000);
  assert.deepEqual(
    (await directory.list()).map(({ name }) => name),
    [FILE],
  );
  await facts.close();
  const again = await scene(disk).open();
  assert.deepEqual(
    [again.intact, again.get("name 3"), again.get("large 1")],
    [true, "399 ".padEnd(2_000), "9".padEnd(200_000)],
  );
});

test("an entry that was cut off costs itself only, and nothing counts as missing", async () => {
  const { bytes, ends } = await threeEntries();
  for (let length = (ends[1] as number) + 1; length < bytes.length; length++) {
    const disk = await diskWith(bytes.slice(0, length));
    const facts = await scene(disk).open();
    assert.deepEqual(
      [facts.intact, facts.get("a"), facts.get("b"), facts.get("c")],
      [true, "value of a", "value of b", undefined],
    );
    assert.equal((await contentOf(disk)).length, ends[1]);
    await facts.set("d", 1);
    const again = await scene(disk).open();
    assert.deepEqual([again.intact, again.get("b"), again.get("d")], [true, "value of b", 1]);
  }
});

test("a changed bit anywhere costs one entry, is told, and is kept for inspection", async () => {
  const { bytes, ends } = await threeEntries();
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
    const hit = ends.findIndex((end) => at < end);
    const { disk, open, events } = scene(await diskWith(damaged));
    const facts = await open();
    const values = ["a", "b", "c"].map((name) => facts.get(name));
    const expected = ["a", "b", "c"].map((name, index) => (index === hit ? undefined : `value of ${name}`));
    assert.deepEqual([facts.intact, facts.damaged, ...values], [false, 1, ...expected], `byte ${at}`);
    assert.deepEqual(events(), ["spool-facts-damaged"]);
    assert.deepEqual(await contentOf(disk.crashClone("power cut", at), "facts.journal.bad"), damaged);
    await facts.set("d", 1);
    const killed = await scene(disk.crashClone("kill", at)).open();
    assert.deepEqual([killed.intact, killed.get("d")], [false, 1], "it is found until there was a clean end");
    await facts.close();
    const again = await scene(disk).open();
    assert.deepEqual([again.intact, again.damaged, again.get("d")], [true, 0, 1]);
  }
});

test("rubbish behind, before and between entries takes none of them", async () => {
  const { bytes, ends } = await threeEntries();
  const [first = 0] = ends;
  const rubbish = [
    new Uint8Array(600),
    new Uint8Array(5).fill(0xf6),
    Uint8Array.of(0xf6, 0x52, 0x46, 0xff, ...Array(40).fill(7)),
  ];
  for (const noise of rubbish) {
    for (const at of [0, first, bytes.length]) {
      const disk = await diskWith(Uint8Array.of(...bytes.slice(0, at), ...noise, ...bytes.slice(at)));
      const facts = await scene(disk).open();
      assert.deepEqual([facts.intact, facts.damaged], [false, 1]);
      assert.deepEqual(
        ["a", "b", "c"].map((name) => facts.get(name)),
        ["value of a", "value of b", "value of c"],
      );
    }
  }
});

test("a journal that is gone or empty is missed where there are segments", async () => {
  assert.equal((await scene(await diskWith(new Uint8Array(1), "x.log")).open()).intact, true);
  assert.equal((await scene(await diskWith(new Uint8Array(1), "0000000000000001.seg")).open()).intact, false);
  assert.equal((await scene(await diskWith(new Uint8Array(0))).open()).intact, false);
});

test("a journal that was not finished is removed", async () => {
  const { bytes } = await threeEntries();
  const disk = await diskWith(bytes);
  const left = await disk.directory("a").open(`${FILE}.new`);
  await left.append([bytes.slice(0, 30)]);
  const { open, directory } = scene(disk);
  assert.equal((await open()).get("c"), "value of c");
  assert.deepEqual(
    (await directory.list()).map(({ name }) => name),
    [FILE],
  );
});

test("the journal of a newer relay is refused and left as it is", async () => {
  const { disk, open } = scene();
  const facts = await open();
  await facts.set("a", 1);
  const bytes = await contentOf(disk);
  // Version 2, with the checksum of the header that belongs to it.
  bytes[4] = 2;
  new DataView(bytes.buffer).setUint32(13, crc32cOf(bytes.subarray(0, 13)), true);
  const newer = await diskWith(bytes);
  await assert.rejects(scene(newer).open(), { failure: "version" });
  assert.deepEqual(await contentOf(newer), bytes);
  assert.equal(newer.openFiles, 0);
});

test("whichever call fails once, what is told to be stored is, and the next one stores the rest", async () => {
  const writes = (call: Call) => call.op !== "close";
  for (const fault of [
    { failure: "io", written: 0.5, drop: true },
    { failure: "full", written: 0.9 },
  ] as const) {
    for (let nth = 1; nth <= 12; nth++) {
      const { disk, open } = scene();
      const facts = await open();
      disk.fault = failNth(nth, writes, fault);
      const told: (number | undefined)[] = [];
      for (let index = 0; index < 4; index++) {
        told.push(
          await facts.set(`n${index}`, index).then(
            () => index,
            () => undefined,
          ),
        );
        for (const seed of [1, 2, 3]) {
          const crashed = await scene(disk.crashClone("power cut", seed)).open();
          for (const value of told) if (value !== undefined) assert.equal(crashed.get(`n${value}`), value);
        }
      }
      disk.fault = () => undefined;
      await facts.set("last", 1);
      const again = await scene(disk.crashClone("power cut", nth)).open();
      assert.deepEqual(
        [0, 1, 2, 3].map((index) => again.get(`n${index}`)),
        [0, 1, 2, 3],
        `call ${nth}`,
      );
    }
  }
});

test("a failed append or sync is made good by a new file, without an error to anybody", async () => {
  for (const op of ["append", "sync"] as const) {
    const { disk, open, events } = scene();
    const facts = await open();
    await facts.set("a", 1);
    disk.fault = failNth(1, (call) => call.op === op, { failure: "io", written: 0.5, drop: true });
    await facts.set("b", 2);
    assert.deepEqual(events(), ["spool-facts-rewritten"]);
    const again = await scene(disk.crashClone("power cut", 1)).open();
    assert.deepEqual([again.intact, again.get("a"), again.get("b")], [true, 1, 2]);
  }
});

test("while the disk is full each set says so, and once there is room all is stored", async () => {
  const { disk, open, events } = scene();
  const facts = await open();
  await facts.set("a", 1);
  disk.quota = disk.usedBytes + 20;
  for (const value of [2, 3]) {
    await assert.rejects(
      facts.set("b", value),
      (error) => error instanceof SpoolError && error.failure === "full",
    );
  }
  assert.equal(facts.get("b"), 3);
  assert.ok(events().includes("spool-facts-not-stored"));
  assert.deepEqual((await scene(disk.crashClone("power cut", 1)).open()).get("a"), 1);
  disk.quota = Number.POSITIVE_INFINITY;
  await facts.set("c", 4);
  const again = await scene(disk.crashClone("power cut", 1)).open();
  assert.deepEqual([again.get("a"), again.get("b"), again.get("c")], [1, 3, 4]);
});

test("with fsync interval a sync that fails is made good, at the latest an interval after the disk is well", async () => {
  const { disk, open, clock } = scene(new CrashableFiles(), "interval");
  const facts = await open();
  await facts.set("a", 1);
  await facts.set("a", 2);
  disk.fault = (call) => (call.op === "sync" ? { failure: "io", drop: true } : undefined);
  await clock.advance(350);
  disk.fault = () => undefined;
  await clock.advance(100);
  assert.equal(clock.pending, 0);
  for (let seed = 0; seed < 20; seed++) {
    assert.equal((await scene(disk.crashClone("power cut", seed)).open()).get("a"), 2);
  }
});

test("what cannot be made safe on the way out is an error, and no file stays open", async () => {
  const { disk, open } = scene(new CrashableFiles(), "never");
  const facts = await open();
  await facts.set("a", 1);
  await facts.set("a", 2);
  disk.fault = (call) => (call.op === "sync" ? { failure: "io" } : undefined);
  await assert.rejects(facts.close(), SpoolError);
  assert.equal(disk.openFiles, 0);
  await assert.rejects(facts.set("a", 3), { failure: "closed" });
});

/** Bit by bit: slow, and nothing of the code under test. */
function crc32cOf(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
