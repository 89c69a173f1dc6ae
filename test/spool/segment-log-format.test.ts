import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../src/spool/crc32c.ts";
import type { NewRecord } from "../../src/spool/log.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import golden from "./golden/version-1.json" with { type: "json" };
import { newRecord } from "./log-conformance.ts";
import { diskWith, openLog, put, readFile } from "./segment-log-scene.ts";

/** Seals so that the bytes are the same each time. */
const SEALER = {
  seal: async (authorization: string) => new TextEncoder().encode([...authorization].toReversed().join("")),
  open: async (sealed: Uint8Array) => [...new TextDecoder().decode(sealed)].toReversed().join(""),
};

const RECORDS: readonly NewRecord[] = [
  newRecord("cpu,host=a usage=1 1700000000000000000\n"),
  newRecord('cpu,host=b text="not closed', { closed: false, ranMs: 5_000.5 }),
  newRecord("mem free=1i 1\n", {
    destination: { db: "Größe", rp: "数据", precision: "ms", credentials: { authorization: "Basic dTpw" } },
    note: "partial write: field type conflict",
    ranMs: 2 ** 41,
  }),
  newRecord("x".repeat(300)),
  newRecord(""),
];

test("today's code writes the bytes of version 1", async () => {
  const disk = new CrashableFiles();
  const log = await openLog(disk, { sealer: SEALER });
  for (const record of RECORDS) await put(log, new TextDecoder().decode(record.body), record);
  await log.close();
  const files: Record<string, string> = {};
  for (const { name } of await disk.directory("a").list()) files[name] = toHex(await readFile(disk, name));
  assert.deepEqual(files, golden);
});

test("today's code reads version 1", async () => {
  const log = await openLog(await goldenDisk(), { sealer: SEALER });
  const { records, damaged } = await log.read(0, 100_000);
  const texts = records.map((record) => ({ ...record, body: new TextDecoder().decode(record.body) }));
  assert.deepEqual(
    texts,
    RECORDS.map((record, seq) => ({ ...record, body: new TextDecoder().decode(record.body), seq })),
  );
  assert.equal(damaged, 0);
  assert.equal(await put(log, "more"), RECORDS.length);
  await log.close();
});

/** Sets a byte, and the checksum so that it is as if it had been written. */
function written(
  bytes: Uint8Array,
  at: number,
  value: number,
  checksumAt: number,
  from: number,
  to: number,
): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  new DataView(changed.buffer).setUint32(checksumAt, crc32c(changed, 0, from, to), true);
  return changed;
}

test("a newer version is refused, and nothing is changed", async () => {
  const name = Object.keys(golden).sort().at(-1)!;
  const bytes = await readFile(await goldenDisk(), name);
  const length = new DataView(bytes.buffer).getUint32(32 + 12, true);
  for (const changed of [
    written(bytes, 12, 2, 8, 12, 32),
    written(bytes, 32 + 8, 2, 32 + 4, 32 + 8, 32 + length),
  ]) {
    const disk = await goldenDisk({ [name]: changed });
    const before = await Promise.all(
      (await disk.directory("a").list()).map(({ name }) => readFile(disk, name)),
    );
    const changes: string[] = [];
    disk.onCall = ({ op }) => {
      if (!["list", "open", "read", "close"].includes(op)) changes.push(op);
    };
    await assert.rejects(openLog(disk, { sealer: SEALER }), { name: "SpoolError", failure: "version" });
    assert.deepEqual(changes, []);
    const after = await Promise.all(
      (await disk.directory("a").list()).map(({ name }) => readFile(disk, name)),
    );
    assert.deepEqual(after, before);
    assert.equal(disk.openFiles, 0);
  }
});

test("a newer version before the last segment is no damage, but cannot be read", async () => {
  const name = Object.keys(golden).sort()[0]!;
  const bytes = await readFile(await goldenDisk(), name);
  const disk = await goldenDisk({ [name]: written(bytes, 12, 2, 8, 12, 32) });
  const log = await openLog(disk, { sealer: SEALER });
  await assert.rejects(log.read(0, 1_000), { failure: "version" });
  assert.equal(log.counters.damagedBytes, 0);
  await log.close();
});

function goldenDisk(files: Readonly<Record<string, Uint8Array>> = {}): Promise<CrashableFiles> {
  const known = Object.entries(golden).map(([name, hex]) => [name, fromHex(hex)] as const);
  return diskWith(new CrashableFiles(), { ...Object.fromEntries(known), ...files });
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
