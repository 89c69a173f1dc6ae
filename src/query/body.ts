import { joinBytes } from "../write/join-bytes.ts";
import type { AnswerBody } from "./query.ts";

/**
 * Reads a body whole; undefined if it has more than so many bytes, and the rest is not read.
 * @throws {TransportError} when it breaks off.
 */
export async function readWhole(body: AnswerBody, maxBytes: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await body.read();
    if (piece === undefined) break;
    length += piece.byteLength;
    if (length > maxBytes) {
      body.cancel();
      return undefined;
    }
    pieces.push(piece);
  }
  return joinBytes(pieces);
}

/** Bytes as a body. */
export function bytesBody(bytes: Uint8Array): AnswerBody {
  let left: Uint8Array | undefined = bytes.byteLength > 0 ? bytes : undefined;
  return {
    async read() {
      const piece = left;
      left = undefined;
      return piece;
    },
    cancel() {
      left = undefined;
    },
  };
}

/** A body for a web-standard Response. */
export function streamOf(body: AnswerBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = await body.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece as Uint8Array<ArrayBuffer>);
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  );
}
