import type { Context } from "hono";
import { BodyError } from "../../src/errors.ts";
import { readRequest } from "../../src/write/body.ts";

/**
 * Reads a request's body whole; `limit` is in bytes. Where the length is told, which the runtime enforces, at once:
 * the runtime's streams come in small pieces.
 * @throws {BodyError}
 */
export async function readBody(c: Context, limit: number): Promise<Uint8Array> {
  const request = c.req.raw;
  const length = request.headers.get("content-length");
  if (length === null || Number(length) > limit) return readRequest(request, limit);
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    throw new BodyError("aborted");
  }
}

export function clientAddress(c: Context): string {
  return c.req.header("cf-connecting-ip") ?? "";
}
