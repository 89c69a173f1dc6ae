import { SpoolError } from "../../src/errors.ts";
import type { CredentialSealer } from "../../src/spool/credential-sealer.ts";
import type { NewRecord, SpoolChunk, SpoolLog, SpoolRecord, Stored } from "../../src/spool/log.ts";
import {
  createRecordTables,
  decodeRecord,
  insertRecord,
  ranMsOf,
  recordTables,
  type StoredRecord,
} from "./sql-record.ts";
import { type SqlCommit, type SqlRow, type SqlStorageArea, toSpoolError } from "./sql-storage.ts";

/** Bytes that a record costs beside its body: its head, and what SQLite needs for a row. */
const RECORD_OVERHEAD = 200;
/** {@link SqlLog.oldest} names about this part of the records. */
const OLDEST_PART = 0.01;
/** Records that one query looks at to find out how far a portion goes. */
const LOOK_AHEAD = 256;

export interface SqlLogOptions {
  readonly storage: SqlStorageArea;
  readonly commit: SqlCommit;
  /** Letters only: it becomes part of the tables' names. */
  readonly name: string;
  /** Without it no record may have credentials: they would be stored as they are, or be missing. */
  readonly sealer: CredentialSealer | undefined;
}

/** A log in the tables of a Durable Object. A record is stored once the platform says that it is durable. */
export class SqlLog implements SpoolLog {
  readonly volatile = false;
  readonly #storage: SqlStorageArea;
  readonly #commit: SqlCommit;
  readonly #name: string;
  readonly #sealer: CredentialSealer | undefined;
  readonly #records: string;
  readonly #parts: string;
  /** By place, rising: what is not stored yet; it settles, and never rejects, when it is. */
  readonly #pending = new Map<number, Promise<void>>();
  /** Those of them that are not needed any more. */
  readonly #cancelled = new Set<number>();
  #first: number;
  #next: number;
  #count: number;
  #bodyBytes: number;
  #lastRanMs: number;
  /** The highest place that has a record, -1 if that is not known to have one any more. */
  #top: number;
  /** `next` as it was stored last. After a restart it is this, or the place behind `#top` if that is higher. */
  #keptNext: number;
  #closed = false;

