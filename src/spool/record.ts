import { crc32c } from "./crc32c.ts";

/** Format of segments, and of records of writes. A relay reads this one and refuses what is newer. */
export const FORMAT_VERSION = 1;
/** Of records of statements: a relay that knew writes only refuses them, and does not send them as writes. */
export const STATEMENT_VERSION = 2;
/** Bytes of a record before its strings and its body. */
export const RECORD_HEADER_BYTES = 68;
/** Largest record in all: the largest body, and room for its strings. */
export const MAX_RECORD_BYTES = 2 ** 30 + 2 ** 20;
/** Up to this size a body is copied beside its header: one piece more costs a write more than the copy does. */
const JOINED_BODY_BYTES = 32 * 1024;

// 0xF5 and 0xFF never occur in UTF-8, so that text does not look like the start of a record.
const MAGIC = [0xf5, 0x52, 0x4c, 0xff] as const;
export const MAGIC_BYTES = MAGIC.length;
const MAGIC_NUMBER = 0xff4c52f5;

const CRC_AT = 4;
const VERSION_AT = 8;
const FLAGS_AT = 9;
const LENGTH_AT = 12;
const SEQ_AT = 16;
const EXPECTED_AT = 24;
const RAN_AT = 32;
const TIME_AT = 40;
const STRINGS_AT = 48;

const CLOSED = 1;
const HAD_CREDENTIALS = 2;
const STATEMENT = 4;

/** A destination as it stands in a record: db, rp, precision and sealed credentials behind each other. */
export interface EncodedDestination {
  readonly bytes: Uint8Array;
  /** Their lengths in bytes. */
  readonly lengths: readonly [db: number, rp: number, precision: number, credentials: number];
  /** Also true when they were left out. */
  readonly hadCredentials: boolean;
}

/** What is written of one record. */
export interface RecordToWrite {
  readonly seq: number;
  readonly ranMs: number;
  readonly timeMs: number;
  readonly closed: boolean;
  readonly destination: EncodedDestination;
  /** UTF-8. */
  readonly note: Uint8Array;
  readonly body: Uint8Array;
  readonly statement: boolean;
}

/** A record that was found intact. */
export interface StoredRecord extends RecordToWrite {
  /** What its place would be if no place had been left out before it: records from there on to `seq` never were. */
  readonly expected: number;
}

/** Bytes that it takes in a file. */
export function recordSize({ destination, note, body }: RecordToWrite): number {
  return RECORD_HEADER_BYTES + destination.bytes.length + note.length + body.length;
}

/**
 * Records as the pieces of one write. Large bodies are not copied.
 * @param expected The place behind the last record that was stored before them.
 */
export function encodeRecords(records: readonly RecordToWrite[], expected: number): Uint8Array[] {
  const joined = records.reduce(
    (sum, record) => sum + recordSize(record) - (isJoined(record) ? 0 : record.body.length),
    0,
  );
  const buffer = new Uint8Array(joined);
  const view = new DataView(buffer.buffer);
  const pieces: Uint8Array[] = [];
  let pieceStart = 0;
  let at = 0;
  for (const record of records) {
    const start = at;
    at = encodeHead(buffer, view, start, record, expected);
    if (isJoined(record)) {
      buffer.set(record.body, at);
      at += record.body.length;
      view.setUint32(start + CRC_AT, crc32c(buffer, 0, start + VERSION_AT, at), true);
    } else {
      const head = crc32c(buffer, 0, start + VERSION_AT, at);
      view.setUint32(start + CRC_AT, crc32c(record.body, head), true);
      pieces.push(buffer.subarray(pieceStart, at), record.body);
      pieceStart = at;
    }
    expected = record.seq + 1;
  }
  if (at > pieceStart) pieces.push(buffer.subarray(pieceStart, at));
  return pieces;
}

const isJoined = ({ body }: RecordToWrite): boolean => body.length <= JOINED_BODY_BYTES;

