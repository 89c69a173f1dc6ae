import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { GunzipError } from "../../src/errors.ts";
import { toGunzipError } from "../common/gunzip-error.ts";

/** Up to so many bytes, packed, the thread is not left: the way to the pool and back costs more than the work. */
const SYNC_BYTES = 64 * 1024;
/** Output is collected in pieces of at least and at most so many bytes. */
const MIN_CHUNK = 16 * 1024;
const MAX_CHUNK = 1024 * 1024;
/** Line protocol packs to about an eighth. */
const USUAL_RATIO = 8;
/** The fixed part of a member's header (RFC 1952 section 2.3). */
const HEADER_BYTES = 10;

interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten` counts the input that was used. */
  readonly engine: { readonly bytesWritten: number };
}

const gunzipAsync = promisify(zlib.gunzip) as (
  bytes: Uint8Array,
  options: zlib.ZlibOptions,
) => Promise<unknown>;
const gzipAsync = promisify(zlib.gzip) as (bytes: Uint8Array) => Promise<Buffer>;

/**
 * Inflates one or more gzip members.
 * @throws {GunzipError} with the words that Go's compress/gzip has for it, which are InfluxDB's.
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  if (bytes.byteLength === 0) throw new GunzipError("EOF", false);
  if (bytes.byteLength < HEADER_BYTES) throw new GunzipError("unexpected EOF", false);
  const options: zlib.ZlibOptions = {
    info: true,
    maxOutputLength: maxBytes,
    chunkSize: Math.min(Math.max(bytes.byteLength * USUAL_RATIO, MIN_CHUNK), MAX_CHUNK),
  };
  if (bytes.byteLength > SYNC_BYTES) {
    return gunzipAsync(bytes, options).then(
      (result) => outputOf(result, bytes),
      (error) => {
        throw toGunzipError(error);
      },
    );
  }
  let result: unknown;
  try {
    result = zlib.gunzipSync(bytes, options);
  } catch (error) {
    throw toGunzipError(error);
  }
  return outputOf(result, bytes);
}

export function gzip(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
  return bytes.byteLength > SYNC_BYTES ? gzipAsync(bytes) : zlib.gzipSync(bytes);
}

function outputOf(result: unknown, input: Uint8Array): Uint8Array {
  const { buffer, engine } = result as Inflated;
  // zlib takes zeros after the last member for padding, Go for a bad header.
  if (engine.bytesWritten < input.byteLength) throw new GunzipError("gzip: invalid header", false);
  // A small body must not keep a large piece of memory alive for as long as it waits for a backend.
  return buffer.buffer.byteLength > 2 * buffer.byteLength ? new Uint8Array(buffer) : buffer;
}
