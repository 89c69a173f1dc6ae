import assert from "node:assert/strict";
import { CrashableFiles, seededRandom } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { nextTurn } from "../support/virtual-clock.ts";
import { bytesOnDisk, contentOf, openLog, put } from "./segment-log-scene.ts";

const FSYNC_INTERVAL_MS = 1_000;

/** A crash to be looked at: the disk after it, and what must be and may be there. */
interface Crash {
  readonly what: string;
  readonly disk: CrashableFiles;
  readonly must: ReadonlyMap<number, string>;
  readonly may: ReadonlyMap<number, string>;
  /** Places below it are not needed. */
  readonly trimmed: number;
}

/**
 * Appends, reads, trims, and waits by chance, and crashes (in a copy) at every call of a file or directory, or each `every`th. After each
 * crash everything acknowledged must be there, in order, nothing may be there that was never appended, and it must go on.
 */
export async function crashEverywhere(seed: number, every = 1): Promise<number> {
  const random = seededRandom(seed);
  const fsync = (["always", "interval", "never"] as const)[seed % 3]!;
  const segmentBytes = 200 + Math.floor(random() * 800);
  const platform = createTestPlatform();
  const disk = new CrashableFiles();
  const appended = new Map<number, string>();
  const acknowledged = new Map<number, string>();
  /** When each was acknowledged, to know what an interval promises. */
  const synced = new Map<number, string>();
  let trimmed = 0;
  const crashes: Crash[] = [];
  disk.onCall = ({ op, name, number }) => {
    if ((number + seed) % every !== 0) return;
    for (const kind of ["kill", "power cut"] as const) {
      // Without syncs a power cut may take anything, so that only order and going on can be asked for.
      const must =
        kind === "kill" || fsync === "always" ? acknowledged : fsync === "interval" ? synced : new Map();
      crashes.push({
        what: `seed ${seed}: ${kind} at call ${number}, ${op} ${name}`,
        disk: disk.crashClone(kind, seed * 100_000 + number),
        must: new Map(must),
        may: new Map(appended),
        trimmed,
      });
    }
  };

  const options = { fsync, fsyncIntervalMs: FSYNC_INTERVAL_MS, segmentBytes } as const;
  let log = await openLog(disk, options, platform);
  let at = 0;
  for (let step = 0; step < 25; step++) {
    const what = random();
    if (what < 0.55) {
      const count = 1 + Math.floor(random() * 4);
      const waits = Array.from({ length: count }, async (_, index) => {
        const text = `${seed} ${step} ${index} `.padEnd(Math.floor(random() * 150), "x");
        const stored = put(log, text);
        const seq = log.next - 1;
        appended.set(seq, text);
        await stored;
        acknowledged.set(seq, text);
      });
      if (random() < 0.7) await Promise.all(waits);
      else await nextTurn();
    } else if (what < 0.7) {
      at = (await log.read(at, 300)).next;
    } else if (what < 0.8) {
      trimmed = Math.max(trimmed, Math.floor(random() * (at + 1)));
      log.trim(trimmed);
    } else if (what < 0.92) {
      const before = new Map(acknowledged);
      await platform.clock.advance(FSYNC_INTERVAL_MS + 1);
      for (const [seq, text] of before) synced.set(seq, text);
    } else {
      await nextTurn();
      await log.close();
      for (const [seq, text] of acknowledged) synced.set(seq, text);
      log = await openLog(disk, options, platform);
    }
  }
  await nextTurn();
  await log.close();
  assert.equal(disk.openFiles, 0, `seed ${seed}: files are left open`);
  for (const crash of crashes) await checkAfter(crash);
  return crashes.length;
}

async function checkAfter({ what, disk, must, may, trimmed }: Crash): Promise<void> {
  let log = await openLog(disk);
  const check = async (added: readonly (readonly [number, string])[]) => {
    const { texts } = await contentOf(log);
    const given = new Map(added);
    for (const [seq, text] of must) {
      if (seq >= trimmed) assert.equal(texts.get(seq), text, `${what}: record ${seq} is gone`);
    }
    for (const [seq, text] of texts) {
      assert.equal(text, given.get(seq) ?? may.get(seq), `${what}: record ${seq} was never appended`);
    }
    for (const [seq, text] of given) assert.equal(texts.get(seq), text, `${what}: new record ${seq} is gone`);
    assert.equal(log.bytes, await bytesOnDisk(disk), `${what}: bytes`);
    return texts;
  };
  const first = await check([]);
  for (const seq of must.keys()) assert.ok(seq < log.next, `${what}: place ${seq} is given out again`);
  const { next } = log;
  await log.close();
  log = await openLog(disk);
  assert.deepEqual([log.next, (await contentOf(log)).texts], [next, first], `${what}: opened again`);
  const added: [number, string][] = [];
  for (const text of ["a", "b", "c"]) added.push([await put(log, `${what} ${text}`), `${what} ${text}`]);
  await check(added);
  await log.close();
  log = await openLog(disk);
  await check(added);
  await log.close();
  assert.equal(disk.openFiles, 0, `${what}: files are left open`);
}
