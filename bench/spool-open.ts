import { removeDirectory, temporaryDirectory } from "../test/support/child.ts";
import { append, openLog, SEGMENT_BYTES } from "./spool-logs.ts";
import { figure, median, type SpoolOptions, type Table } from "./spool-report.ts";

const MB = 1_000_000;
const RECORD_BYTES = 1_000;
/** Each record but those of the last segment gets a segment of its own. */
const SMALL_SEGMENT_BYTES = 1_000;

/** Opens a log of one segment, and one of many; the last one is full in both: it is the one that is read. */
export async function measureOpen({ segments, rounds }: SpoolOptions): Promise<Table[]> {
  const rows: string[][] = [];
  for (const count of [1, segments]) {
    const dir = temporaryDirectory("bench-open");
    try {
      await make(dir, count);
      const opened: Awaited<ReturnType<typeof openOnce>>[] = [];
      for (let round = 0; round < rounds; round++) opened.push(await openOnce(dir));
      const cells = (["ms", "rss", "heap"] as const).map((key) =>
        figure(median(opened.map((one) => one[key]))),
      );
      rows.push([`${count.toLocaleString("en")} segments`, ...cells]);
    } finally {
      removeDirectory(dir);
    }
  }
  return [
    {
      title: "open, and read the newest segment (8 MiB)",
      head: ["log", "ms", "more RSS, MB", "more heap and buffers, MB"],
      rows,
    },
  ];
}

async function make(dir: string, count: number): Promise<void> {
  const body = new Uint8Array(RECORD_BYTES).fill(0x61);
  const small = await openLog(dir, "b", { segmentBytes: SMALL_SEGMENT_BYTES });
  for (let made = 0; made < count; made++) await append(small.log, body);
  await small.close();
  const full = await openLog(dir, "b");
  const left = SEGMENT_BYTES / RECORD_BYTES - 1_000;
  await Promise.all(Array.from({ length: left }, () => append(full.log, body)));
  await full.close();
}

async function openOnce(dir: string): Promise<{ ms: number; rss: number; heap: number }> {
  const collect = globalThis.gc ?? (() => undefined);
  const held = ({ heapUsed, arrayBuffers }: NodeJS.MemoryUsage) => heapUsed + arrayBuffers;
  collect();
  const before = process.memoryUsage();
  const start = performance.now();
  const { close } = await openLog(dir, "b");
  const ms = performance.now() - start;
  const atOnce = process.memoryUsage();
  collect();
  const after = process.memoryUsage();
  await close();
  return { ms, rss: (atOnce.rss - before.rss) / MB, heap: (held(after) - held(before)) / MB };
}
