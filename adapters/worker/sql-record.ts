import type { NewRecord, SpoolRecord } from "../../src/spool/log.ts";
import type { SqlRow, SqlStorageArea } from "./sql-storage.ts";

/** Bytes of a body in one row: a row holds 2 MB at most, with its other columns. */
const PART_BYTES = 1_500_000;

/** What a record is beside its place, its body and its secret; as JSON, which keeps also text that is no valid Unicode. */
interface Head {
  readonly db: string;
  readonly rp: string;
  readonly precision: string;
  readonly closed: boolean;
  readonly ranMs: number;
  readonly timeMs: number;
  readonly note: string;
  /** Absent in what was stored before there were statements. */
  readonly statement?: boolean;
}

/** Names of a log's tables. The length comes before the body, so that sums of it do not read the bodies. */
export function recordTables(log: string): { readonly records: string; readonly parts: string } {
  return { records: `records_${log}`, parts: `parts_${log}` };
}

export function createRecordTables({ sql }: SqlStorageArea, log: string): void {
  const { records, parts } = recordTables(log);
  sql.exec(
    `CREATE TABLE IF NOT EXISTS ${records} (
      seq INTEGER PRIMARY KEY, length INTEGER NOT NULL, head TEXT NOT NULL, sealed BLOB, body BLOB NOT NULL)`,
  );
  // What of a body does not fit into the record's own row.
  sql.exec(
    `CREATE TABLE IF NOT EXISTS ${parts} (
      seq INTEGER NOT NULL, start INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (seq, start))`,
  );
}

/** All of a record, or nothing of it if this throws. `sealed` is what stands for its credentials. */
export function insertRecord(
  storage: SqlStorageArea,
  log: string,
  seq: number,
  record: NewRecord,
  sealed: Uint8Array | null,
): void {
  const { destination, body, closed, ranMs, timeMs, note, statement } = record;
  const { db, rp, precision } = destination;
  const head: Head = { db, rp, precision, closed, ranMs, timeMs, note, ...(statement && { statement }) };
  const { records, parts } = recordTables(log);
  const insert = () => {
    const first = body.subarray(0, PART_BYTES);
    storage.sql.exec(
      `INSERT INTO ${records} VALUES (?, ?, ?, ?, ?)`,
      seq,
      body.byteLength,
      JSON.stringify(head),
      sealed,
      first,
    );
    for (let start = PART_BYTES; start < body.byteLength; start += PART_BYTES) {
      const part = body.subarray(start, start + PART_BYTES);
      storage.sql.exec(`INSERT INTO ${parts} VALUES (?, ?, ?)`, seq, start, part);
    }
  };
  if (body.byteLength <= PART_BYTES) insert();
  else storage.transactionSync(insert);
}

/** A record whose credentials are still sealed. */
export interface StoredRecord {
  readonly record: SpoolRecord;
  readonly sealed: Uint8Array | undefined;
}

/** Reads the rows of one record; undefined if they do not make one. */
export function decodeRecord(storage: SqlStorageArea, log: string, row: SqlRow): StoredRecord | undefined {
  const seq = row["seq"] as number;
  const length = row["length"] as number;
  const body = new Uint8Array(row["body"] as ArrayBuffer);
  const whole = length <= PART_BYTES ? body : joinParts(storage, log, seq, length, body);
  const head = parseHead(row["head"] as string);
  if (whole?.byteLength !== length || head === undefined) return undefined;
  const { db, rp, precision, ...more } = head;
  const destination = { db, rp, precision, credentials: undefined };
  const sealed = row["sealed"] as ArrayBuffer | null;
  return {
    record: { seq, destination, body: whole, ...more },
    sealed: sealed === null ? undefined : new Uint8Array(sealed),
  };
}

/** A body of several rows; undefined if one is missing. */
function joinParts(
  { sql }: SqlStorageArea,
  log: string,
  seq: number,
  length: number,
  first: Uint8Array,
): Uint8Array | undefined {
  const whole = new Uint8Array(length);
  whole.set(first);
  let end = first.byteLength;
  const query = `SELECT start, body FROM ${recordTables(log).parts} WHERE seq = ? ORDER BY start`;
  for (const { start, body } of sql.exec(query, seq).toArray()) {
    const part = new Uint8Array(body as ArrayBuffer);
    if (start !== end || end + part.byteLength > length) return undefined;
    whole.set(part, end);
    end += part.byteLength;
  }
  return end === length ? whole : undefined;
}

/** The running time in a record's head; undefined if it is damaged. */
export function ranMsOf(head: string): number | undefined {
  return parseHead(head)?.ranMs;
}

function parseHead(text: string): Head | undefined {
  try {
    return JSON.parse(text) as Head;
  } catch {
    return undefined;
  }
}
