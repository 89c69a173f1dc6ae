import assert from "node:assert/strict";
import { CrashableFiles } from "../support/crashable-files.ts";
import { bytesOnDisk, contentOf, diskWith, openLog, put, readFile } from "./segment-log-scene.ts";

/** Files of a log by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A log of three segments: its files and its records by place. */
export interface Original {
  readonly files: Files;
  readonly names: readonly string[];
  readonly texts: ReadonlyMap<number, string>;
  /** The places of the records in each segment. */
  readonly places: readonly (readonly number[])[];
  readonly next: number;
}

export async function threeSegments(): Promise<Original> {
  const disk = new CrashableFiles();
  const log = await openLog(disk);
  const texts = new Map<number, string>();
  for (let index = 0; index < 13; index++) {
    const text = `m,t=${index} v=${index} ${index}`.padEnd(20 + index, "x");
    texts.set(await put(log, text), text);
  }
  const { next } = log;
  await log.close();
  const names = (await disk.directory("a").list()).map(({ name }) => name).sort();
  assert.equal(names.length, 3);
  const files: Record<string, Uint8Array> = {};
  for (const name of names) files[name] = await readFile(disk, name);
  const firsts = [...names.map((name) => Number.parseInt(name.slice(5, 21), 16)), next];
  const places = names.map((_, index) =>
    [...texts.keys()].filter((seq) => seq >= firsts[index]! && seq < firsts[index + 1]!),
  );
  assert.ok(
    places.every(({ length }) => length >= 3),
    `${places.map(({ length }) => length)} records`,
  );
  return { files, names, texts, places, next };
}

/**
 * Opens a log of damaged files: it must open; every record that is given must be one of the original ones, and all must
 * be given but `mayLack`; three more must go in, and come out after it was opened again, twice the same.
 * Returns what was given of the original ones.
 */
export async function checkDamaged(
  { texts }: Original,
  files: Files,
  what: string,
  mayLack: readonly number[],
): Promise<{ disk: CrashableFiles; given: ReadonlySet<number>; damaged: number }> {
  const disk = await diskWith(new CrashableFiles(), files);
  let log = await openLog(disk);
  const first = await contentOf(log, 0);
  for (const [seq, text] of first.texts) assert.equal(text, texts.get(seq), `${what}: record ${seq}`);
  for (const seq of texts.keys()) {
    assert.ok(first.texts.has(seq) || mayLack.includes(seq), `${what}: record ${seq} is gone`);
  }
  assert.ok(log.next >= Math.max(...first.texts.keys(), -1) + 1, `${what}: next is ${log.next}`);
  assert.equal(log.bytes, await bytesOnDisk(disk), `${what}: bytes`);
  const state = [log.next, log.bytes, log.first];
  await log.close();
  log = await openLog(disk);
  assert.deepEqual([log.next, log.bytes, log.first], state, `${what}: opened again`);
  assert.deepEqual((await contentOf(log, 0)).texts, first.texts, `${what}: read again`);
  const all = new Map(first.texts);
  for (const text of ["more", "and more", "and even more"]) all.set(await put(log, text), text);
  assert.deepEqual((await contentOf(log, 0)).texts, all, `${what}: appended to`);
  await log.close();
  log = await openLog(disk);
  assert.deepEqual((await contentOf(log, 0)).texts, all, `${what}: appended to and opened again`);
  assert.equal(log.bytes, await bytesOnDisk(disk), `${what}: bytes at the end`);
  await log.close();
  assert.equal(disk.openFiles, 0);
  return { disk, given: new Set(first.texts.keys()), damaged: first.damaged };
}

/** Cuts each segment off at each byte that `isTried`. */
export async function truncateAtBytes(isTried: (index: number) => boolean): Promise<void> {
  const original = await threeSegments();
  let tried = 0;
  for (const [index, name] of original.names.entries()) {
    const bytes = original.files[name]!;
    for (let size = 0; size < bytes.length; size++) {
      if (!isTried(tried++)) continue;
      const what = `${name} cut off at ${size}`;
      const files = { ...original.files, [name]: bytes.slice(0, size) };
      const { given, damaged } = await checkDamaged(original, files, what, original.places[index]!);
      const whole = original.places[index]!.filter((seq) => given.has(seq));
      assert.deepEqual(whole, original.places[index]!.slice(0, whole.length), `${what}: not a beginning`);
      assert.equal(whole.length, recordsWithin(bytes, size), `${what}: records`);
      // What is missing at the end of the log may never have been acknowledged.
      if (index < 2) assert.equal(damaged, original.places[index]!.length - whole.length, `${what}: damaged`);
      else assert.equal(damaged, 0, what);
    }
  }
}

/** Changes each bit that `isTried`. */
export async function flipBits(isTried: (index: number) => boolean): Promise<void> {
  const original = await threeSegments();
  let tried = 0;
  for (const [index, name] of original.names.entries()) {
    const bytes = original.files[name]!;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      if (!isTried(tried++)) continue;
      const what = `${name} with bit ${bit} changed`;
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const hit = original.places[index]![recordsWithin(bytes, bit >> 3)];
      const mayLack = bit < 32 * 8 || hit === undefined ? [] : [hit];
      const { disk, given, damaged } = await checkDamaged(
        original,
        { ...original.files, [name]: changed },
        what,
        mayLack,
      );
      assert.equal(given.size, original.texts.size - mayLack.length, what);
      const isLast = hit === original.next - 1;
      assert.equal(damaged, isLast ? 0 : mayLack.length, `${what}: damaged`);
      const kept = await readFile(disk, isLast ? `${name}.tail.bad` : `${name}.bad`);
      assert.ok(
        `${isLast ? changed.slice(-kept.length) : changed}` === `${kept}` && kept.length > 0,
        `${what}: set aside`,
      );
    }
  }
}

/** How many whole records the first `size` bytes of a segment hold. */
function recordsWithin(bytes: Uint8Array, size: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = 32; at < bytes.length; count++) {
    at += view.getUint32(at + 12, true);
    if (at > size) break;
  }
  return count;
}
