import { access, constants } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { SpoolConfig } from "../../src/config/config.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { freeBytes } from "./spool-files.ts";
import { size } from "./text-table.ts";

/** Whether the directory of a spool can be written to, and has room for what may be kept for so many backends. */
export async function examineSpoolDisk(spool: SpoolConfig, backends: number): Promise<Finding> {
  const about = { subject: "spool", check: "disk" } as const;
  const place = await firstThatIs(resolve(spool.dir));
  try {
    await access(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const fix = `run this as the user of the relay, or give that user the directory: chown USER ${spool.dir}`;
    return {
      ...about,
      level: "problem",
      message: `${place} cannot be written to: ${(error as Error).message}`,
      fix,
    };
  }
  const needed = backends * (spool.maxSize + spool.holdMaxSize + spool.deadLetterMaxSize);
  const free = await freeBytes(place);
  if (free === undefined)
    return { ...about, level: "warning", message: "this runtime does not tell what is free" };
  const message = `${size(free)} are free, and up to ${size(needed)} may be kept for ${backends} servers`;
  if (free >= needed) return { ...about, level: "ok", message };
  const fix =
    "a full disk makes the relay answer 503 while a server is down: give it more room, or lower max-size-mb";
  return { ...about, level: "warning", message, fix };
}

/** The directory, or the nearest one above it that is there already. */
async function firstThatIs(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    try {
      await access(place, constants.F_OK);
      return place;
    } catch {
      if (dirname(place) === place) return place;
    }
  }
}
