import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { attempt, codeOf } from "./spool-errors.ts";
import { decodeName } from "./spool-names.ts";

/**
 * Names of the backends that something is stored for below a directory, whoever has it open; undefined if there is no
 * such directory.
 * @throws {SpoolError}
 */
export function storedNames(directory: string): Promise<readonly string[] | undefined> {
  return attempt(`cannot read ${directory}`, async () => {
    try {
      const entries = await readdir(directory, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => decodeName(name));
      return names.filter((name) => name !== undefined);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

/**
 * The number of the user whose relay used a directory last; undefined if that cannot be told. What another user
 * makes in there that relay cannot open.
 */
export async function ownerOf(directory: string): Promise<number | undefined> {
  try {
    return (await stat(join(directory, "lock"))).uid;
  } catch {
    return undefined;
  }
}

/** The number of the user of this process; undefined where the runtime does not tell. */
export function currentUser(): number | undefined {
  try {
    return process.geteuid?.();
  } catch {
    // Deno tells it only with --allow-sys.
    return undefined;
  }
}
