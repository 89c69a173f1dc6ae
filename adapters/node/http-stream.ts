import type { TransportError } from "../../src/errors.ts";
import type { HttpStream, HttpStreamRequest } from "../../src/platform.ts";
import { Exchange, type ExchangeOwner, rawHeader } from "./http-exchange.ts";

/** So much of an answer is read ahead of who reads it, in bytes. */
const READ_AHEAD_BYTES = 256 * 1024;

/** An exchange whose answer is given on piece by piece, no faster than it is read. */
export class StreamedExchange extends Exchange {
  readonly #idleMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#giveUp();
  readonly #resolve: (stream: HttpStream) => void;
  readonly #reject: (error: TransportError) => void;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #resume: (() => void) | undefined;
  #paused = false;

  constructor(
    request: HttpStreamRequest,
    owner: ExchangeOwner,
    resolve: (stream: HttpStream) => void,
    reject: (error: TransportError) => void,
  ) {
    super(request, owner);
    this.#idleMs = request.idleTimeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = request.signal;
    this.#signal?.addEventListener("abort", this.#onAbort);
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    // An informational answer comes before the real one.
    if (status < 200) return true;
    this.inTime();
    this.#resume = resume;
    this.#idle = setTimeout(() => {
      // Who does not read makes nobody wait.
      if (!this.#paused) this.fail("timeout", "the answer stopped coming");
    }, this.#idleMs);
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: () => this.#goOn(),
        cancel: () => this.#giveUp(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES }),
    );
    this.#resolve(new Stream(status, rawHeaders, body));
    return true;
  }

  onData(chunk: Buffer): boolean {
    const body = this.#body as ReadableStreamDefaultController<Uint8Array>;
    if (body.desiredSize === null) return true;
    body.enqueue(chunk);
    this.#idle?.refresh();
    this.#paused = (body.desiredSize ?? 0) <= 0;
    return !this.#paused;
  }

  protected override completed(): void {
    if (!this.settle()) return;
    this.#end();
    this.#body?.close();
  }

  protected override failed(error: TransportError): void {
    this.#end();
    if (this.#body === undefined) this.#reject(error);
    else this.#body.error(error);
  }

  #goOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#idle?.refresh();
    this.#resume?.();
  }

  /** Nobody wants the answer any more. */
  #giveUp(): void {
    this.fail("closed", "given up");
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

class Stream implements HttpStream {
  readonly status: number;
  readonly body: ReadableStream<Uint8Array>;
  readonly #rawHeaders: readonly Buffer[];

  constructor(status: number, rawHeaders: readonly Buffer[], body: ReadableStream<Uint8Array>) {
    this.status = status;
    this.body = body;
    this.#rawHeaders = rawHeaders;
  }

  header(name: string): string | undefined {
    return rawHeader(this.#rawHeaders, name);
  }

  get headers(): (readonly [string, string])[] {
    const pairs: (readonly [string, string])[] = [];
    for (let i = 0; i + 1 < this.#rawHeaders.length; i += 2) {
      const [name, value] = [this.#rawHeaders[i] as Buffer, this.#rawHeaders[i + 1] as Buffer];
      pairs.push([name.toString("latin1"), value.toString("latin1")]);
    }
    return pairs;
  }
}
