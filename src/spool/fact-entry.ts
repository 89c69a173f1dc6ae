import { SpoolError } from "../errors.ts";
import { crc32c } from "./crc32c.ts";

/**
 * One entry of a journal of facts, numbers little-endian:
 *
 *     0  magic, 4 bytes
 *     4  version, 1 byte
 *     5  length of the text, 4 bytes
 *     9  CRC-32C of the text, 4 bytes
 *    13  CRC-32C of the bytes 0 to 12, 4 bytes: the length can be believed, whatever happened to the text
 *    17  the text: [name, value] as JSON
 */
const VERSION = 1;
const HEADER_BYTES = 17;
/** 0xF6 and 0xFF never occur in UTF-8, so that no text looks like the start of an entry. */
const MAGIC = [0xf6, 0x52, 0x46, 0xff] as const;

/** A fact as it is stored. */
export interface Fact {
  readonly name: string;
  readonly value: unknown;
}

/** What a journal holds. */
export interface FactScan {
  /** The last entry of each name, whole. */
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Behind the last byte that is to be kept: what follows is an entry that was being written when the process ended. */
  readonly end: number;
  /** Stretches of bytes that are no entries. */
  readonly damaged: number;
}

/** A fact as JSON. `undefined` is null there. */
export function factText(name: string, value: unknown): string {
  return JSON.stringify([name, value]);
}

/** @throws {SyntaxError} when the text is not one of {@link factText}. */
export function parseFact(text: string): Fact {
  const [name, value] = JSON.parse(text) as unknown[];
  if (typeof name !== "string") throw new SyntaxError("a fact without a name");
  return { name, value };
}

export function encodeFact(name: string, value: unknown): Uint8Array {
  const text = new TextEncoder().encode(factText(name, value));
  const entry = new Uint8Array(HEADER_BYTES + text.byteLength);
  const view = new DataView(entry.buffer);
  entry.set(MAGIC);
  view.setUint8(4, VERSION);
  view.setUint32(5, text.byteLength, true);
  view.setUint32(9, crc32c(text), true);
  view.setUint32(13, crc32c(entry, 0, 0, 13), true);
  entry.set(text, HEADER_BYTES);
  return entry;
}

export function decodeFact(entry: Uint8Array): Fact {
  return parseFact(new TextDecoder().decode(entry.subarray(HEADER_BYTES)));
}

/**
 * Finds the entries of a whole journal, also behind damage.
 * @throws {SpoolError} `version` when a newer relay wrote it.
 */
export function scanFacts(bytes: Uint8Array): FactScan {
  const entries = new Map<string, Uint8Array>();
  let damaged = 0;
  let sound = true;
  for (let at = 0; at < bytes.byteLength; ) {
    const found = entryAt(bytes, at);
    if (found === "torn") return { entries, end: at, damaged };
    if (found !== undefined) {
      entries.set(found.name, found.entry);
      at += found.entry.byteLength;
    } else {
      if (sound) damaged++;
      at = nextMagic(bytes, at + 1);
    }
    sound = found !== undefined;
  }
  return { entries, end: bytes.byteLength, damaged };
}

/** The entry that starts there; undefined for anything else; `torn` for the beginning of one that the file ends in. */
function entryAt(bytes: Uint8Array, at: number): { name: string; entry: Uint8Array } | "torn" | undefined {
  const left = bytes.subarray(at);
  if (!MAGIC.every((byte, index) => index >= left.byteLength || left[index] === byte)) return undefined;
  if (left.byteLength < HEADER_BYTES) return "torn";
  const view = new DataView(left.buffer, left.byteOffset, left.byteLength);
  if (view.getUint32(13, true) !== crc32c(left, 0, 0, 13)) return undefined;
  if (view.getUint8(4) !== VERSION) {
    throw new SpoolError(
      "version",
      "the journal of facts was written by a newer version of the relay: use that one",
    );
  }
  const length = HEADER_BYTES + view.getUint32(5, true);
  if (left.byteLength < length) return "torn";
  if (view.getUint32(9, true) !== crc32c(left, 0, HEADER_BYTES, length)) return undefined;
  const entry = left.slice(0, length);
  try {
    return { name: decodeFact(entry).name, entry };
  } catch {
    return undefined;
  }
}

/** Where the next entry may start. */
function nextMagic(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(MAGIC[0], from);
  return at < 0 ? bytes.byteLength : at;
}
