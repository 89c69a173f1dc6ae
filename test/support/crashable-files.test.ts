import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpoolFile } from "../../src/platform.ts";
import { testSpoolFiles } from "../spool/files-conformance.ts";
import { CrashableFiles, failNth } from "./crashable-files.ts";

testSpoolFiles("crashable files", async () => {
  const disk = new CrashableFiles();
  let root = await disk.open();
  const reopen = async () => {
    await root.close();
    root = await disk.open();
    return root;
  };
  return { root, reopen };
});

const bytes = (text: string) => new TextEncoder().encode(text);
const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

async function textIn(disk: CrashableFiles): Promise<string | undefined> {
  const directory = disk.directory("a");
  if ((await directory.list()).length === 0) return undefined;
  const file = await directory.open("f");
  return new TextDecoder().decode(await file.read(0, 1_000)).replaceAll("\0", "0");
}

async function after(disk: CrashableFiles, kind: "kill" | "power cut"): Promise<(string | undefined)[]> {
  return [...new Set(await Promise.all(SEEDS.map((seed) => textIn(disk.crashClone(kind, seed)))))].sort();
}

async function diskWithFile(): Promise<{ disk: CrashableFiles; file: SpoolFile }> {
  const disk = new CrashableFiles();
  const file = await disk.directory("a").open("f");
  await file.append([bytes("ab")]);
  return { disk, file };
}

test("the end of the process takes nothing that was written", async () => {
  const { disk } = await diskWithFile();
  assert.deepEqual(await after(disk, "kill"), ["ab"]);
});

test("in the middle of an append any beginning of it is there", async () => {
  const { disk, file } = await diskWithFile();
  let found: Promise<(string | undefined)[]> | undefined;
  disk.onCall = () => {
    disk.onCall = () => {};
    found = after(disk, "kill");
  };
  await file.append([bytes("c"), bytes("d")]);
  assert.deepEqual(await found, ["ab", "abc", "abcd"]);
});

test("a power cut takes what is not synced, in part", async () => {
  const { disk, file } = await diskWithFile();
  assert.ok((await after(disk, "power cut")).includes(undefined), "the file's entry is not synced");
  await disk.directory("a").sync();
  assert.deepEqual(await after(disk, "power cut"), ["", "0", "00", "a", "ab"]);
  await file.sync();
  await file.append([bytes("c")]);
  assert.deepEqual(await after(disk, "power cut"), ["ab", "ab0", "abc"]);
});

test("what a failed sync dropped does not come back with the next one", async () => {
  const { disk, file } = await diskWithFile();
  await file.sync();
  await disk.directory("a").sync();
  await file.append([bytes("c")]);
  disk.fault = failNth(1, ({ op }) => op === "sync", { failure: "io", drop: true });
  await assert.rejects(file.sync());
  await file.append([bytes("d")]);
  await file.sync();
  assert.equal(await textIn(disk), "abcd");
  assert.deepEqual(await after(disk, "power cut"), ["ab0d"]);
});

test("a short write writes a part and fails; a full disk takes what fits", async () => {
  const { disk, file } = await diskWithFile();
  disk.fault = failNth(1, ({ op }) => op === "append", { failure: "io", written: 0.5 });
  await assert.rejects(file.append([bytes("cdef")]), { failure: "io" });
  disk.quota = 5;
  await assert.rejects(file.append([bytes("gh")]), { failure: "full" });
  assert.equal(await textIn(disk), "abcdg");
});
