import * as zlib from "node:zlib";
import { GunzipError } from "../../src/errors.ts";
import { toGunzipError } from "../common/gunzip-error.ts";

/** The fixed part of a member's header (RFC 1952 section 2.3). */
const HEADER_BYTES = 10;

/**
 * Inflates one or more gzip members. Not with DecompressionStream, which knows one member only and has one word for
 * all damage.
 * @throws {GunzipError} with the words that Go's compress/gzip has for it, which are InfluxDB's.
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.byteLength === 0) throw new GunzipError("EOF", false);
  if (bytes.byteLength < HEADER_BYTES) throw new GunzipError("unexpected EOF", false);
  try {
    const { buffer, engine } = zlib.gunzipSync(bytes, { info: true, maxOutputLength: maxBytes });
    // zlib takes zeros after the last member for padding, Go for a bad header.
    if (engine.bytesWritten < bytes.byteLength) throw new GunzipError("gzip: invalid header", false);
    return buffer;
  } catch (error) {
    throw toGunzipError(error);
  }
}

export function gzip(bytes: Uint8Array): Uint8Array {
  return zlib.gzipSync(bytes);
}
