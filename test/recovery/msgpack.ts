import { bytesOf } from "../../src/recovery/bytes.ts";

/** A float; whole numbers are integers otherwise. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A value as InfluxDB writes it. Strings are byte strings. */
export type Packed =
  | null
  | boolean
  | bigint
  | Float
  | string
  | readonly Packed[]
  | ReadonlyMap<string, Packed>;

/** MessagePack with the widths that the values need, as InfluxDB's encoder chooses them. */
export function pack(value: Packed): Uint8Array {
  const bytes: number[] = [];
  packInto(bytes, value);
  return Uint8Array.from(bytes);
}

function packInto(bytes: number[], value: Packed): void {
  if (value === null) bytes.push(0xc0);
  else if (typeof value === "boolean") bytes.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "bigint") packInteger(bytes, value);
  else if (typeof value === "string") packString(bytes, value);
  else if (value instanceof Float) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value.value);
    bytes.push(0xcb, ...new Uint8Array(view.buffer));
  } else if (value instanceof Map) {
    header(bytes, value.size, 0x80, 0xde, 0xdf);
    for (const [key, item] of value as ReadonlyMap<string, Packed>) {
      packString(bytes, key);
      packInto(bytes, item);
    }
  } else {
    const items = value as readonly Packed[];
    header(bytes, items.length, 0x90, 0xdc, 0xdd);
    for (const item of items) packInto(bytes, item);
  }
}

function header(bytes: number[], size: number, short: number, wide: number, widest: number): void {
  if (size < 16) bytes.push(short | size);
  else if (size < 65_536) bytes.push(wide, size >> 8, size & 0xff);
  else bytes.push(widest, size >>> 24, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff);
}

function packString(bytes: number[], text: string): void {
  const { length } = text;
  if (length < 32) bytes.push(0xa0 | length);
  else if (length < 256) bytes.push(0xd9, length);
  else bytes.push(0xda, length >> 8, length & 0xff);
  bytes.push(...bytesOf(text));
}

function packInteger(bytes: number[], value: bigint): void {
  if (value >= 0n && value < 128n) bytes.push(Number(value));
  else if (value < 0n && value >= -32n) bytes.push(Number(value) & 0xff);
  else if (value >= -128n && value < 128n) bytes.push(0xd0, Number(value) & 0xff);
  else if (value >= -32_768n && value < 32_768n)
    bytes.push(0xd1, (Number(value) >> 8) & 0xff, Number(value) & 0xff);
  else {
    const wide = value < -(2n ** 31n) || value >= 2n ** 31n;
    const view = new DataView(new ArrayBuffer(wide ? 8 : 4));
    if (wide) view.setBigInt64(0, value);
    else view.setInt32(0, Number(value));
    bytes.push(wide ? 0xd3 : 0xd2, ...new Uint8Array(view.buffer));
  }
}
