import type { BackendStorage } from "../../src/backend/backend-storage.ts";
import type { SpoolConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/observe/log.ts";
import { ABANDONED } from "../../src/spool/cursor.ts";
import { FactJournal } from "../../src/spool/fact-journal.ts";
import { SegmentLog } from "../../src/spool/segment-log.ts";
import type { CrashableFiles } from "../support/crashable-files.ts";
import type { TestPlatform } from "../support/test-platform.ts";
import { SPOOL } from "./replica-set.ts";

/** So small that a case has many of them. */
const SEGMENT_BYTES = 512;

/** Seals nothing, at once: the real one needs another thread. */
const sealer = {
  seal: async (text: string) => new TextEncoder().encode(text),
  open: async (bytes: Uint8Array) => new TextDecoder().decode(bytes),
};

/** The spools of backends with these names, in files that a test can make fail and crash. */
export async function openCrashable(
  files: CrashableFiles,
  names: readonly string[],
  platform: TestPlatform,
  changes: Partial<SpoolConfig> = {},
): Promise<BackendStorage[]> {
  const config = { ...SPOOL, ...changes };
  const { clock } = platform;
  const log = createLog(platform.log, clock);
  const root = await files.open();
  const { fsync, fsyncIntervalMs } = config;
  const opening = names.map(async (backend): Promise<BackendStorage> => {
    const common = { directory: await root.directory(backend), fsync, fsyncIntervalMs, clock, log, backend };
    const facts = await FactJournal.open(common);
    const segments = (prefix: string) => {
      const { cursor = 0, lanes = [] } = (facts.get(prefix) ?? {}) as Cursor;
      const atLeast = Math.max(cursor, ...lanes.map(([, , place]) => place));
      return SegmentLog.open({ ...common, prefix, segmentBytes: SEGMENT_BYTES, sealer, atLeast });
    };
    const [main, hold, dead] = [await segments("main"), await segments("hold"), await segments("dead")];
    const doubtful = root.lastEnd === "lost" && fsync !== "always";
    const abandoned = root.lastEnd !== "closed" || facts.get(ABANDONED) === true;
    return { spool: { main, hold, dead, facts, doubtful, abandoned }, config };
  });
  return Promise.all(opening);
}

interface Cursor {
  cursor?: number;
  lanes?: [string, string, number][];
}