  /** @throws {SpoolError} when the tables cannot be read. */
  constructor({ storage, commit, name, sealer }: SqlLogOptions) {
    this.#storage = storage;
    this.#commit = commit;
    this.#name = name;
    this.#sealer = sealer;
    const { records, parts } = recordTables(name);
    this.#records = records;
    this.#parts = parts;
    try {
      createRecordTables(storage, name);
      // Places must not be given twice, also when the records that had them are gone.
      this.#query("CREATE TABLE IF NOT EXISTS log_ends (log TEXT PRIMARY KEY, next INTEGER, ran_ms REAL)");
      const [all] = this.#query(
        `SELECT COUNT(*) AS count, SUM(length) AS bytes, MIN(seq) AS first FROM ${records}`,
      );
      const [newest] = this.#query(`SELECT seq, head FROM ${records} ORDER BY seq DESC LIMIT 1`);
      const [end] = this.#query("SELECT next, ran_ms FROM log_ends WHERE log = ?", name);
      this.#count = number(all?.["count"]);
      this.#bodyBytes = number(all?.["bytes"]);
      this.#top = newest === undefined ? -1 : number(newest["seq"]);
      this.#keptNext = number(end?.["next"]);
      this.#next = Math.max(this.#keptNext, this.#top + 1);
      this.#first = newest === undefined ? this.#next : number(all?.["first"]);
      const ranMs = newest === undefined ? undefined : ranMsOf(String(newest["head"]));
      this.#lastRanMs = Math.max(ranMs ?? 0, number(end?.["ran_ms"]));
    } catch (error) {
      throw toSpoolError(error);
    }
  }

  get first(): number {
    return this.#first;
  }

  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#bodyBytes + this.#count * RECORD_OVERHEAD;
  }

  get lastRanMs(): number {
    return this.#lastRanMs;
  }

  append(record: NewRecord, stored?: Stored): number {
    const authorization = record.destination.credentials?.authorization;
    if (authorization !== undefined && this.#sealer === undefined)
      throw new SpoolError("io", "credentials are not stored without a key for them");
    const seq = this.#next++;
    this.#lastRanMs = record.ranMs;
    const pending = this.#store(seq, record, authorization)
      .then(() => undefined, toSpoolError)
      .then((error) => {
        this.#pending.delete(seq);
        this.#cancelled.delete(seq);
        stored?.(error);
      });
    this.#pending.set(seq, pending);
    return seq;
  }

  async read(from: number, maxBytes: number): Promise<SpoolChunk> {
    // Otherwise the places of records that are just being sealed would be taken for gone.
    await Promise.all(this.#pending.values());
    try {
      const [beingStored] = this.#pending.keys();
      const start = Math.max(from, this.#first);
      const all = Math.max(start, beingStored ?? this.#next);
      const end = Math.min(all, this.#portionEnd(start, maxBytes) ?? all);
      const query = `SELECT * FROM ${this.#records} WHERE seq >= ? AND seq < ? ORDER BY seq`;
      const found = this.#query(query, start, end).map((row) => ({
        seq: number(row["seq"]),
        stored: decodeRecord(this.#storage, this.#name, row),
      }));
      const records: SpoolRecord[] = [];
      let damaged = 0;
      for (const { seq, stored } of found) {
        try {
          if (stored === undefined) damaged++;
          else records.push(await this.#open(stored));
        } catch (error) {
          if (records.length === 0) throw error;
          // What was read before it is given; the next read tells.
          return { records, next: seq, damaged };
        }
      }
      return { records, next: end, damaged };
    } catch (error) {
      throw toSpoolError(error);
    }
  }

  done(seq: number): void {
    if (this.#pending.has(seq)) this.#cancelled.add(seq);
    this.#remove(seq, seq + 1);
    if (seq === this.#first) this.#first = this.#lowest();
  }

  trim(seq: number): void {
    if (seq <= this.#first) return;
    this.#remove(this.#first, seq);
    this.#first = Math.min(seq, this.#next);
  }

  oldest(): number | undefined {
    const [beingStored] = this.#pending.keys();
    const query = `SELECT MAX(seq) AS last FROM
      (SELECT seq FROM ${this.#records} WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?)`;
    const limit = Math.ceil(this.#count * OLDEST_PART);
    const [row] = this.#query(query, this.#first, beingStored ?? this.#next, limit);
    const last = row?.["last"] ?? undefined;
    return last === undefined ? undefined : number(last) + 1;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#pending.values());
  }

  /** Without credentials the record is in its table when this returns; it resolves when that is durable. */
  async #store(seq: number, record: NewRecord, authorization: string | undefined): Promise<void> {
    try {
      if (this.#closed) throw new SpoolError("closed", "the log is closed");
      const sealed = authorization === undefined ? undefined : await this.#sealer?.seal(authorization);
      if (this.#cancelled.has(seq) || seq < this.#first) return;
      insertRecord(this.#storage, this.#name, seq, record, sealed ?? null);
      this.#top = Math.max(this.#top, seq);
      this.#count++;
      this.#bodyBytes += record.body.byteLength;
    } finally {
      // A place without a record is taken too: somebody may have gone past it.
      this.#keepEnd();
    }
    await this.#commit.durable();
  }

  async #open({ record, sealed }: StoredRecord): Promise<SpoolRecord> {
    if (sealed === undefined) return record;
    if (this.#sealer === undefined) throw new SpoolError("io", "stored credentials need the key for them");
    const authorization = await this.#sealer.open(sealed);
    return { ...record, destination: { ...record.destination, credentials: { authorization } } };
  }

  /** Where the records from `from` on reach `maxBytes`; undefined where they do not. */
  #portionEnd(from: number, maxBytes: number): number | undefined {
    const query = `SELECT seq, length FROM ${this.#records} WHERE seq >= ? ORDER BY seq LIMIT ${LOOK_AHEAD}`;
    let bytes = 0;
    for (let at = from; ; ) {
      const rows = this.#query(query, at);
      for (const { seq, length } of rows) {
        const size = number(length) + RECORD_OVERHEAD;
        if (bytes > 0 && bytes + size > maxBytes) return number(seq);
        bytes += size;
        at = number(seq) + 1;
      }
      if (rows.length < LOOK_AHEAD) return undefined;
    }
  }

  /** Frees the records from `from` on below `to`. */
  #remove(from: number, to: number): void {
    const range = "WHERE seq >= ? AND seq < ?";
    try {
      const query = `SELECT COUNT(*) AS count, SUM(length) AS bytes FROM ${this.#records} ${range}`;
      const [gone] = this.#query(query, from, to);
      const count = number(gone?.["count"]);
      if (count === 0) return;
      if (this.#top >= from && this.#top < to) this.#top = -1;
      this.#keepEnd();
      this.#storage.transactionSync(() => {
        this.#query(`DELETE FROM ${this.#records} ${range}`, from, to);
        this.#query(`DELETE FROM ${this.#parts} ${range}`, from, to);
      });
      this.#count -= count;
      this.#bodyBytes -= number(gone?.["bytes"]);
    } catch {
      // Nothing is lost: what could not be deleted takes room, and comes again after a restart.
    }
  }

  /** Stores `next` where the records do not tell it any more. */
  #keepEnd(): void {
    if (Math.max(this.#keptNext, this.#top + 1) >= this.#next) return;
    const query = "INSERT OR REPLACE INTO log_ends VALUES (?, ?, ?)";
    this.#query(query, this.#name, this.#next, this.#lastRanMs);
    this.#keptNext = this.#next;
  }

  /** The first place that has a record or will have one. */
  #lowest(): number {
    const [row] = this.#query(`SELECT MIN(seq) AS first FROM ${this.#records}`);
    const first = number(row?.["first"] ?? this.#next);
    for (const seq of this.#pending.keys()) {
      if (seq >= first) break;
      if (seq >= this.#first && !this.#cancelled.has(seq)) return seq;
    }
    return first;
  }

  #query(query: string, ...values: unknown[]): SqlRow[] {
    return this.#storage.sql.exec(query, ...values).toArray();
  }
}

/** A figure that a query gave; 0 where there was nothing to sum up. */
function number(value: SqlRow[string] | undefined): number {
  return Number(value ?? 0);
}
