import { SpoolError } from "../errors.ts";
import type { SpoolLog } from "./log.ts";
import { readBetween } from "./undelivered.ts";

/** What a log looks like that was read from one end to the other. */
export interface LogCheck {
  /** Records that can be read, those that were delivered but are still there included. */
  readonly records: number;
  /** Records that are gone because of damage. */
  readonly damaged: number;
  /** What the log takes on disk, with damage that was set aside. */
  readonly bytes: number;
  /** Why it could not be read to its end. */
  readonly error?: string;
}

/** Reads every record of a log and compares it with its checksum. */
export async function verifyLog(log: SpoolLog): Promise<LogCheck> {
  let records = 0;
  let damaged = 0;
  try {
    for await (const chunk of readBetween(log, log.first, log.next)) {
      records += chunk.records.length;
      damaged += chunk.damaged;
    }
    return { records, damaged, bytes: log.bytes };
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    return { records, damaged, bytes: log.bytes, error: error.message };
  }
}
