import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { BodyError } from "../../src/errors.ts";

const EMPTY = new Uint8Array(0);

/**
 * Reads a request's body from the socket's stream: through a web stream it costs several times as much.
 * `limit` is in bytes. Only for a server that leaves `100 Continue` to it, as `startHttpListener` does.
 * @throws {BodyError}
 */
export function readBody(c: Context, limit: number): Promise<Uint8Array> | Uint8Array {
  const { incoming, outgoing } = c.env as HttpBindings;
  const { "content-length": length, "transfer-encoding": coding, expect } = incoming.headers;
  if (length === undefined && coding === undefined) return EMPTY;
  if (incoming.destroyed) throw new BodyError("aborted");
  const tooLarge = Number(length) > limit;
  // A client that asks first (RFC 9110 section 10.1.1) has not sent anything yet; refused, it never will.
  const asks = expect !== undefined && incoming.httpVersion === "1.1";
  if (asks && !tooLarge) outgoing.writeContinue();
  return new Promise((resolve, reject) => {
    const refuse = () => {
      // The connection ends with the answer; until then what still comes is thrown away.
      outgoing.shouldKeepAlive = false;
      incoming.resume();
      reject(new BodyError("too-large"));
    };
    if (tooLarge) refuse();
    else collect(incoming, limit, resolve, reject, refuse);
  });
}

type Incoming = HttpBindings["incoming"];

function collect(
  incoming: Incoming,
  limit: number,
  resolve: (body: Uint8Array) => void,
  reject: (error: BodyError) => void,
  tooLarge: () => void,
): void {
  const declared = Number(incoming.headers["content-length"] ?? 0);
  let chunks: Uint8Array[] = [];
  let received = 0;
  /** Where a body of several chunks whose length is known is put together, so that no chunk outlives its arrival. */
  let whole: Buffer | undefined;
  const onData = (chunk: Uint8Array) => {
    const start = received;
    received += chunk.byteLength;
    if (received > limit) {
      chunks = [];
      stop();
      tooLarge();
    } else if (chunk.byteLength === declared || declared === 0) {
      chunks.push(chunk);
    } else {
      whole ??= Buffer.allocUnsafeSlow(declared);
      whole.set(chunk, start);
    }
  };
  const onEnd = () => {
    stop();
    resolve(whole ?? (chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, received)));
  };
  const onGone = () => {
    stop();
    reject(new BodyError("aborted"));
  };
  const stop = () => {
    incoming.off("data", onData).off("end", onEnd).off("close", onGone);
  };
  incoming.on("data", onData).on("end", onEnd).on("close", onGone);
}

export function clientAddress(c: Context): string {
  return (c.env as HttpBindings).incoming.socket.remoteAddress ?? "";
}
