import { open } from "node:fs/promises";
import { attempt } from "./spool-errors.ts";

/** After it, what was made, renamed and removed in the directory survives a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  await attempt(`cannot sync ${path}`, async () => {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}
