import assert from "node:assert/strict";
import type { SegmentLog } from "../../src/spool/segment-log.ts";
import { type Call, CrashableFiles, type Fault, failNth, seededRandom } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { nextTurn } from "../support/virtual-clock.ts";
import { bytesOnDisk, contentOf, openLog, put } from "./segment-log-scene.ts";

const FSYNC_INTERVAL_MS = 1_000;

/** What fails, and how often in a row: once, so that the second try goes well, or so often that it does not. */
const FAULTS: readonly (readonly [Call["op"], Fault, number])[] = [
  ...([1, 4] as const).flatMap((count) => [
    ["append", { failure: "io" }, count] as const,
    ["append", { failure: "full", written: 0.6 }, count] as const,
    ["append", { failure: "io", written: 1 }, count] as const,
    ["sync", { failure: "io" }, count] as const,
    ["sync", { failure: "io", drop: true }, count] as const,
    ["open", { failure: "io" }, count] as const,
    ["sync directory", { failure: "io" }, count] as const,
  ]),
  ["remove", { failure: "io" }, 1],
  ["read", { failure: "io" }, 1],
  ["close", { failure: "io" }, 1],
];

/**
 * Does the same work again and again, with another call failing each time (of each `every` one). What is told to be stored must be there
 * afterwards: in the same log, after the process is killed, and after a power cut as far as `fsync` promises it.
 */
export async function failEverywhere(seed: number, every = 1): Promise<number> {
  let runs = 0;
  for (const [op, fault, count] of FAULTS) {
    for (const truncates of [true, false]) {
      const start = 1 + (runs % every);
      for (let nth = start; await failOnce(seed, op, fault, count, nth, truncates); nth += every) runs++;
    }
  }
  return runs;
}

/** False when there was no such call. */
async function failOnce(
  seed: number,
  op: Call["op"],
  fault: Fault,
  count: number,
  nth: number,
  truncates: boolean,
): Promise<boolean> {
  const fsync = (["always", "interval", "never"] as const)[seed % 3]!;
  const what = `seed ${seed}: ${fsync}, ${op} ${nth} fails ${count} times ${JSON.stringify(fault)} ${truncates}`;
  const random = seededRandom(seed);
  const platform = createTestPlatform();
  const disk = new CrashableFiles();
  const options = { fsync, fsyncIntervalMs: FSYNC_INTERVAL_MS } as const;
  const log = await openLog(disk, options, platform);
  const fails = failNth(nth, (call) => call.op === op, fault, count);
  let failed = false;
  disk.fault = (call) => {
    const found = fails(call);
    failed ||= found !== undefined;
    return found ?? (truncates || call.op !== "truncate" ? undefined : { failure: "io" });
  };

  const appended = new Map<number, string>();
  const stored = new Map<number, string>();
  const add = (text: string) => {
    const done = put(log, text);
    const seq = log.next - 1;
    appended.set(seq, text);
    return done.then(
      () => void stored.set(seq, text),
      (error: unknown) => assert.equal((error as Error).name, "SpoolError", what),
    );
  };
  let trimmed = 0;
  for (let step = 0; step < 8; step++) {
    await Promise.all([1, 2].map((part) => add(`${step} ${part} `.padEnd(Math.floor(random() * 200), "x"))));
    if (random() < 0.3) await platform.clock.advance(FSYNC_INTERVAL_MS + 1);
    const chunk = await log.read(trimmed, 300).catch(() => undefined);
    if (chunk !== undefined && random() < 0.3) {
      trimmed = chunk.next;
      log.trim(trimmed);
      await nextTurn();
    }
  }
  await checkFinds(log, stored, appended, trimmed, what);
  const killed = disk.crashClone("kill", seed);
  if (fsync === "always") await checkDisk(disk.crashClone("power cut", nth), stored, appended, trimmed, what);

  disk.fault = () => undefined;
  await add("after the failure");
  assert.equal(stored.get(log.next - 1), "after the failure", `${what}: it goes on`);
  await platform.clock.advance(2 * FSYNC_INTERVAL_MS);
  if (fsync !== "never" && log.counters.doubtfulRecords === 0) {
    await checkDisk(disk.crashClone("power cut", nth), stored, appended, trimmed, `${what}, synced`);
  }
  log.trim(trimmed);
  await nextTurn();
  await log.close();
  assert.equal(disk.openFiles, 0, `${what}: files are left open`);
  assert.ok(disk.mostOpenFiles <= 2, `${what}: ${disk.mostOpenFiles} files open`);
  assert.equal(log.bytes, await bytesOnDisk(disk), `${what}: bytes`);
  appended.delete(log.next - 1);
  stored.delete(log.next - 1);
  await checkDisk(killed, stored, appended, trimmed, `${what}, killed`);
  return failed;
}

async function checkDisk(
  disk: CrashableFiles,
  stored: ReadonlyMap<number, string>,
  appended: ReadonlyMap<number, string>,
  trimmed: number,
  what: string,
): Promise<void> {
  const log = await openLog(disk);
  await checkFinds(log, stored, appended, trimmed, what);
  assert.equal(log.bytes, await bytesOnDisk(disk), `${what}: bytes`);
  for (const seq of stored.keys()) assert.ok(seq < log.next, `${what}: place ${seq} is given out again`);
  await put(log, "more");
  assert.equal((await contentOf(log)).texts.get(log.next - 1), "more", what);
  await log.close();
}

async function checkFinds(
  log: SegmentLog,
  stored: ReadonlyMap<number, string>,
  appended: ReadonlyMap<number, string>,
  trimmed: number,
  what: string,
): Promise<void> {
  let content = await contentOf(log).catch(() => undefined);
  // A read that fails is no reason to give up.
  for (let tries = 1; content === undefined && tries < 10; tries++)
    content = await contentOf(log).catch(() => undefined);
  assert.ok(content !== undefined, `${what}: cannot be read any more`);
  const { texts, damaged } = content;
  for (const [seq, text] of stored) {
    if (seq >= trimmed) assert.equal(texts.get(seq), text, `${what}: record ${seq} is gone`);
  }
  for (const [seq, text] of texts)
    assert.equal(text, appended.get(seq), `${what}: record ${seq} was never appended`);
  // Of what was told to have failed, a power cut may leave a part.
  assert.ok(damaged <= appended.size - stored.size, `${what}: ${damaged} damaged`);
}
