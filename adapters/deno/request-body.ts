import type { Context } from "hono";
import { BodyError } from "../../src/errors.ts";
import { readRequest } from "../../src/write/body.ts";

const EMPTY = new Uint8Array(0);

/** What the HTTP server tells the app about a request, as `c.env`. */
export interface DenoBindings {
  readonly remoteAddr: Deno.NetAddr;
  /** A body has to be there this many milliseconds after it is asked for. */
  readonly bodyTimeoutMs: number;
  /** What became of the body: `late` if it was not there in time, `cut` if its connection ended. */
  body: "ok" | "late" | "cut";
}

/**
 * Reads a request's body. `limit` is in bytes.
 * @throws {BodyError}
 */
export function readBody(c: Context, limit: number): Promise<Uint8Array> | Uint8Array {
  const request = c.req.raw;
  if (request.body === null) return EMPTY;
  const length = request.headers.get("content-length");
  if (Number(length) > limit) throw new BodyError("too-large");
  // The server lets nobody send more than the header says.
  const body = length === null ? readRequest(request, limit) : readWhole(request);
  return withinTime(body, c.env as DenoBindings);
}

async function readWhole(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    throw new BodyError("aborted");
  }
}

function withinTime(body: Promise<Uint8Array>, bindings: DenoBindings): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      bindings.body = "late";
      reject(new BodyError("aborted"));
    }, bindings.bodyTimeoutMs);
    const fail = (error: unknown) => {
      if (bindings.body === "ok" && error instanceof BodyError && error.reason === "aborted")
        bindings.body = "cut";
      reject(error);
    };
    body.then(resolve, fail).finally(() => clearTimeout(timer));
  });
}

/** IPv4 clients of a socket that takes both families come as `::ffff:192.0.2.1`. */
export function clientAddress(c: Context): string {
  return (c.env as DenoBindings).remoteAddr.hostname;
}
