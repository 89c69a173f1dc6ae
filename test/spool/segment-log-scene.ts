import { createLog } from "../../src/observe/log.ts";
import type { SpoolRecord } from "../../src/spool/log.ts";
import { SegmentLog } from "../../src/spool/segment-log.ts";
import type { SegmentLogOptions } from "../../src/spool/segment-options.ts";
import type { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform, type TestPlatform } from "../support/test-platform.ts";
import { newRecord } from "./log-conformance.ts";

/** Small segments, so that few records fill several. */
export const SEGMENT_BYTES = 600;

/** Opens the log "main" in the directory "a" of a disk. */
export function openLog(
  disk: CrashableFiles,
  options: Partial<SegmentLogOptions> = {},
  platform: TestPlatform = createTestPlatform(),
): Promise<SegmentLog> {
  return SegmentLog.open({
    directory: disk.directory("a"),
    prefix: "main",
    backend: "a",
    segmentBytes: SEGMENT_BYTES,
    fsync: "always",
    fsyncIntervalMs: 1_000,
    clock: platform.clock,
    log: createLog(platform.log, platform.clock),
    ...options,
  });
}

/** Appends a record with this text; resolves with its place when it is stored. */
export function put(
  log: SegmentLog,
  text: string,
  parts: Parameters<typeof newRecord>[1] = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const seq: number = log.append(newRecord(text, parts), (error) =>
      error === undefined ? resolve(seq) : reject(error),
    );
  });
}

/** What is in a log: the records as text by place, and how many are told to be damaged. */
export interface Content {
  readonly texts: ReadonlyMap<number, string>;
  readonly damaged: number;
}

/** Reads from `from` to the end in portions. Throws if the records are not in order. */
export async function contentOf(log: SegmentLog, from = log.first, maxBytes = 400): Promise<Content> {
  const texts = new Map<number, string>();
  let damaged = 0;
  let last = -1;
  for (let at = from; at < log.next; ) {
    const chunk = await log.read(at, maxBytes);
    if (chunk.next <= at) throw new Error(`a read from ${at} of ${log.next} goes on at ${chunk.next}`);
    for (const record of chunk.records) {
      if (record.seq <= last || record.seq < at || record.seq >= chunk.next) throw new Error("not in order");
      last = record.seq;
      texts.set(record.seq, textOf(record));
    }
    damaged += chunk.damaged;
    at = chunk.next;
  }
  return { texts, damaged };
}

export function textOf({ body }: SpoolRecord): string {
  return new TextDecoder().decode(body);
}

/** Bytes of all files in the directory that begin with the log's prefix. */
export async function bytesOnDisk(disk: CrashableFiles): Promise<number> {
  const files = await disk.directory("a").list();
  return files.reduce((sum, { name, size }) => sum + (name.startsWith("main-") ? size : 0), 0);
}

/** The whole of a file. */
export async function readFile(disk: CrashableFiles, name: string): Promise<Uint8Array> {
  const file = await disk.directory("a").open(name);
  try {
    return await file.read(0, 2 ** 30);
  } finally {
    await file.close();
  }
}

/** A disk with these files in the directory, all of them durable. */
export async function diskWith(
  disk: CrashableFiles,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<CrashableFiles> {
  const directory = disk.directory("a");
  for (const [name, bytes] of Object.entries(files)) {
    const file = await directory.open(name);
    await file.append([bytes]);
    await file.sync();
    await file.close();
  }
  await directory.sync();
  return disk;
}
