import { open } from "node:fs/promises";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../test/support/child.ts";
import { append, openLog, SEGMENT_BYTES } from "./spool-logs.ts";
import { figure, median, ratio, type SpoolOptions, type Table } from "./spool-report.ts";

const SIZES = [200, 10_000, 300_000] as const;
const POLICIES = ["always", "interval", "never"] as const;
type Policy = (typeof POLICIES)[number];

/** Everybody appends the next record when the one before is stored. */
const APPENDERS = 64;
const SYNC_INTERVAL_MS = 100;
/** One measurement ends here at the latest, so that it is not about how fast the system writes pages back. */
const MAX_BYTES = 256_000_000;
const WARM_UP_MS = 300;

/**
 * The log beside one file to which the same bytes are appended by one call after the other: each with one record, or
 * with as many as there are appenders, which is what the log can join at best.
 */
export async function measureAppend({ rounds, seconds }: SpoolOptions): Promise<Table[]> {
  const rows: string[][] = [];
  for (const fsync of POLICIES) {
    for (const size of SIZES) {
      const logged: number[] = [];
      const one: number[] = [];
      const many: number[] = [];
      for (let round = 0; round < rounds; round++) {
        one.push(await inDirectory((dir) => appendPlainly(dir, fsync, size, 1, seconds)));
        many.push(await inDirectory((dir) => appendPlainly(dir, fsync, size, APPENDERS, seconds)));
        logged.push(await inDirectory((dir) => appendToLog(dir, fsync, size, seconds)));
      }
      const records = (median(logged) * 1e6) / size;
      const cells = [median(one), median(many), median(logged), records].map(figure);
      const ratios = [ratio(logged, one), ratio(logged, many)];
      rows.push([`${fsync}, ${size.toLocaleString("en")} B`, ...cells, ...ratios]);
    }
  }
  return [
    {
      title: `append, ${APPENDERS} appenders: MB/s of bodies`,
      head: [
        "fsync, record",
        "plain, 1 a call",
        `plain, ${APPENDERS} a call`,
        "log",
        "log, records/s",
        "ratio to 1",
        `ratio to ${APPENDERS}`,
      ],
      rows,
    },
  ];
}

async function inDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = temporaryDirectory("bench-spool");
  try {
    return await use(dir);
  } finally {
    removeDirectory(dir);
  }
}

async function appendToLog(dir: string, fsync: Policy, size: number, seconds: number): Promise<number> {
  const { log, close } = await openLog(dir, "b", { fsync });
  const body = new Uint8Array(size).fill(0x61);
  const run = async (ms: number) => {
    const start = performance.now();
    let bytes = 0;
    const appender = async () => {
      while (performance.now() - start < ms && bytes < MAX_BYTES) {
        bytes += size;
        await append(log, body);
      }
    };
    await Promise.all(Array.from({ length: APPENDERS }, appender));
    return bytes / 1e3 / (performance.now() - start);
  };
  await run(WARM_UP_MS);
  const rate = await run(seconds * 1_000);
  await close();
  return rate;
}

async function appendPlainly(
  dir: string,
  fsync: Policy,
  size: number,
  atOnce: number,
  seconds: number,
): Promise<number> {
  const file = await open(join(dir, "plain"), "a");
  const records = Math.min(atOnce, Math.floor(SEGMENT_BYTES / size));
  const together = new Uint8Array(records * size).fill(0x61);
  const start = performance.now();
  let syncedAt = start;
  let bytes = 0;
  let syncing: Promise<void> | undefined;
  while (performance.now() - start < seconds * 1_000 && bytes < MAX_BYTES) {
    bytes += (await file.write(together)).bytesWritten;
    if (fsync === "always") await file.datasync();
    if (fsync !== "interval" || syncing !== undefined) continue;
    if (performance.now() - syncedAt < SYNC_INTERVAL_MS) continue;
    syncedAt = performance.now();
    syncing = file.datasync().then(() => {
      syncing = undefined;
    });
  }
  const rate = bytes / 1e3 / (performance.now() - start);
  await syncing;
  await file.close();
  return rate;
}
