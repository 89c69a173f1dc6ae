import { joinBytes } from "../write/join-bytes.ts";

/** A request body as line protocol, or the answer that InfluxDB gives instead. */
export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly status: number; readonly message: string };

const TOO_LARGE: Body = { ok: false, status: 413, message: "Request Entity Too Large" };

/** Inflates a gzip body. Any other Content-Encoding is ignored, as InfluxDB does. */
export async function readBody(
  request: { readonly body: Uint8Array; header(name: string): string | undefined },
  maxBytes: number,
): Promise<Body> {
  if (request.body.length > maxBytes) return TOO_LARGE;
  if (request.header("content-encoding") !== "gzip") return { ok: true, bytes: request.body };
  if (request.body[0] !== 0x1f || request.body[1] !== 0x8b) {
    return {
      ok: false,
      status: 400,
      message: request.body.length < 10 ? "unexpected EOF" : "gzip: invalid header",
    };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const packed = new Blob([request.body as Uint8Array<ArrayBuffer>]).stream();
    for await (const chunk of packed.pipeThrough(new DecompressionStream("gzip"))) {
      length += chunk.length;
      if (length > maxBytes) return TOO_LARGE;
      chunks.push(chunk);
    }
  } catch {
    return { ok: false, status: 400, message: "unexpected EOF" };
  }
  return { ok: true, bytes: joinBytes(chunks) };
}
