import { SpoolError } from "../errors.ts";
import type { SpoolFile } from "../platform.ts";
import {
  decodeRecord,
  FORMAT_VERSION,
  findMagic,
  isIntact,
  MAGIC_BYTES,
  RECORD_HEADER_BYTES,
  recordLengthAt,
  recordVersion,
  STATEMENT_VERSION,
  type StoredRecord,
  viewOf,
} from "./record.ts";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment.ts";

/**
 * Bytes of what only looks like a record that one scan checks behind damage. Whoever wrote bodies full of record
 * headers must not be able to make a start take for ever.
 */
const MAX_CHECKED_BEHIND_DAMAGE = 2 ** 30;

/** A part of a segment: a record, or damage between records. */
export type Found = {
  readonly offset: number;
  /** Offset behind it. */
  readonly end: number;
  /** Undefined for damage. */
  readonly record: StoredRecord | undefined;
};

/** Reads one segment from an offset on, record by record, and finds the next one behind damage. */
export class SegmentScan {
  readonly #file: SpoolFile;
  readonly #name: string;
  readonly #end: number;
  readonly #pieceBytes: number;
  #offset = 0;
  #piece: Uint8Array = new Uint8Array(0);
  #pieceAt = 0;
  #mayCheck = MAX_CHECKED_BEHIND_DAMAGE;
  #headerIsDamaged = false;

  /**
   * @param end Up to where the segment is looked at.
   * @param pieceBytes How much is read at a time.
   */
  constructor(file: SpoolFile, name: string, end: number, pieceBytes: number) {
    this.#file = file;
    this.#name = name;
    this.#end = end;
    this.#pieceBytes = pieceBytes;
  }

  /** Goes on at this offset, where a record starts. */
  startAt(offset: number): void {
    this.#offset = offset;
  }

  /**
   * Reads the header and stands behind it. When it is damaged: undefined, and the damage is found by `next`.
   * @throws {SpoolError} `version`
   */
  async header(): Promise<SegmentHeader | undefined> {
    const header = decodeSegmentHeader(await this.#bytesAt(0, Math.min(SEGMENT_HEADER_BYTES, this.#end)));
    if (header !== undefined) {
      this.#checkVersion(header.version, FORMAT_VERSION);
      this.#offset = SEGMENT_HEADER_BYTES;
    }
    this.#headerIsDamaged = header === undefined;
    return header;
  }

  /** What {@link next} would give, if that is an intact record of which all was read: most are, and cost no wait. */
  nextRead(): Found | undefined {
    const offset = this.#offset;
    const inPiece = offset - this.#pieceAt;
    const read = Math.min(this.#piece.length - inPiece, this.#end - offset);
    if (inPiece < 0 || read < RECORD_HEADER_BYTES) return undefined;
    const rest = this.#piece.subarray(inPiece, inPiece + read);
    const length = recordLengthAt(viewOf(rest), 0);
    if (length === 0 || length > read) return undefined;
    const bytes = rest.subarray(0, length);
    if (!isIntact(bytes)) return undefined;
    this.#checkVersion(recordVersion(bytes), STATEMENT_VERSION);
    this.#offset += length;
    return { offset, end: this.#offset, record: decodeRecord(bytes) };
  }

  /**
   * Undefined at the end.
   * @throws {SpoolError} when the file cannot be read, or holds an intact record of a newer format
   */
  async next(): Promise<Found | undefined> {
    const start = this.#offset;
    while (this.#offset < this.#end) {
      const offset = this.#offset;
      const record = await this.#recordAt(offset, offset > start);
      if (record !== undefined) {
        if (offset > start) return { offset: start, end: offset, record: undefined };
        this.#offset += record.length;
        return { offset, end: this.#offset, record: decodeRecord(record) };
      }
      if (offset === start) this.#offset = await this.#behindDamage(offset);
      else this.#offset = this.#mayCheck > 0 ? await this.#nextMagic(offset + 1) : this.#end;
    }
    return start < this.#end ? { offset: start, end: this.#end, record: undefined } : undefined;
  }

  /**
   * Where a record may start behind a damaged one: first where that one says that it ends. Mostly this is right, and
   * then a body in which somebody wrote what looks like records is not searched.
   */
  async #behindDamage(offset: number): Promise<number> {
    const next = offset + (await this.#lengthAt(offset));
    const isRight = next > offset && (next === this.#end || (await this.#recordAt(next, true)) !== undefined);
    return isRight ? next : this.#nextMagic(offset + 1);
  }

  /** The length of what looks like a record and ends within the segment; 0 if nothing does. */
  async #lengthAt(offset: number): Promise<number> {
    if (this.#end - offset < RECORD_HEADER_BYTES) return 0;
    const length = recordLengthAt(viewOf(await this.#bytesAt(offset, RECORD_HEADER_BYTES)), 0);
    return length <= this.#end - offset ? length : 0;
  }

  async #recordAt(offset: number, behindDamage: boolean): Promise<Uint8Array | undefined> {
    const length = await this.#lengthAt(offset);
    if (length === 0) return undefined;
    const bytes = (await this.#bytesAt(offset, length)).subarray(0, length);
    if (behindDamage) this.#mayCheck -= length;
    if (!isIntact(bytes)) return undefined;
    const version = recordVersion(bytes);
    // A sound header tells which versions there are: what is another one behind damage is a part of a body.
    if (behindDamage && !this.#headerIsDamaged && version > STATEMENT_VERSION) return undefined;
    this.#checkVersion(version, STATEMENT_VERSION);
    return bytes;
  }

  async #nextMagic(from: number): Promise<number> {
    let offset = from;
    while (this.#end - offset >= RECORD_HEADER_BYTES) {
      const bytes = await this.#bytesAt(offset, RECORD_HEADER_BYTES);
      const found = findMagic(bytes);
      // A beginning at the end of what was read is looked at again with more behind it.
      if (found + MAGIC_BYTES <= bytes.length) return offset + found;
      offset += found;
    }
    return this.#end;
  }

  /** What was read from `offset` on, at least `length` bytes of it. */
  async #bytesAt(offset: number, length: number): Promise<Uint8Array> {
    const inPiece = offset - this.#pieceAt;
    if (inPiece >= 0 && inPiece + length <= this.#piece.length) return this.#piece.subarray(inPiece);
    const wanted = Math.min(Math.max(length, this.#pieceBytes), this.#end - offset);
    const piece = await this.#file.read(offset, wanted);
    if (piece.length < wanted) {
      throw new SpoolError(
        "io",
        `${this.#name} has ${offset + piece.length} bytes; ${offset + wanted} were written`,
      );
    }
    this.#piece = piece;
    this.#pieceAt = offset;
    return piece;
  }

  #checkVersion(version: number, known: number): void {
    if (version > known) {
      throw new SpoolError(
        "version",
        `${this.#name} was written by a newer relay: format ${version}, this one knows ${known}`,
      );
    }
  }
}
