import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import type { AnswerBody } from "../../src/query/query.ts";

type Outgoing = HttpBindings["outgoing"];

/**
 * Writes an answer to the socket as it comes. Not by the stream of a Response: @hono/node-server ends such an answer
 * orderly when its stream fails while the client is slow, and each piece costs more.
 */
export function stream(
  c: Context,
  status: number,
  headers: Record<string, string>,
  body: AnswerBody,
): Response {
  const { outgoing } = c.env as HttpBindings;
  outgoing.writeHead(status, headers);
  void pump(body, outgoing);
  return RESPONSE_ALREADY_SENT;
}

async function pump(body: AnswerBody, outgoing: Outgoing): Promise<void> {
  const onClose = () => body.cancel();
  outgoing.once("close", onClose);
  if (outgoing.destroyed) onClose();
  try {
    for (;;) {
      const piece = await body.read();
      if (piece === undefined) break;
      if (!outgoing.write(piece)) await drained(outgoing);
    }
    outgoing.off("close", onClose).end();
  } catch {
    // What is there must not look like the whole: without its end the client sees that it is not.
    outgoing.destroy();
  }
}

/** Resolves when more can be written, or nothing ever again. */
function drained(outgoing: Outgoing): Promise<void> {
  if (outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      outgoing.off("drain", end).off("close", end);
      resolve();
    };
    outgoing.on("drain", end).on("close", end);
  });
}