/** Writes everything before the body, without the checksum. Returns where the body starts. */
function encodeHead(
  buffer: Uint8Array,
  view: DataView,
  at: number,
  record: RecordToWrite,
  expected: number,
): number {
  const { destination, note, statement } = record;
  buffer.set(MAGIC, at);
  view.setUint8(at + VERSION_AT, statement ? STATEMENT_VERSION : FORMAT_VERSION);
  view.setUint8(
    at + FLAGS_AT,
    (record.closed ? CLOSED : 0) |
      (destination.hadCredentials ? HAD_CREDENTIALS : 0) |
      (statement ? STATEMENT : 0),
  );
  view.setUint32(at + LENGTH_AT, recordSize(record), true);
  setUint64(view, at + SEQ_AT, record.seq);
  setUint64(view, at + EXPECTED_AT, expected);
  view.setFloat64(at + RAN_AT, record.ranMs, true);
  view.setFloat64(at + TIME_AT, record.timeMs, true);
  [...destination.lengths, note.length].forEach((length, index) => {
    view.setUint32(at + STRINGS_AT + 4 * index, length, true);
  });
  buffer.set(destination.bytes, at + RECORD_HEADER_BYTES);
  buffer.set(note, at + RECORD_HEADER_BYTES + destination.bytes.length);
  return at + RECORD_HEADER_BYTES + destination.bytes.length + note.length;
}

/**
 * The length of the record that seems to start at `at`, of which at least the header must be there; 0 when none
 * can. Only {@link isIntact} tells whether it is one.
 */
export function recordLengthAt(view: DataView, at: number): number {
  if (view.getUint32(at, true) !== MAGIC_NUMBER) return 0;
  const length = view.getUint32(at + LENGTH_AT, true);
  return length >= RECORD_HEADER_BYTES && length <= MAX_RECORD_BYTES ? length : 0;
}

/** Whether `bytes`, of the length that the header tells, are as they were written. */
export function isIntact(bytes: Uint8Array): boolean {
  return viewOf(bytes).getUint32(CRC_AT, true) === crc32c(bytes, 0, VERSION_AT);
}

/** The format that an intact record is in. */
export function recordVersion(bytes: Uint8Array): number {
  return bytes[VERSION_AT]!;
}

/** Reads an intact record. What it returns are parts of `bytes`. */
export function decodeRecord(bytes: Uint8Array): StoredRecord {
  const view = viewOf(bytes);
  const lengthOf = (index: number) => view.getUint32(STRINGS_AT + 4 * index, true);
  const lengths = [lengthOf(0), lengthOf(1), lengthOf(2), lengthOf(3)] as const;
  const noteAt = lengths.reduce((sum, length) => sum + length, RECORD_HEADER_BYTES);
  const bodyAt = noteAt + lengthOf(4);
  const flags = bytes[FLAGS_AT]!;
  return {
    seq: getUint64(view, SEQ_AT),
    expected: getUint64(view, EXPECTED_AT),
    ranMs: view.getFloat64(RAN_AT, true),
    timeMs: view.getFloat64(TIME_AT, true),
    closed: (flags & CLOSED) !== 0,
    statement: (flags & STATEMENT) !== 0,
    destination: {
      bytes: bytes.subarray(RECORD_HEADER_BYTES, noteAt),
      lengths,
      hadCredentials: (flags & HAD_CREDENTIALS) !== 0,
    },
    note: bytes.subarray(noteAt, bodyAt),
    body: bytes.subarray(bodyAt),
  };
}

/** The first place where a record may start, or begin to start at the end of `bytes`; its length when there is none. */
export function findMagic(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(MAGIC[0]); at >= 0; at = bytes.indexOf(MAGIC[0], at + 1)) {
    if (MAGIC.every((byte, index) => at + index >= bytes.length || bytes[at + index] === byte)) return at;
  }
  return bytes.length;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A whole number below 2^53. */
export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
