import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openSpool } from "../../../adapters/node/spool-files.ts";
import { decodeName, encodeName } from "../../../adapters/node/spool-names.ts";
import { SpoolError } from "../../../src/errors.ts";
import type { SpoolRoot } from "../../../src/platform.ts";
import { testSpoolFiles } from "../../spool/files-conformance.ts";
import { removeDirectory, startChild, temporaryDirectory } from "../../support/child.ts";

testSpoolFiles("files", async () => {
  const dir = temporaryDirectory("files");
  let root = await openSpool(join(dir, "new", "spool"));
  return {
    root,
    reopen: async (): Promise<SpoolRoot> => {
      await root.close();
      root = await openSpool(join(dir, "new", "spool"));
      return root;
    },
    close: async () => {
      await root.close();
      removeDirectory(dir);
    },
  };
});

test("files: only the owner reads anything", async () => {
  const dir = temporaryDirectory("modes");
  const root = await openSpool(join(dir, "spool"));
  const directory = await root.directory("a");
  await (await directory.open("f")).close();
  const mode = (...parts: string[]) => (statSync(join(dir, "spool", ...parts)).mode & 0o777).toString(8);
  assert.deepEqual([mode(), mode("a"), mode("a", "f"), mode("lock")], ["700", "700", "600", "600"]);
  await root.close();
  removeDirectory(dir);
});

test("files: what others put into the directory is left alone", async () => {
  const dir = temporaryDirectory("others");
  mkdirSync(join(dir, "lost+found"));
  mkdirSync(join(dir, ".snapshot"));
  writeFileSync(join(dir, "README"), "");
  const root = await openSpool(dir);
  const directory = await root.directory("a");
  mkdirSync(join(dir, "a", "directory"));
  writeFileSync(join(dir, "a", ".swp"), "");
  assert.deepEqual(await root.list(), ["a"]);
  assert.deepEqual(await directory.list(), []);
  await root.close();
  removeDirectory(dir);
});

test("files: any text is one safe name and comes back", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(fc.constantFrom(".", "/", "%", "2", "e"), fc.string({ unit: "binary" })) }),
      (text) => {
        const name = encodeName(text);
        assert.match(name, /^[\w%-][\w%.-]*$/);
        assert.equal(decodeName(name), text);
      },
    ),
  );
  for (const name of ["", ".", "..", "lost+found", "%2F", "%zz", "%ff", "%41", "a.b%"]) {
    assert.equal(decodeName(name), undefined, name);
  }
});

test("files: a directory that cannot be made says why", async () => {
  const dir = temporaryDirectory("file");
  writeFileSync(join(dir, "file"), "");
  await assert.rejects(openSpool(join(dir, "file", "spool")), (error) => {
    assert.ok(error instanceof SpoolError && error.failure === "io");
    assert.match(error.message, /^cannot make .*file\/spool: /);
    return true;
  });
  removeDirectory(dir);
});

test("files: a full disk is told as one", { skip: process.platform !== "linux" }, async () => {
  const dir = temporaryDirectory("full");
  const root = await openSpool(dir);
  const directory = await root.directory("a");
  // /dev/full takes nothing. It is no file of a spool, so it is opened through a link.
  symlinkSync("/dev/full", join(dir, "a", "f"));
  const file = await directory.open("f");
  await assert.rejects(file.append([new Uint8Array(10)]), { failure: "full" });
  await file.close();
  await root.close();
  removeDirectory(dir);
});

test("files: what is written only in part is not told as written", {
  skip: process.platform !== "linux",
}, async () => {
  const dir = temporaryDirectory("limit");
  const script = new URL("../../support/spool-writer.ts", import.meta.url).pathname;
  // POSIX counts blocks of 512 bytes: the file may have 1,024.
  const child = startChild("sh", [
    "-c",
    `ulimit -f 2; exec "$0" "$@"`,
    process.execPath,
    script,
    "append",
    dir,
    "700",
    "700",
  ]);
  assert.equal(await child.ended, 0, child.output);
  assert.equal(child.output, "closed\nstored 700\nfull 700\n");
  const { size } = statSync(join(dir, "a", "f"));
  assert.ok(size > 700, `a part was written: ${size} bytes`);
  removeDirectory(dir);
});

test("files: nothing of a lock is left but the lock", async () => {
  const dir = temporaryDirectory("lock");
  for (let turn = 0; turn < 3; turn++) {
    const root = await openSpool(dir);
    assert.deepEqual(readdirSync(dir), ["lock"]);
    await root.close();
  }
  assert.deepEqual(readdirSync(dir), ["lock"]);
  removeDirectory(dir);
});
