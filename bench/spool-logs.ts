/** Logs of the spool, as the relay opens them, and what is in them. */

import { nodeClock } from "../adapters/node/platform.ts";
import { openSpool } from "../adapters/node/spool-files.ts";
import { SPOOL_DEFAULTS } from "../src/config/defaults.ts";
import { createLog } from "../src/observe/log.ts";
import type { SpoolRoot } from "../src/platform.ts";
import type { NewRecord, SpoolLog } from "../src/spool/log.ts";
import { SegmentLog } from "../src/spool/segment-log.ts";
import type { SegmentLogOptions } from "../src/spool/segment-options.ts";
import { Spools } from "../src/spool/spools.ts";
import { DATABASE } from "./backends.ts";
import { createRequest } from "./payload.ts";

/** As in a relay with the default `max-size-mb`. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;
/** Bytes that are appended at a time when a backlog is made: less than may wait in a log. */
const FILL_BYTES = 16 * 1024 * 1024;
/** More than what a record costs there beside its body. */
const RECORD_OVERHEAD = 600;
const LOG = createLog((level, event) => {
  if (level === "error") console.error(event);
}, nodeClock);

export interface OpenLog {
  readonly log: SegmentLog;
  readonly root: SpoolRoot;
  close(): Promise<void>;
}

/** The log of what the backend `backend` lacks. */
export async function openLog(
  dir: string,
  backend: string,
  options: Partial<Pick<SegmentLogOptions, "fsync" | "segmentBytes">> = {},
): Promise<OpenLog> {
  const root = await openSpool(dir);
  const log = await SegmentLog.open({
    directory: await root.directory(backend),
    prefix: "main",
    backend,
    segmentBytes: SEGMENT_BYTES,
    fsync: "never",
    fsyncIntervalMs: 100,
    clock: nodeClock,
    log: LOG,
    ...options,
  });
  return {
    log,
    root,
    close: async () => {
      await log.close();
      await root.close();
    },
  };
}

export function recordOf(body: Uint8Array): NewRecord {
  const destination = { db: DATABASE, rp: "", precision: "", credentials: undefined };
  return { destination, body, closed: true, ranMs: 0, timeMs: Date.now(), note: "" };
}

export function append(log: SpoolLog, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append(recordOf(body), (error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** The bodies of writes with `lines` lines each, about `bytes` in all; no two runs have the same points. */
export function* bodies(run: number, lines: number, bytes: number): Generator<Uint8Array> {
  const request = createRequest("/", run, lines, 0);
  const start = request.bytes.indexOf("\r\n\r\n") + 4;
  for (let write = 0, made = 0; made < bytes; write++) {
    request.renew(write);
    const body = Uint8Array.from(request.bytes.subarray(start));
    made += body.length;
    yield body;
  }
}

/** Puts a backlog into the spool of a relay that does not run, as one would that ended well. Returns its lines. */
export async function fill(
  dir: string,
  backend: string,
  run: number,
  lines: number,
  bytes: number,
): Promise<number> {
  const root = await openSpool(dir);
  const config = { ...SPOOL_DEFAULTS, fsync: "never" } as const;
  const spools = await Spools.open({ root, config, clock: nodeClock, log: LOG });
  const { main, hold, dead, facts } = await spools.backend(backend);
  let count = 0;
  let waiting: Promise<void>[] = [];
  let waitingBytes = 0;
  for (const body of bodies(run, lines, bytes)) {
    count += lines;
    waitingBytes += body.length + RECORD_OVERHEAD;
    waiting.push(append(main, body));
    if (waitingBytes < FILL_BYTES) continue;
    await Promise.all(waiting);
    waiting = [];
    waitingBytes = 0;
  }
  await Promise.all(waiting);
  // Without any facts the relay would believe that some were lost, and look into every record.
  await facts.set("main", { cursor: main.first, lanes: [] });
  await Promise.all([main, hold, dead, facts].map((part) => part.close()));
  await spools.close();
  return count;
}
