import { Client } from "undici";
import { TransportError } from "../../src/errors.ts";
import type {
  HttpAnswer,
  HttpClient,
  HttpClientOptions,
  HttpRequest,
  HttpStream,
  HttpStreamRequest,
} from "../../src/platform.ts";
import type { Exchange, ExchangeOwner, Slot } from "./http-exchange.ts";
import { StreamedExchange } from "./http-stream.ts";
import { WholeExchange } from "./http-whole.ts";
import { secureContext } from "./tls-files.ts";

/**
 * An idle connection is kept this long, in milliseconds, unless the server's Keep-Alive header says less. Longer
 * than the usual 10 s between two flushes of an agent; influxd itself closes no idle connection.
 */
const KEEP_ALIVE_MS = 30_000;

/**
 * Keep-alive connections by undici. Its `Client` is one connection; they are pooled here because undici's `Pool`
 * forgets a client whose connect failed while it still serves requests: the cap does not hold then, and `destroy`
 * misses it. TLS material that cannot be used throws here, at once.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new UndiciHttpClient(options);
}

class UndiciHttpClient implements HttpClient, ExchangeOwner {
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
      this.#connect = {
        timeout: options.connectTimeoutMs,
        secureContext: secureContext(options.tls),
        // Always given, or NODE_TLS_REJECT_UNAUTHORIZED would decide.
        rejectUnauthorized: !options.tls.skipVerification,
      };
    }
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(closed());
      else this.#begin(new WholeExchange(request, this, resolve, reject));
    });
  }

  stream(request: HttpStreamRequest): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      if (this.#closed || request.signal?.aborted) reject(closed());
      else this.#begin(new StreamedExchange(request, this, resolve, reject));
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

  #begin(exchange: Exchange): void {
    this.#live.add(exchange);
    const slot = this.#free.pop() ?? this.#newSlot();
    if (slot === undefined) this.#waiting.push(exchange);
    else exchange.start(slot);
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

function closed(): TransportError {
  return new TransportError("closed", false, "client closed");
}
