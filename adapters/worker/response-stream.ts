import type { Context } from "hono";
import type { AnswerBody } from "../../src/query/query.ts";

/**
 * What ends an answer that broke off, by its content type, so that no reader takes it for whole. workerd ends a response
 * whose stream fails like any other (measured). InfluxDB's clients take the document with `error` for what it is if the
 * answer broke off between two documents of `chunked`; inside of one it is no JSON any more, and 0xc1 is never MessagePack.
 */
const BROKEN_OFF = "the server's answer broke off";
const MSGPACK_NEVER = Uint8Array.of(0xc1);

/** Of a failing stream, as a last piece. */
function mark(contentType: string): Uint8Array {
  if (contentType.includes("msgpack")) return MSGPACK_NEVER;
  const text = contentType.includes("csv") ? `\n\nerror\n${BROKEN_OFF}\n` : `\n{"error":"${BROKEN_OFF}"}\n`;
  return new TextEncoder().encode(text);
}

/** A web-standard response. Its length is left to the runtime, which also packs anew what it has unpacked. */
export function stream(
  _c: Context,
  status: number,
  headers: Record<string, string>,
  body: AnswerBody,
): Response {
  const init = { status, headers: new Headers(headers) };
  init.headers.delete("content-length");
  if (status === 204 || status === 304) {
    body.cancel();
    return new Response(null, init);
  }
  const contentType = init.headers.get("content-type") ?? "";
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = await body.read();
          if (piece === undefined) controller.close();
          else controller.enqueue(piece);
        } catch {
          controller.enqueue(mark(contentType));
          controller.close();
        }
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  );
  return new Response(readable, init);
}
