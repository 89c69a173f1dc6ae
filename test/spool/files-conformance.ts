import assert from "node:assert/strict";
import { test } from "node:test";
import { SpoolError } from "../../src/errors.ts";
import type { SpoolDirectory, SpoolFile, SpoolRoot } from "../../src/platform.ts";

/** Files under test. */
export interface OpenFiles {
  readonly root: SpoolRoot;
  /** Closes the root and opens it again. */
  readonly reopen: () => Promise<SpoolRoot>;
  /** Frees what is around it after a test. */
  readonly close?: () => Promise<void>;
}

/**
 * What {@link SpoolRoot}, its directories and files must do.
 * @param open opens an empty root.
 */
export function testSpoolFiles(name: string, open: () => Promise<OpenFiles>): void {
  const check = (title: string, run: (opened: OpenFiles) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const opened = await open();
      try {
        await run(opened);
      } finally {
        await opened.close?.();
      }
    });
  /** For what needs one directory only. */
  const checkDirectory = (title: string, run: (directory: SpoolDirectory) => Promise<void>) =>
    check(title, async ({ root }) => run(await root.directory("a")));

  check("a new root is empty, and nothing is missing", async ({ root, reopen }) => {
    assert.equal(root.lastEnd, "closed");
    assert.deepEqual(await root.list(), []);
    const free = await root.freeBytes();
    assert.ok(free === undefined || (Number.isSafeInteger(free) && free > 0), `${free} bytes free`);
    assert.equal((await reopen()).lastEnd, "closed");
  });

  check("a directory has any name, and keeps it", async ({ root, reopen }) => {
    const names = [
      "a",
      "A-1_b.c",
      "",
      ".",
      "..",
      ".hidden",
      "a/b",
      "../a",
      "%",
      "%2e",
      "a b",
      "Größe 數據 🕰",
      "\n\\:*",
    ];
    for (const directory of names) await append(await root.directory(directory), "name", directory);
    assert.deepEqual((await root.list()).toSorted(), names.toSorted());
    const again = await reopen();
    assert.deepEqual((await again.list()).toSorted(), names.toSorted());
    for (const directory of names)
      assert.equal(await textOf(await again.directory(directory), "name"), directory);
  });

  check("each directory has its own files", async ({ root }) => {
    const [a, b] = [await root.directory("a"), await root.directory("b")];
    await append(a, "f", "1");
    assert.deepEqual(await b.list(), []);
    await append(b, "f", "22");
    assert.deepEqual([await a.list(), await b.list()], [[{ name: "f", size: 1 }], [{ name: "f", size: 2 }]]);
    assert.deepEqual(await (await root.directory("a")).list(), [{ name: "f", size: 1 }]);
  });

  checkDirectory("what is appended is read, in pieces too", async (directory) => {
    const file = await directory.open("f");
    assert.deepEqual(await text(file, 0, 10), "");
    await file.append([bytes("ab"), bytes(""), bytes("cde")]);
    await file.append([]);
    await file.append([bytes("")]);
    await file.append([bytes("fg")]);
    assert.equal(await text(file, 0, 7), "abcdefg");
    assert.equal(await text(file, 2, 3), "cde");
    assert.equal(await text(file, 5, 100), "fg");
    assert.equal(await text(file, 7, 1), "");
    assert.equal(await text(file, 100, 1), "");
    assert.equal(await text(file, 3, 0), "");
    await file.sync();
    await file.close();
    assert.deepEqual(await directory.list(), [{ name: "f", size: 7 }]);
  });

  checkDirectory("many pieces and large ones arrive whole and in order", async (directory) => {
    const pieces = Array.from({ length: 2_500 }, (_, index) => bytes(`${index};`));
    pieces.splice(1_200, 0, new Uint8Array(3_000_000).fill(120));
    const file = await directory.open("f");
    await file.append(pieces);
    const whole = new TextDecoder().decode(await file.read(0, 5_000_000));
    const parts = whole.split("x".repeat(3_000_000));
    assert.equal(parts.join(""), Array.from({ length: 2_500 }, (_, index) => `${index};`).join(""));
    assert.equal(parts.length, 2);
    await file.close();
  });

  checkDirectory("what is read is a copy of its own", async (directory) => {
    const file = await directory.open("f");
    const given = bytes("abc");
    await file.append([given]);
    given.fill(0);
    (await file.read(0, 3)).fill(0);
    assert.equal(await text(file, 0, 3), "abc");
    await file.close();
  });

  checkDirectory("a file is cut, and goes on from there", async (directory) => {
    const file = await directory.open("f");
    await file.append([bytes("abcdef")]);
    await file.truncate(2);
    assert.equal(await text(file, 0, 10), "ab");
    await file.append([bytes("XY")]);
    assert.equal(await text(file, 0, 10), "abXY");
    await file.truncate(0);
    await file.append([bytes("1")]);
    await file.close();
    assert.equal(await textOf(directory, "f"), "1");
  });

  checkDirectory("a file that is opened again is appended to", async (directory) => {
    await append(directory, "f", "ab");
    await append(directory, "f", "cd");
    assert.equal(await textOf(directory, "f"), "abcd");
  });

  checkDirectory("a renamed file replaces the other, and a removed one is gone", async (directory) => {
    for (const [file, content] of Object.entries({ a: "1", b: "22", c: "333" }))
      await append(directory, file, content);
    await directory.rename("a", "b");
    await directory.remove("c");
    await directory.sync();
    assert.deepEqual(await directory.list(), [{ name: "b", size: 1 }]);
    await append(directory, "a", "new");
    assert.deepEqual([await textOf(directory, "a"), await textOf(directory, "b")], ["new", "1"]);
  });

  checkDirectory("what is not there cannot be renamed or removed", async (directory) => {
    const failure = (error: unknown) => error instanceof SpoolError && error.failure === "io";
    await assert.rejects(directory.rename("none", "b"), failure);
    await assert.rejects(directory.remove("none"), failure);
    const file = await directory.open("f");
    await file.close();
    await assert.rejects(file.append([bytes("a")]), SpoolError);
  });

  check("everything is there after it was closed and opened again", async ({ root, reopen }) => {
    const directory = await root.directory("a");
    await append(directory, "one.seg", "1".repeat(70_000));
    await append(directory, "two.seg", "");
    const again = await (await reopen()).directory("a");
    assert.deepEqual((await again.list()).toSorted(byName), [
      { name: "one.seg", size: 70_000 },
      { name: "two.seg", size: 0 },
    ]);
    assert.equal(await textOf(again, "one.seg"), "1".repeat(70_000));
  });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

async function text(file: SpoolFile, offset: number, length: number): Promise<string> {
  return new TextDecoder().decode(await file.read(offset, length));
}

async function append(directory: SpoolDirectory, name: string, content: string): Promise<void> {
  const file = await directory.open(name);
  await file.append([bytes(content)]);
  await file.sync();
  await file.close();
  await directory.sync();
}

async function textOf(directory: SpoolDirectory, name: string): Promise<string> {
  const file = await directory.open(name);
  const content = await text(file, 0, 1_000_000);
  await file.close();
  return content;
}
