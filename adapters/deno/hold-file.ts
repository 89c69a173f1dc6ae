import type { HoldFile } from "../node/spool-lock.ts";

/**
 * Deno has the kernel's locks of files, and needs them: it tells nothing about other processes without permission to
 * run programs, and reads /proc only with --allow-all.
 */
export const holdFile: HoldFile = async (path) => {
  const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
};
