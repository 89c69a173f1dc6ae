import { type FileHandle, mkdir, open, readdir, rename, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { SpoolDirectory, SpoolFile, SpoolRoot } from "../../src/platform.ts";
import { attempt, spoolError } from "./spool-errors.ts";
import { type HoldFile, lockDirectory } from "./spool-lock.ts";
import { decodeName, encodeName } from "./spool-names.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Pieces that Linux takes in one call (IOV_MAX). */
const MAX_PIECES = 1024;
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * The spool in the directory `path`, which is made if it is not there.
 * @param holdFile A lock of the kernel, where the runtime has one.
 * @throws {SpoolError} `locked` when another process has it.
 */
export async function openSpool(path: string, holdFile?: HoldFile): Promise<SpoolRoot> {
  const root = resolve(path);
  await makeDirectory(root);
  const lock = await lockDirectory(root, holdFile);
  return {
    lastEnd: lock.lastEnd,
    list: () =>
      attempt(`cannot read ${root}`, async () => {
        const entries = await readdir(root, { withFileTypes: true });
        return namesOf(entries.filter((entry) => entry.isDirectory()));
      }),
    directory: async (name) => {
      const directory = join(root, encodeName(name));
      await makeDirectory(directory);
      return directoryAt(directory);
    },
    freeBytes: () => freeBytes(root),
    close: () => lock.release(),
  };
}

function directoryAt(path: string): SpoolDirectory {
  const at = (name: string) => join(path, encodeName(name));
  return {
    list: () =>
      attempt(`cannot read ${path}`, async () => {
        const entries = await readdir(path, { withFileTypes: true });
        const names = namesOf(entries.filter((entry) => entry.isFile()));
        return Promise.all(names.map(async (name) => ({ name, size: (await stat(at(name))).size })));
      }),
    open: (name) =>
      attempt(`cannot open ${at(name)}`, async () => fileOf(at(name), await open(at(name), "a+", FILE_MODE))),
    rename: (from, to) => attempt(`cannot rename ${at(from)}`, () => rename(at(from), at(to))),
    remove: (name) => attempt(`cannot remove ${at(name)}`, () => unlink(at(name))),
    sync: () => syncDirectory(path),
  };
}

function fileOf(path: string, handle: FileHandle): SpoolFile {
  return {
    append: (pieces) => attempt(`cannot write ${path}`, () => writeAll(handle, pieces)),
    read: (offset, length) => attempt(`cannot read ${path}`, () => readUpTo(handle, offset, length)),
    truncate: (size) => attempt(`cannot cut ${path}`, () => handle.truncate(size)),
    sync: () => attempt(`cannot sync ${path}`, () => handle.datasync()),
    close: () => attempt(`cannot close ${path}`, () => handle.close()),
  };
}

/**
 * A call may write less than it was given and not fail: below a limit of the file's size 648 of 700 bytes were
 * written without an error, and only the next call failed.
 */
async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter((piece) => piece.byteLength > 0);
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left.slice(0, MAX_PIECES));
    if (bytesWritten === 0) throw new Error("nothing was written, and no error told");
    const first = left.findIndex((piece) => {
      if (bytesWritten < piece.byteLength) return true;
      bytesWritten -= piece.byteLength;
      return false;
    });
    if (first < 0) return;
    const begun = left[first] as Uint8Array;
    left = [begun.subarray(bytesWritten), ...left.slice(first + 1)];
  }
}

async function readUpTo(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read === length ? bytes : bytes.slice(0, read);
}

/** Makes the directory, and those above it, so that they survive a power cut. */
async function makeDirectory(path: string): Promise<void> {
  const first = await attempt(`cannot make ${path}`, () =>
    mkdir(path, { recursive: true, mode: DIRECTORY_MODE }),
  );
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Undefined where the runtime does not tell. @throws {SpoolError} */
export async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    // Deno tells it only with --allow-sys.
    if (error instanceof Error && error.name === "NotCapable") return undefined;
    throw spoolError(`cannot tell what is free in ${path}`, error);
  }
}

/** What the names mean; what others put there, as `lost+found`, is left out. */
function namesOf(entries: readonly { readonly name: string }[]): string[] {
  return entries.map(({ name }) => decodeName(name)).filter((name) => name !== undefined);
}
