import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../src/spool/crc32c.ts";
import type { NewRecord } from "../../src/spool/log.ts";
import { changeOf, SECRET_TEXT, statementRecord, statementText } from "../../src/spool/statement.ts";
import type { Change } from "../../src/writer.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import goldenStatements from "./golden/statements.json" with { type: "json" };
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

const CHANGE: Change = {
  text: 'DROP MEASUREMENT "größe"',
  db: "d",
  rp: "",
  scope: ["d"],
  hasPassword: false,
  credentials: { authorization: "Basic dTpw" },
  timeoutMs: 10_000,
};
const SECRET: Change = {
  ...CHANGE,
  text: "CREATE USER u WITH PASSWORD 's3cret'",
  scope: undefined,
  hasPassword: true,
};
const STATEMENTS: readonly NewRecord[] = [
  newRecord("m v=1 1\n"),
  ...[CHANGE, SECRET, { ...SECRET, credentials: undefined }].map((change) =>
    newRecord("", statementRecord(change)),
  ),
  newRecord("m v=2 2\n"),
];

for (const [what, files, records] of [
  ["writes (version 1)", golden, RECORDS],
  ["statements (version 2)", goldenStatements, STATEMENTS],
] as const) {
  test(`today's code writes the bytes of ${what}`, async () => {
    const disk = new CrashableFiles();
    const log = await openLog(disk, { sealer: SEALER });
    for (const record of records) await put(log, new TextDecoder().decode(record.body), record);
    await log.close();
    const written: Record<string, string> = {};
    for (const { name } of await disk.directory("a").list())
      written[name] = toHex(await readFile(disk, name));
    assert.deepEqual(written, files);
  });

  test(`today's code reads ${what}`, async () => {
    const log = await openLog(await diskOf(files), { sealer: SEALER });
    const { records: read, damaged } = await log.read(0, 100_000);
    const text = (record: NewRecord) => ({ ...record, body: new TextDecoder().decode(record.body) });
    assert.deepEqual(
      read.map(text),
      records.map((record, seq) => ({ ...text(record), seq })),
    );
    assert.equal(damaged, 0);
    assert.equal(await put(log, "more"), records.length);
    await log.close();
  });
}

test("a statement comes out of its record as it went in, and its password stands nowhere", async () => {
  const log = await openLog(await diskOf(goldenStatements), { sealer: SEALER });
  const { records } = await log.read(0, 100_000);
  const statements = records.filter(({ statement }) => statement);
  assert.deepEqual(statements.map(changeOf), [CHANGE, SECRET, { ...SECRET, credentials: undefined }]);
  assert.deepEqual(statements.map(statementText), [CHANGE.text, SECRET_TEXT, SECRET_TEXT]);
  assert.ok(
    !Object.values(goldenStatements).some((hex) => hex.includes(toHex(new TextEncoder().encode("s3cret")))),
  );
  await log.close();
});

test("a statement that was read without the key for its password has none, and is not shown", () => {
  const record = newRecord("", statementRecord(SECRET));
  const unsealed = { ...record, destination: { ...record.destination, credentials: undefined } };
  assert.equal(changeOf(unsealed), undefined);
  assert.equal(statementText(unsealed), SECRET_TEXT);
});

/** What a relay that knew writes only did with a record: it refused what was newer than version 1. */
test("the record of a statement has a version that a relay which knew only writes refuses", async () => {
  const disk = await diskOf(goldenStatements);
  const versions: number[] = [];
  for (const name of Object.keys(goldenStatements).sort()) {
    const bytes = await readFile(disk, name);
    const view = new DataView(bytes.buffer);
    for (let at = 32; at < bytes.length; at += view.getUint32(at + 12, true))
      versions.push(bytes[at + 8] as number);
  }
  assert.deepEqual(versions, [1, 2, 2, 2, 1]);
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
    written(bytes, 32 + 8, 3, 32 + 4, 32 + 8, 32 + length),
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
  return diskOf(golden, files);
}

function diskOf(
  hex: Readonly<Record<string, string>>,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<CrashableFiles> {
  const known = Object.entries(hex).map(([name, digits]) => [name, fromHex(digits)] as const);
  return diskWith(new CrashableFiles(), { ...Object.fromEntries(known), ...files });
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
