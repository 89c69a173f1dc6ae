import { link, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SpoolError } from "../../src/errors.ts";
import type { SpoolRoot } from "../../src/platform.ts";
import { describeSelf, type LockOwner, mayLive, sameBoot } from "./lock-owner.ts";
import { attempt, codeOf } from "./spool-errors.ts";
import { syncDirectory } from "./sync-directory.ts";

/** The file that names the owner of the directory. Once there it stays: its last owner may have closed it. */
const LOCK = "lock";
/** What the kernel's lock is on, where there is one. */
const HELD = "lock-held";
/** The beginnings of the names of what is there for a moment: a lock that is being written, and a claim. */
const DRAFT = "lock-draft-";
const CLAIM = "lock-after-";
/** In place of the token of what cannot be read. */
const UNREADABLE = "unreadable";

/** Gets a lock of the kernel on a file, which ends with the process; undefined when another process has it. */
export type HoldFile = (path: string) => Promise<{ close(): void } | undefined>;

export interface DirectoryLock {
  readonly lastEnd: SpoolRoot["lastEnd"];
  /** Gives the directory back, and leaves word that nothing is missing in it. */
  release(): Promise<void>;
}

/** Tokens of the locks that this process has. */
const mine = new Set<string>();

/**
 * Makes this process the owner of a directory.
 * @throws {SpoolError} `locked` when its owner lives, or may live.
 */
export async function lockDirectory(directory: string, holdFile?: HoldFile): Promise<DirectoryLock> {
  const held = await attempt(`cannot lock ${directory}`, async () => holdFile?.(join(directory, HELD)));
  if (holdFile !== undefined && held === undefined) throw locked(directory, await readOwner(directory, LOCK));
  const self: Self = { ...(await describeSelf()), held: held !== undefined };
  mine.add(self.token);
  try {
    let lastEnd: SpoolRoot["lastEnd"] | undefined;
    while (lastEnd === undefined) lastEnd = await tryToTake(directory, self);
    return { lastEnd, release: () => release(directory, self).finally(() => held?.close()) };
  } catch (error) {
    mine.delete(self.token);
    held?.close();
    throw error;
  }
}

type Self = Omit<LockOwner, "closed" | "afterLoss">;
type Found = LockOwner | "unreadable" | "absent";

/**
 * Of any number of processes that find a directory without a living owner exactly one takes it. Two steps are
 * exclusive, both by linking a file that is complete to a name that must not be there: the lock itself, where there is
 * none, and otherwise the claim to follow a certain owner, which is made before the lock is replaced. A claim is
 * removed only after that, so one that was made while the lock still named that owner is the only one.
 * @returns undefined when others came between: then it must be tried again.
 */
async function tryToTake(directory: string, self: Self): Promise<SpoolRoot["lastEnd"] | undefined> {
  const owner = await readOwner(directory, LOCK);
  const lastEnd = endOf(self, owner);
  const draft = await writeDraft(directory, { ...self, closed: false, afterLoss: lastEnd === "lost" });
  try {
    if (owner === "absent") {
      if (!(await linked(directory, draft, LOCK))) return undefined;
    } else {
      const claim = await claimAfter(directory, self, owner, draft);
      if (claim === undefined) return undefined;
      if (tokenOf(await readOwner(directory, LOCK)) !== tokenOf(owner)) {
        await remove(directory, claim);
        return undefined;
      }
      await attempt(`cannot lock ${directory}`, () => rename(join(directory, draft), join(directory, LOCK)));
    }
    await syncDirectory(directory);
  } finally {
    await remove(directory, draft);
  }
  await removeLeftovers(directory, self);
  return lastEnd;
}

/**
 * Claims to follow `owner`, or whoever claimed that and ended before it had the lock.
 * @returns the name of the claim; undefined when one that was in the way is gone, so that the lock is another's.
 */
async function claimAfter(
  directory: string,
  self: Self,
  owner: Found,
  draft: string,
): Promise<string | undefined> {
  let token = "";
  for (let before = owner; before !== "absent"; ) {
    if (before !== "unreadable" && (await lives(self, before))) throw locked(directory, before);
    token = before === "unreadable" ? token + UNREADABLE : before.token;
    const claim = CLAIM + token;
    if (await linked(directory, draft, claim)) return claim;
    before = await readOwner(directory, claim);
  }
  return undefined;
}

async function lives(self: Self, owner: LockOwner): Promise<boolean> {
  if (owner.closed) return false;
  if (mine.has(owner.token)) return true;
  if (owner.held && self.held) return false;
  return mayLive(self, owner);
}

function endOf(self: Self, owner: Found): SpoolRoot["lastEnd"] {
  if (owner === "absent") return "closed";
  if (owner === "unreadable") return "lost";
  if (owner.closed) return "closed";
  return sameBoot(self, owner) && !owner.afterLoss ? "killed" : "lost";
}

async function release(directory: string, self: Self): Promise<void> {
  mine.delete(self.token);
  // Whoever removed the lock by hand may have let another process in.
  if (tokenOf(await readOwner(directory, LOCK)) !== self.token) return;
  const draft = await writeDraft(directory, { ...self, closed: true, afterLoss: false });
  await attempt(`cannot unlock ${directory}`, () => rename(join(directory, draft), join(directory, LOCK)));
  await syncDirectory(directory);
}

/** Writes a lock that is in force nowhere yet, and survives a power cut. */
async function writeDraft(directory: string, owner: LockOwner): Promise<string> {
  const name = DRAFT + owner.token;
  await attempt(`cannot lock ${directory}`, async () => {
    const handle = await open(join(directory, name), "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(owner)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return name;
}

/** False when the name is taken. */
async function linked(directory: string, from: string, to: string): Promise<boolean> {
  return attempt(`cannot lock ${directory} (its file system must have hard links)`, async () => {
    try {
      await link(join(directory, from), join(directory, to));
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  });
}

async function readOwner(directory: string, name: string): Promise<Found> {
  const text = await attempt(`cannot read ${join(directory, name)}`, async () => {
    try {
      return await readFile(join(directory, name), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  });
  if (text === undefined) return "absent";
  try {
    const owner = JSON.parse(text) as LockOwner;
    // The token becomes part of a name.
    return /^[0-9a-f-]{36}$/.test(owner.token) && Number.isInteger(owner.pid) ? owner : "unreadable";
  } catch {
    return "unreadable";
  }
}

function tokenOf(owner: Found): string {
  return typeof owner === "string" ? owner : owner.token;
}

/** Removes the claim that is served, and what processes left that ended on the way to the lock. */
async function removeLeftovers(directory: string, self: Self): Promise<void> {
  const names = await attempt(`cannot read ${directory}`, () => readdir(directory));
  for (const name of names) {
    if (!name.startsWith(CLAIM) && !name.startsWith(DRAFT)) continue;
    const owner = await readOwner(directory, name);
    if (typeof owner === "string") continue;
    if (owner.token === self.token || !(await lives(self, owner))) await remove(directory, name);
  }
}

async function remove(directory: string, name: string): Promise<void> {
  await attempt(`cannot remove ${join(directory, name)}`, async () => {
    try {
      await unlink(join(directory, name));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  });
}

function locked(directory: string, owner: Found): SpoolError {
  const who = typeof owner === "string" ? "another process" : `process ${owner.pid}`;
  return new SpoolError(
    "locked",
    `${directory} is in use by ${who}: stop it, or give this relay a directory of its own; if that process is no ` +
      `relay, remove ${join(directory, LOCK)}`,
  );
}
