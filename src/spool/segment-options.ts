import { Histogram, REQUEST_SECONDS } from "../observe/histogram.ts";
import type { Log } from "../observe/log.ts";
import type { Clock, SpoolDirectory } from "../platform.ts";
import type { CredentialSealer } from "./credential-sealer.ts";

export interface SegmentLogOptions {
  readonly directory: SpoolDirectory;
  /** Begins the names of this log's files; other logs in the directory have others. */
  readonly prefix: string;
  /** For the log. */
  readonly backend: string;
  /** A new segment is begun rather than to exceed it. May differ from run to run. */
  readonly segmentBytes: number;
  /** When what was stored survives a power cut: before it is told to be stored, soon after, or when the system likes. */
  readonly fsync: "always" | "interval" | "never";
  readonly fsyncIntervalMs: number;
  /** Without it credentials are left out of what is stored. */
  readonly sealer?: CredentialSealer;
  /**
   * No place below this one is given out, whatever the files tell. A power cut can take away the newest records but
   * leave a cursor that was made durable behind them: it belongs in here, or it would pass over what is appended next.
   */
  readonly atLeast?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Since the log was opened. */
export interface SegmentCounters {
  /** Records stored, and their bytes in files. */
  appended: number;
  bytesAppended: number;
  /** Records that were told not to be stored, those refused because too much waited included. */
  failedAppends: number;
  /** Writes that stored something: one for all records that came while the one before was under way. */
  writes: number;
  /** Writes and syncs that failed, also when the second try went well. */
  failedWrites: number;
  failedSyncs: number;
  syncs: number;
  /** How long syncs took, those that failed included. */
  readonly syncSeconds: Histogram;
  /** Records that were stored, but of which it is not certain that they survive a power cut, because a sync failed. */
  doubtfulRecords: number;
  /** What could not be read: records as far as that can be told, and bytes. */
  damagedRecords: number;
  damagedBytes: number;
  /** Files in which damage was kept for inspection, and bytes of damage for which there was no room or no way. */
  setAside: number;
  notSetAsideBytes: number;
  /** Tries to remove segments that failed. */
  failedRemovals: number;
}

export function newCounters(): SegmentCounters {
  return {
    appended: 0,
    bytesAppended: 0,
    failedAppends: 0,
    writes: 0,
    failedWrites: 0,
    failedSyncs: 0,
    syncs: 0,
    syncSeconds: new Histogram(REQUEST_SECONDS),
    doubtfulRecords: 0,
    damagedRecords: 0,
    damagedBytes: 0,
    setAside: 0,
    notSetAsideBytes: 0,
    failedRemovals: 0,
  };
}

/** What the parts of one log share. */
export interface SegmentContext extends SegmentLogOptions {
  readonly counters: SegmentCounters;
}
