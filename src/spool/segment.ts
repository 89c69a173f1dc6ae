import { crc32c } from "./crc32c.ts";
import { FORMAT_VERSION, getUint64, setUint64, viewOf } from "./record.ts";

/** Bytes at the start of a segment before its first record. */
export const SEGMENT_HEADER_BYTES = 32;

const MAGIC = new TextEncoder().encode("IRSPOOL\n");
const CRC_AT = 8;
const VERSION_AT = 12;
const EXPECTED_AT = 16;
const RAN_AT = 24;

/** One file of a log. */
export interface Segment {
  readonly name: string;
  /** The place that its name tells: that of its first record, if nothing failed while it was made. */
  readonly first: number;
  /** Bytes on disk. */
  size: number;
  /** Where what was written well ends. */
  end: number;
  /** Up to this offset damage was counted. */
  damageCounted: number;
  /** It was tried to copy it, or it was done by an earlier run. */
  setAside: boolean;
}

/** What a segment's header tells, so that an empty segment carries on what is known from those before it. */
export interface SegmentHeader {
  readonly version: number;
  /** The place behind the last record that was stored before this segment. */
  readonly expected: number;
  /** Running time of that record, in milliseconds. */
  readonly ranMs: number;
}

export function newSegment(prefix: string, first: number): Segment {
  return { name: segmentName(prefix, first), first, size: 0, end: 0, damageCounted: 0, setAside: false };
}

export function segmentName(prefix: string, first: number): string {
  return `${prefix}-${first.toString(16).padStart(16, "0")}.seg`;
}

/** The place in the name of a segment of this log; undefined if it is none. */
export function placeInName(prefix: string, name: string): number | undefined {
  if (!name.startsWith(`${prefix}-`)) return undefined;
  const digits = /^([0-9a-f]{16})\.seg$/.exec(name.slice(prefix.length + 1))?.[1];
  const place = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  return Number.isSafeInteger(place) ? place : undefined;
}

export function encodeSegmentHeader(expected: number, ranMs: number): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(MAGIC);
  view.setUint8(VERSION_AT, FORMAT_VERSION);
  setUint64(view, EXPECTED_AT, expected);
  view.setFloat64(RAN_AT, ranMs, true);
  view.setUint32(CRC_AT, crc32c(bytes, 0, VERSION_AT), true);
  return bytes;
}

/** Undefined when it is damaged or not all there. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(CRC_AT, true) !== crc32c(bytes, 0, VERSION_AT, SEGMENT_HEADER_BYTES)) return undefined;
  return {
    version: view.getUint8(VERSION_AT),
    expected: getUint64(view, EXPECTED_AT),
    ranMs: view.getFloat64(RAN_AT, true),
  };
}
