import { TransportError, type TransportFailure } from "../../src/errors.ts";
import type {
  HttpAnswer,
  HttpClient,
  HttpClientOptions,
  HttpRequest,
  HttpStream,
  HttpStreamRequest,
} from "../../src/platform.ts";

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
 * HTTP by the runtime's fetch. It keeps no connection and no promise beyond one request, so that requests can share
 * it; how many connections there are is the runtime's business.
 */
export function createHttpClient({ origin }: HttpClientOptions): HttpClient {
  return {
    send: (request) => send(origin, request),
    stream: (request) => stream(origin, request),
    close: async () => {},
  };
}

async function send(origin: string, request: HttpRequest): Promise<HttpAnswer> {
  const { timeoutMs, maxAnswerBytes } = request;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), timeoutMs);
  try {
    const response = await ask(origin, request, giveUp.signal);
    const body = await readAtMost(response.body, maxAnswerBytes);
    return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
  } catch (error) {
    throw transportError(error, giveUp.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

async function stream(origin: string, request: HttpStreamRequest): Promise<HttpStream> {
  const { timeoutMs, idleTimeoutMs, signal } = request;
  const giveUp = new AbortController();
  const abort = () => giveUp.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    abort();
  };
  const timer = setTimeout(expire, timeoutMs);
  try {
    const { status, headers, body } = await ask(origin, request, giveUp.signal);
    const pieces = body === null ? new Blob([]).stream() : timed(body, idleTimeoutMs, expire, () => timedOut);
    return { status, header: (name) => headers.get(name) ?? undefined, headers, body: pieces };
  } catch (error) {
    if (giveUp.signal.aborted && !timedOut) throw new TransportError("closed", true, "given up");
    throw transportError(error, timedOut);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws {TransportError} when Cloudflare itself says that there is no answer; whatever fetch throws. */
async function ask(
  origin: string,
  { method, path, headers, body }: HttpRequest | HttpStreamRequest,
  signal: AbortSignal,
): Promise<Response> {
  const response = await fetch(origin + path, {
    method,
    headers,
    ...(body !== undefined && { body: body instanceof Uint8Array ? body : new Blob([...body]) }),
    redirect: "manual",
    signal,
  });
  const failure = NO_ANSWER[response.status];
  if (failure === undefined) return response;
  void response.body?.cancel();
  throw new TransportError(...failure, `Cloudflare got no answer (${response.status})`);
}

/** Calls `expire`, which makes `body` fail, when it keeps a reader waiting for too long. */
function timed(
  body: ReadableStream<Uint8Array>,
  idleMs: number,
  expire: () => void,
  timedOut: () => boolean,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const timer = setTimeout(expire, idleMs);
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        throw transportError(error, timedOut());
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
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
function transportError(error: unknown, timedOut: boolean): TransportError {
  if (error instanceof TransportError) return error;
  return timedOut
    ? new TransportError("timeout", true, "no answer in time")
    : new TransportError("reset", true, "no connection, or no answer");
}
