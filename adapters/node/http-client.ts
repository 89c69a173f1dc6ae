import { createSecureContext } from "node:tls";
import { Client, type Dispatcher } from "undici";
import { TransportError } from "../../src/errors.ts";
import type { HttpAnswer, HttpClient, HttpClientOptions, HttpRequest } from "../../src/platform.ts";
import { isReset, transportError } from "./transport-failure.ts";

/**
 * An idle connection is kept this long, in milliseconds, unless the server's Keep-Alive header says less. Longer
 * than the usual 10 s between two flushes of an agent; influxd itself closes no idle connection.
 */
const KEEP_ALIVE_MS = 30_000;

const EMPTY = new Uint8Array(0);
const GIVEN_UP = new Error("the request was given up before it was sent");

/** One connection. */
interface Slot {
  readonly client: Client;
  /** True when the open connection has carried a whole exchange. */
  used: boolean;
}

/**
 * Keep-alive connections by undici. Its `Client` is one connection; they are pooled here because undici's `Pool`
 * forgets a client whose connect failed while it still serves requests: the cap does not hold then, and `destroy`
 * misses it. TLS material that cannot be used throws here, at once.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new UndiciHttpClient(options);
}

class UndiciHttpClient implements HttpClient {
  readonly secure: boolean;
  readonly #options: HttpClientOptions;
  readonly #connect: NonNullable<Client.Options["connect"]>;
  readonly #slots: Slot[] = [];
  /** Used as a stack, so that few connections stay warm rather than many lukewarm. */
  readonly #free: Slot[] = [];
  readonly #waiting: Exchange[] = [];
  readonly #live = new Set<Exchange>();
  #closed = false;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.secure = options.origin.startsWith("https:");
    this.#connect = { timeout: options.connectTimeoutMs };
    if (this.secure) {
      const { ca, cert, key, skipVerification } = options.tls;
      this.#connect = {
        timeout: options.connectTimeoutMs,
        secureContext: createSecureContext({ ca, cert, key }),
        // Always given, or NODE_TLS_REJECT_UNAUTHORIZED would decide.
        rejectUnauthorized: !skipVerification,
      };
    }
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    if (this.#closed) return Promise.reject(new TransportError("closed", false, "client closed"));
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request, this, resolve, reject);
      this.#live.add(exchange);
      const slot = this.#free.pop() ?? this.#newSlot();
      if (slot === undefined) this.#waiting.push(exchange);
      else exchange.start(slot);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const exchange of [...this.#live]) exchange.fail("closed", "client closed");
    await Promise.all(this.#slots.map(({ client }) => client.destroy()));
  }

  settled(exchange: Exchange): void {
    this.#live.delete(exchange);
  }

  release(slot: Slot): void {
    const next = this.#waiting.shift();
    // Not in undici's call: it asserts that its queue is empty after it failed what was in it.
    if (next !== undefined) queueMicrotask(() => next.start(slot));
    else this.#free.push(slot);
  }

  #newSlot(): Slot | undefined {
    if (this.#slots.length >= this.#options.connections) return undefined;
    const client = new Client(this.#options.origin, {
      connect: this.#connect,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // One timer over the whole exchange instead.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const slot: Slot = { client, used: false };
    client.on("disconnect", () => {
      slot.used = false;
    });
    this.#slots.push(slot);
    return slot;
  }
}

/**
 * One request and its answer, as undici's handler. The callbacks are those of undici's own handlers up to 7: its
 * newer interface parses every header of every answer, some 2 of the 30 microseconds that a request costs.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #owner: UndiciHttpClient;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: TransportError) => void;
  readonly #timer: NodeJS.Timeout;
  #slot: Slot | undefined;
  #abort: (() => void) | undefined;
  #settled = false;
  #written = false;
  #answering = false;
  #retried = false;
  #status = 0;
  #rawHeaders: Buffer[] = [];
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(
    request: HttpRequest,
    owner: UndiciHttpClient,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#request = request;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => {
      this.fail("timeout", this.#written ? "no answer in time" : "no connection in time");
    }, request.timeoutMs);
  }

  start(slot: Slot): void {
    this.#slot = slot;
    const { method, path, headers, body } = this.#request;
    if (!Array.isArray(body)) {
      slot.client.dispatch({ method, path, headers, body: (body as Uint8Array | undefined) ?? null }, this);
      return;
    }
    const pieces = body as readonly Uint8Array[];
    const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const all = { ...headers, "content-length": String(length) };
    // undici takes any iterable; its types do not say so.
    slot.client.dispatch({ method, path, headers: all, body: pieces as unknown as Buffer }, this);
  }

  /** Gives up. The connection is closed if it carries this request. */
  fail(failure: "timeout" | "closed", message: string): void {
    if (!this.#settle()) return;
    this.#reject(new TransportError(failure, this.#written || this.#retried, message));
    this.#abort?.();
  }

  onConnect(abort: () => void): void {
    // undici takes a throw as: drop the request, keep the connection.
    if (this.#settled) throw GIVEN_UP;
    this.#abort = abort;
    this.#written = true;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onHeaders(status: number, rawHeaders: Buffer[]): boolean {
    this.#status = status;
    this.#rawHeaders = rawHeaders;
    return true;
  }

  onData(chunk: Buffer): boolean {
    const room = this.#request.maxAnswerBytes - this.#size;
    if (chunk.byteLength > room) {
      this.#chunks.push(chunk.subarray(0, room));
      this.#answer();
      this.#abort?.();
      return true;
    }
    this.#size += chunk.byteLength;
    this.#chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    this.#answer();
    const slot = this.#slot as Slot;
    slot.used = true;
    this.#owner.release(slot);
  }

  onError(error: Error): void {
    const slot = this.#slot as Slot;
    if (this.#isStale(error, slot)) {
      this.#retried = true;
      this.#written = false;
      queueMicrotask(() => this.start(slot));
      return;
    }
    if (this.#settle()) {
      this.#reject(
        transportError(error, {
          written: this.#written,
          retried: this.#retried,
          secure: this.#owner.secure,
        }),
      );
    }
    this.#owner.release(slot);
  }

  /**
   * True when a server most likely closed its idle connection at the moment the request was sent. That is tried
   * once more, on a new connection, which undici opens for this slot by itself: writing the same points twice
   * changes nothing.
   */
  #isStale(error: Error, slot: Slot): boolean {
    return this.#written && slot.used && !this.#answering && isReset(error);
  }

  #answer(): void {
    if (this.#settle()) this.#resolve(new Answer(this.#status, this.#rawHeaders, join(this.#chunks)));
  }

  /** False if the caller has been answered before. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#owner.settled(this);
    return true;
  }
}

class Answer implements HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly #rawHeaders: readonly Buffer[];

  constructor(status: number, rawHeaders: readonly Buffer[], body: Uint8Array) {
    this.status = status;
    this.body = body;
    this.#rawHeaders = rawHeaders;
  }

  header(name: string): string | undefined {
    for (let i = 0; i + 1 < this.#rawHeaders.length; i += 2) {
      const key = this.#rawHeaders[i] as Buffer;
      if (key.byteLength === name.length && key.toString("latin1").toLowerCase() === name) {
        return (this.#rawHeaders[i + 1] as Buffer).toString("latin1");
      }
    }
    return undefined;
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length <= 1) return chunks[0] ?? EMPTY;
  return Buffer.concat(chunks);
}
