import type { TransportError } from "../../src/errors.ts";
import type { HttpAnswer, HttpRequest } from "../../src/platform.ts";
import { Exchange, type ExchangeOwner, rawHeader } from "./http-exchange.ts";

const EMPTY = new Uint8Array(0);

/** An exchange whose answer is read whole. */
export class WholeExchange extends Exchange {
  readonly #maxBytes: number;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: TransportError) => void;
  #status = 0;
  #rawHeaders: Buffer[] = [];
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(
    request: HttpRequest,
    owner: ExchangeOwner,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: TransportError) => void,
  ) {
    super(request, owner);
    this.#maxBytes = request.maxAnswerBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onHeaders(status: number, rawHeaders: Buffer[]): boolean {
    this.#status = status;
    this.#rawHeaders = rawHeaders;
    return true;
  }

  onData(chunk: Buffer): boolean {
    const room = this.#maxBytes - this.#size;
    if (chunk.byteLength > room) {
      this.#chunks.push(chunk.subarray(0, room));
      this.completed();
      this.cut();
      return true;
    }
    this.#size += chunk.byteLength;
    this.#chunks.push(chunk);
    return true;
  }

  protected override completed(): void {
    if (this.settle()) this.#resolve(new Answer(this.#status, this.#rawHeaders, join(this.#chunks)));
  }

  protected override failed(error: TransportError): void {
    this.#reject(error);
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
    return rawHeader(this.#rawHeaders, name);
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length <= 1) return chunks[0] ?? EMPTY;
  return Buffer.concat(chunks);
}
