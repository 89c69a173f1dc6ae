import { BodyError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { joinBytes } from "./join-bytes.ts";

/** How a body is packed. */
export type Encoding = "identity" | "gzip";

/** Reads a Content-Encoding header (RFC 9110 section 8.4); undefined if it asks for what is not supported. */
export function encodingOf(header: string | undefined): Encoding | undefined {
  switch (header?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return "identity";
    case "gzip":
    case "x-gzip":
      return "gzip";
    default:
      return undefined;
  }
}

/**
 * The bytes that a client meant to send. `limit` is in bytes, of what comes out.
 * @throws {GunzipError}
 */
export function inflate(
  bytes: Uint8Array,
  encoding: Encoding,
  limit: number,
  platform: Pick<Platform, "gunzip">,
): Promise<Uint8Array> | Uint8Array {
  return encoding === "identity" ? bytes : platform.gunzip(bytes, limit);
}

/**
 * Reads the body of a web-standard request whole. The header is only a reason to refuse early: what counts is
 * counted, because it can be absent or wrong.
 * @throws {BodyError}
 */
export async function readRequest(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > limit) throw new BodyError("too-large");
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new BodyError("aborted");
    });
    if (done) return joinBytes(chunks);
    length += value.byteLength;
    if (length > limit) {
      // Nobody waits for the client to notice.
      reader.cancel().catch(() => undefined);
      throw new BodyError("too-large");
    }
    chunks.push(value);
  }
}
