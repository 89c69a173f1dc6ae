/**
 * Names and strings of InfluxDB are bytes, not always UTF-8. In src/recovery/ they are kept in JavaScript strings with
 * one character a byte ("byte strings"), so that nothing is lost between two servers.
 */

/** More arguments than this a call may not take everywhere. */
const MAX_ARGUMENTS = 8_192;

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();

/** The byte string of `[start, end)`. */
export function byteString(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= MAX_ARGUMENTS)
    return String.fromCharCode.apply(null, bytes.subarray(start, end) as never);
  let text = "";
  for (let at = start; at < end; at += MAX_ARGUMENTS) {
    text += byteString(bytes, at, Math.min(at + MAX_ARGUMENTS, end));
  }
  return text;
}

export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** What people read: the bytes as UTF-8. */
export const readable = (text: string): string => utf8.decode(bytesOf(text));

/** The UTF-8 of a text of people, as of a command line or a config. */
export function fromReadable(text: string): string {
  const bytes = encoder.encode(text);
  return byteString(bytes, 0, bytes.length);
}

/** Percent-encoded, as a form or a query string takes it. */
export const percentEncoded = (text: string): string =>
  text.replace(/[^A-Za-z0-9_.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** Bytes that are written one behind the other; the room grows as it is needed. */
export class ByteBuffer {
  bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  append(piece: Uint8Array): void {
    this.reserve(piece.length);
    this.bytes.set(piece, this.length);
    this.length += piece.length;
  }

  /** A byte string. */
  text(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
