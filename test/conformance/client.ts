import { type IncomingHttpHeaders, request } from "node:http";

/** A request as it goes out: with these headers, and nothing that a client library adds. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Does not say how long the body is. */
  readonly chunked?: boolean;
}

/** An answer as it came: nothing followed, nothing unpacked. */
export interface Answer {
  readonly status: number;
  /** By lower-case name; each character is one byte. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly text: string;
}

/** Sends a request, on a connection of its own. POST if it has a body, else GET. */
export function send(
  url: string,
  { method, headers = {}, body, chunked = false }: Sent = {},
): Promise<Answer> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const length = bytes === undefined || chunked ? {} : { "Content-Length": bytes.length };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent: false,
        method: method ?? (bytes === undefined ? "GET" : "POST"),
        headers: { ...length, ...headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const all = Buffer.concat(chunks);
          const { statusCode: status = 0, headers } = incoming;
          resolve({ status, headers, body: all, text: all.toString() });
        });
      },
    );
    outgoing.on("error", reject);
    if (chunked && bytes !== undefined) outgoing.write(bytes);
    outgoing.end(chunked ? undefined : bytes);
  });
}
