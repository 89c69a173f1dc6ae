import { byteString } from "./bytes.ts";
import { AnswerError } from "./errors.ts";

/** The largest name, string or row that is waited for, in bytes. InfluxDB's strings end at 64 KiB, its keys too. */
const MAX_ITEM_BYTES = 64 * 1024 * 1024;

export const NIL = 0;
export const FLOAT = 1;
export const INTEGER = 2;
export const STRING = 3;
export const BOOLEAN = 4;

export type Value = null | number | bigint | string | boolean;

/** The values of one row, in the order of the columns. Valid until the next row is read. */
export class Row {
  size = 0;
  /** NIL, FLOAT, INTEGER, STRING or BOOLEAN. */
  kinds = new Uint8Array(0);
  /** Of a FLOAT; of a BOOLEAN 0 or 1. */
  numbers = new Float64Array(0);
  /** Of an INTEGER. */
  integers = new BigInt64Array(0);
  /** Of a STRING: where it is in `bytes`. */
  starts = new Uint32Array(0);
  ends = new Uint32Array(0);
  bytes: Uint8Array = new Uint8Array(0);

  resize(size: number): void {
    this.size = size;
    if (size <= this.kinds.length) return;
    this.kinds = new Uint8Array(size);
    this.numbers = new Float64Array(size);
    this.integers = new BigInt64Array(size);
    this.starts = new Uint32Array(size);
    this.ends = new Uint32Array(size);
  }

  /** A float is a number, an integer a bigint, a string a byte string. */
  value(at: number): Value {
    switch (this.kinds[at]) {
      case FLOAT:
        return this.numbers[at] as number;
      case INTEGER:
        return this.integers[at] as bigint;
      case STRING:
        return byteString(this.bytes, this.starts[at] as number, this.ends[at] as number);
      case BOOLEAN:
        return this.numbers[at] === 1;
      default:
        return null;
    }
  }
}

/** Thrown by the readers of {@link MsgpackBuffer} when what they read is not there to its end yet. */
const SHORT = new Error("the item is not complete yet");

/**
 * MessagePack that arrives in pieces (https://github.com/msgpack/msgpack/blob/master/spec.md). Items are read whole or
 * not at all: one that is not complete is read again from its beginning when more has come.
 */
export class MsgpackBuffer {
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** What is left of the pieces before stays in front. */
  push(piece: Uint8Array): void {
    const left = this.#bytes.length - this.#at;
    if (left > MAX_ITEM_BYTES) throw new AnswerError("an item of the answer is too large");
    if (left === 0) {
      this.#bytes = piece;
    } else {
      const joined = new Uint8Array(left + piece.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(piece, left);
      this.#bytes = joined;
    }
    this.#at = 0;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** True when nothing is left. */
  get empty(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** False, and nothing was read, if `read` met the end of what is there. */
  attempt(read: () => void): boolean {
    const from = this.#at;
    try {
      read();
      return true;
    } catch (error) {
      if (error !== SHORT) throw error;
      this.#at = from;
      return false;
    }
  }

  /** The number of pairs of a map, or of items of an array; nil is an empty one. */
  size(): number {
    const type = this.#byte();
    if ((type & 0xf0) === 0x80 || (type & 0xf0) === 0x90) return type & 0x0f;
    switch (type) {
      case 0xc0:
        return 0;
      case 0xdc:
      case 0xde:
        return this.#unsigned(2);
      case 0xdd:
      case 0xdf:
        return this.#unsigned(4);
    }
    throw new AnswerError(`a map or an array should be where the byte ${type} is`);
  }

  text(): string {
    const type = this.#byte();
    const length = this.#stringLength(type);
    if (length < 0) throw new AnswerError(`a string should be where the byte ${type} is`);
    const start = this.#take(length);
    return byteString(this.#bytes, start, start + length);
  }

  number(): number {
    return Number(this.#integer(this.#byte()));
  }

  boolean(): boolean {
    const type = this.#byte();
    if (type !== 0xc2 && type !== 0xc3)
      throw new AnswerError(`a boolean should be where the byte ${type} is`);
    return type === 0xc3;
  }

  row(row: Row): void {
    const size = this.size();
    row.resize(size);
    row.bytes = this.#bytes;
    for (let at = 0; at < size; at++) this.#value(row, at);
  }

  /** Any value, which is passed over. */
  skip(): void {
    const type = this.#bytes[this.#at];
    if (type === undefined) throw SHORT;
    const isMap = (type & 0xf0) === 0x80 || type === 0xde || type === 0xdf;
    const isArray = (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd;
    if (isMap || isArray) {
      for (let left = this.size() * (isMap ? 2 : 1); left > 0; left--) this.skip();
    } else {
      this.#value(SKIPPED, 0);
    }
  }

  #value(row: Row, at: number): void {
    const type = this.#byte();
    const length = this.#stringLength(type);
    if (length >= 0) {
      const start = this.#take(length);
      row.kinds[at] = STRING;
      row.starts[at] = start;
      row.ends[at] = start + length;
    } else if (type === 0xc0) {
      row.kinds[at] = NIL;
    } else if (type === 0xc2 || type === 0xc3) {
      row.kinds[at] = BOOLEAN;
      row.numbers[at] = type - 0xc2;
    } else if (type === 0xca || type === 0xcb) {
      row.kinds[at] = FLOAT;
      row.numbers[at] =
        type === 0xcb ? this.#view.getFloat64(this.#take(8)) : this.#view.getFloat32(this.#take(4));
    } else {
      row.kinds[at] = INTEGER;
      row.integers[at] = this.#integer(type);
    }
  }

  #integer(type: number): bigint {
    if (type <= 0x7f) return BigInt(type);
    if (type >= 0xe0) return BigInt(type - 0x100);
    switch (type) {
      case 0xcc:
      case 0xcd:
      case 0xce:
        return BigInt(this.#unsigned(2 ** (type - 0xcc)));
      case 0xcf:
        return this.#view.getBigUint64(this.#take(8));
      case 0xd0:
        return BigInt(this.#view.getInt8(this.#take(1)));
      case 0xd1:
        return BigInt(this.#view.getInt16(this.#take(2)));
      case 0xd2:
        return BigInt(this.#view.getInt32(this.#take(4)));
      case 0xd3:
        return this.#view.getBigInt64(this.#take(8));
    }
    throw new AnswerError(`no value of InfluxDB's begins with the byte ${type}`);
  }

  /** Of a string or binary that begins with this byte; negative for anything else. */
  #stringLength(type: number): number {
    if ((type & 0xe0) === 0xa0) return type & 0x1f;
    switch (type) {
      case 0xc4:
      case 0xd9:
        return this.#unsigned(1);
      case 0xc5:
      case 0xda:
        return this.#unsigned(2);
      case 0xc6:
      case 0xdb:
        return this.#unsigned(4);
    }
    return -1;
  }

  #unsigned(bytes: number): number {
    const start = this.#take(bytes);
    if (bytes === 1) return this.#view.getUint8(start);
    return bytes === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw SHORT;
    this.#at = start + length;
    return start;
  }
}

const SKIPPED = new Row();
SKIPPED.resize(1);
