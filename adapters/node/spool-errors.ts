import { SpoolError } from "../../src/errors.ts";

/** Codes that say that there is no room: on the disk, in the quota, below the limit of the size of a file. */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/** @param what What failed, as `cannot write /var/lib/x`. */
export function spoolError(what: string, cause: unknown): SpoolError {
  if (cause instanceof SpoolError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SpoolError(FULL.includes(codeOf(cause) ?? "") ? "full" : "io", `${what}: ${message}`, { cause });
}

/** The code of an error of the system, as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** @throws {SpoolError} for whatever `run` rejects with. */
export async function attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw spoolError(what, error);
  }
}
