import { TransportError, type TransportFailure } from "../../src/errors.ts";
import type { HttpAnswer, HttpClient, HttpClientOptions, HttpRequest } from "../../src/platform.ts";

/**
 * With these statuses Cloudflare itself answers in place of a server that it did not get an answer from (its "5xx
 * errors"; InfluxDB has none of them): the failure, and whether the server may have acted on the request.
 */
const NO_ANSWER: Readonly<Record<number, readonly [TransportFailure, boolean]>> = {
  520: ["reset", true],
  521: ["refused", false],
  522: ["timeout", true],
  523: ["refused", false],
  524: ["timeout", true],
  525: ["tls", false],
  526: ["tls", false],
  530: ["dns", false],
};

/**
 * HTTP by the runtime's fetch. It keeps no connection and no promise beyond one `send`, so that requests can share
 * it; how many connections there are is the runtime's business.
 */
export function createHttpClient({ origin }: HttpClientOptions): HttpClient {
  return { send: (request) => send(origin, request), close: async () => {} };
}

async function send(origin: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method, path, headers, body, timeoutMs, maxAnswerBytes } = request;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), timeoutMs);
  try {
    const response = await fetch(origin + path, {
      method,
      headers,
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : new Blob([...body]) }),
      redirect: "manual",
      signal: giveUp.signal,
    });
    const failure = NO_ANSWER[response.status];
    if (failure !== undefined) {
      void response.body?.cancel();
      throw new TransportError(...failure, `Cloudflare got no answer (${response.status})`);
    }
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: await readAtMost(response.body, maxAnswerBytes),
    };
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw transportError(giveUp.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

async function readAtMost(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array(0);
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  const reader = stream.getReader();
  while (length < maxBytes) {
    const { done, value } = await reader.read();
    if (done) return bytes.slice(0, length);
    const taken = value.subarray(0, maxBytes - length);
    bytes.set(taken, length);
    length += taken.byteLength;
  }
  await reader.cancel();
  return bytes;
}

/**
 * The runtime tells neither a refused connection from one that broke later, nor a name that is not found or a wrong
 * certificate from an answer that is not HTTP: the outcome is never known.
 */
function transportError(timedOut: boolean): TransportError {
  return timedOut
    ? new TransportError("timeout", true, "no answer in time")
    : new TransportError("reset", true, "no connection, or no answer");
}
