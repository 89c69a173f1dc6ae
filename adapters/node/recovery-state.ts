import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { RecoveryError } from "../../src/recovery/errors.ts";
import type { StateStore } from "../../src/recovery/state.ts";
import { codeOf } from "./spool-errors.ts";
import { encodeName } from "./spool-names.ts";
import { syncDirectory } from "./sync-directory.ts";

/** The file in which a recovery of this backend keeps how far it is: beside the spool, or in the user's own state. */
export function recoveryStateFile({ spool }: Config, backend: string): string {
  const state = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(spool?.dir ?? join(state, "influxdb-relay"), `recovery-${encodeName(backend)}.json`);
}

/** A file that is replaced whole. Everything rejects with a RecoveryError only. */
export function fileState(path: string): StateStore {
  const directory = dirname(path);
  return {
    load: () =>
      attempt(`cannot read ${path}`, async () => {
        try {
          return await readFile(path, "utf8");
        } catch (error) {
          if (codeOf(error) === "ENOENT") return undefined;
          throw error;
        }
      }),
    save: (text) =>
      attempt(`cannot write ${path}`, async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        // Two recoveries at once must not write into each other's file.
        const temporary = `${path}.${process.pid}`;
        const file = await open(temporary, "w", 0o600);
        try {
          await file.writeFile(text);
          await file.datasync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
        await syncDirectory(directory);
      }),
    remove: () =>
      attempt(`cannot remove ${path}`, async () => {
        // Also what processes left that were killed while they saved.
        const names = await readdir(directory).catch(() => []);
        const own = names.filter((name) => name === basename(path) || name.startsWith(`${basename(path)}.`));
        for (const name of own) await rm(join(directory, name), { force: true });
      }),
  };
}

async function attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new RecoveryError("STATE", `${what}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
