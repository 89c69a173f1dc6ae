import { StatementError } from "./shard-answer.ts";
import type { Value } from "./value.ts";

/** What a MessagePack document is made of. Integers are bigints, floats are numbers. */
export type Unpacked = Value | readonly Unpacked[] | ReadonlyMap<string, Unpacked>;

/** The bytes end within the value: more have to come. */
export const INCOMPLETE = Symbol("incomplete");

const decoder = new TextDecoder();

/** Reads values one behind the other. */
export class MsgpackReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.#end = end;
  }

  /** @throws INCOMPLETE @throws StatementError for what influxd does not send */
  read(): Unpacked {
    const byte = this.#bytes[this.#skip(1)] as number;
    if (byte < 0x80) return BigInt(byte);
    if (byte < 0x90) return this.#map(byte & 0x0f);
    if (byte < 0xa0) return this.#array(byte & 0x0f);
    if (byte < 0xc0) return this.#text(byte & 0x1f);
    if (byte >= 0xe0) return BigInt(byte - 0x100);
    return this.#long(byte);
  }

  #long(byte: number): Unpacked {
    const view = this.#view;
    switch (byte) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return view.getFloat32(this.#skip(4));
      case 0xcb:
        return view.getFloat64(this.#skip(8));
      case 0xcc:
        return BigInt(view.getUint8(this.#skip(1)));
      case 0xcd:
        return BigInt(view.getUint16(this.#skip(2)));
      case 0xce:
        return BigInt(view.getUint32(this.#skip(4)));
      case 0xcf:
        return view.getBigUint64(this.#skip(8));
      case 0xd0:
        return BigInt(view.getInt8(this.#skip(1)));
      case 0xd1:
        return BigInt(view.getInt16(this.#skip(2)));
      case 0xd2:
        return BigInt(view.getInt32(this.#skip(4)));
      case 0xd3:
        return view.getBigInt64(this.#skip(8));
      case 0xd9:
        return this.#text(view.getUint8(this.#skip(1)));
      case 0xda:
        return this.#text(view.getUint16(this.#skip(2)));
      case 0xdb:
        return this.#text(view.getUint32(this.#skip(4)));
      case 0xdc:
        return this.#array(view.getUint16(this.#skip(2)));
      case 0xdd:
        return this.#array(view.getUint32(this.#skip(4)));
      case 0xde:
        return this.#map(view.getUint16(this.#skip(2)));
      case 0xdf:
        return this.#map(view.getUint32(this.#skip(4)));
      default:
        throw new StatementError("a shard's answer is no MessagePack of InfluxDB");
    }
  }

  /** Moves over so many bytes and returns where they begin. */
  #skip(count: number): number {
    const start = this.at;
    if (start + count > this.#end) throw INCOMPLETE;
    this.at = start + count;
    return start;
  }

  #text(length: number): string {
    const start = this.#skip(length);
    if (length === 0) return "";
    return decoder.decode(this.#bytes.subarray(start, start + length));
  }

  #array(length: number): readonly Unpacked[] {
    const items: Unpacked[] = [];
    for (let i = 0; i < length; i++) items.push(this.read());
    return items;
  }

  #map(length: number): ReadonlyMap<string, Unpacked> {
    const entries = new Map<string, Unpacked>();
    for (let i = 0; i < length; i++) {
      const key = this.read();
      entries.set(String(key), this.read());
    }
    return entries;
  }
}
