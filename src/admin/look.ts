import { verdictOf } from "../backend/dead-letters.ts";
import { SpoolError } from "../errors.ts";
import type { SpoolRecord } from "../spool/log.ts";
import { statementText } from "../spool/statement.ts";
import { type Kept, pendingOf } from "../spool/undelivered.ts";
import type { BackendReport, Contents, PartReport, Shown, ShownRecord, Where } from "./spool-commands.ts";
import { MAX_SHOWN, matcher } from "./spool-commands.ts";

/** Bytes of a body that are shown. */
const PREVIEW_BYTES = 200;
/** Rows of each list in a report. */
const MAX_ROWS = 200;

/** The figures of a part, which may be in several logs. */
export async function reportOf(logs: readonly Kept[]): Promise<PartReport> {
  let records = 0;
  let bytes = 0;
  let oldestMs: number | undefined;
  for (const kept of logs) {
    records += kept.records;
    bytes += kept.log.bytes;
    if (kept.records === 0) continue;
    for await (const { timeMs } of pendingOf(kept)) {
      oldestMs = Math.min(timeMs, oldestMs ?? timeMs);
      break;
    }
  }
  return { records, bytes, ...(oldestMs !== undefined && { oldestMs }) };
}

/** The report of one backend: what cannot be read of it hides none of the others. */
export async function reportFor(
  name: string,
  orphan: boolean,
  contents: () => Promise<Omit<Contents, "omitted">>,
): Promise<BackendReport> {
  try {
    return { name, orphan, ...bounded(await contents()) };
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    return { name, orphan, error: error.message };
  }
}

/** The same report with no list longer than is fit to be shown. */
function bounded(contents: Omit<Contents, "omitted">): Contents {
  const { held, lost, suspect } = contents;
  const omitted = [held.destinations, lost, suspect].reduce(
    (sum, rows) => sum + Math.max(0, rows.length - MAX_ROWS),
    0,
  );
  return {
    ...contents,
    held: { ...held, destinations: held.destinations.slice(0, MAX_ROWS) },
    lost: lost.slice(0, MAX_ROWS),
    suspect: suspect.slice(0, MAX_ROWS),
    omitted,
  };
}

/** The oldest records of a part. */
export async function showSome(logs: readonly Kept[], limit: number): Promise<Shown> {
  const records: ShownRecord[] = [];
  const most = Math.min(limit, MAX_SHOWN);
  for (const kept of logs) {
    for await (const record of pendingOf(kept)) {
      if (records.length >= most) return { records, more: true };
      records.push(shown(record));
    }
  }
  return { records, more: false };
}

export async function countMatching(logs: readonly Kept[], where: Where): Promise<number> {
  if (where.db === undefined) return logs.reduce((sum, { records }) => sum + records, 0);
  const matches = matcher(where);
  let count = 0;
  for (const kept of logs) {
    for await (const { destination } of pendingOf(kept)) if (matches(destination)) count++;
  }
  return count;
}

function shown(record: SpoolRecord): ShownRecord {
  const { destination, timeMs, body } = record;
  const { db, rp, precision } = destination;
  const preview = record.statement
    ? statementText(record).slice(0, PREVIEW_BYTES)
    : new TextDecoder().decode(body.subarray(0, PREVIEW_BYTES));
  const bytes = body.byteLength;
  const statement = record.statement === true && ({ statement: true } as const);
  return { db, rp, precision, timeMs, bytes, preview, ...statement, ...verdictOf(record) };
}
