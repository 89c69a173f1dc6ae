import type { OutputConfig } from "../config/config.ts";
import type { HttpClient, HttpStream, Platform } from "../platform.ts";
import type { Credentials } from "../writer.ts";
import { basePath, httpOptions } from "./http-options.ts";

/** What one backend is asked. */
export interface Question {
  readonly method: "GET" | "POST";
  /** Path and query below those of the output, percent-encoded. */
  readonly path: string;
  /** Beside Authorization. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The client's. */
  readonly credentials: Credentials | undefined;
  /** Until the answer begins, and between two pieces of it, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The answer of a backend while it comes. Whoever has it reads it to its end or cancels it. */
export interface RunningAnswer {
  readonly head: Pick<HttpStream, "status" | "header" | "headers">;
  /** The next piece; undefined at the end. Rejects with a TransportError when the answer breaks off. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends the query at the backend too. */
  cancel(): void;
}

/**
 * One backend's side of queries: connections of their own, so that slow readers of answers hold up no write, and a
 * limit for how many run at a time.
 */
export class QueryClient {
  /** Queries whose answer has not ended. */
  running = 0;
  /** Queries that were sent. */
  asked = 0;
  #output: OutputConfig;
  #http: HttpClient;
  readonly #platform: Platform;
  /** Clients from before a change of options, which end what they began. */
  readonly #retired: HttpClient[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(output: OutputConfig, platform: Platform) {
    this.#output = output;
    this.#platform = platform;
    this.#http = this.#open();
  }

  /** False if it answers none and executes no statements: it is written to by the 2.x API. */
  get hasInfluxql(): boolean {
    return this.#output.v2 === undefined;
  }

  /** How much of the queries it gets, beside the others; 0 for none. */
  get weight(): number {
    return this.#output.weight;
  }

  get maxRunning(): number {
    return this.#output.maxConcurrentQueries;
  }

  /** True if it may be asked now. */
  get free(): boolean {
    return this.running < this.maxRunning;
  }

  /** Resolves when it may be asked again, which somebody else may do first, or when the signal aborts. */
  freed(signal: AbortSignal): Promise<void> {
    if (this.free || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#waiting.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      this.#waiting.add(end);
      signal.addEventListener("abort", end);
    });
  }

  /** @throws {TransportError} when no answer begins. */
  async ask(question: Question): Promise<RunningAnswer> {
    const { method, path, body, credentials, timeoutMs, signal, headers } = question;
    const authorization = this.#output.authorization?.reveal() ?? credentials?.authorization;
    const end = this.#begin(signal);
    try {
      const stream = await this.#http.stream({
        method,
        path: basePath(this.#output) + path,
        headers: authorization === undefined ? headers : { ...headers, authorization },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
        idleTimeoutMs: timeoutMs,
        signal,
      });
      return running(stream, end);
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Takes over changed options. What runs ends as it began. */
  reconfigure(output: OutputConfig): void {
    this.#retired.push(this.#http);
    this.#output = output;
    this.#http = this.#open();
    if (this.running === 0) this.#closeRetired();
  }

  /** Aborts what runs. */
  async close(): Promise<void> {
    await Promise.all([this.#http, ...this.#retired].map((http) => http.close()));
  }

  #open(): HttpClient {
    return this.#platform.openHttp(httpOptions(this.#output, this.maxRunning, this.#platform));
  }

  /** Counts a query in; the function that it returns counts it out, once. An aborted one ends, whoever has its answer. */
  #begin(signal: AbortSignal): () => void {
    this.running++;
    this.asked++;
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      signal.removeEventListener("abort", end);
      this.running--;
      if (this.running === 0) this.#closeRetired();
      this.#waiting.values().next().value?.();
    };
    signal.addEventListener("abort", end);
    return end;
  }

  #closeRetired(): void {
    for (const http of this.#retired.splice(0)) void http.close();
  }
}

function running(stream: HttpStream, end: () => void): RunningAnswer {
  const reader = stream.body.getReader();
  return {
    head: stream,
    async read() {
      try {
        const { done, value } = await reader.read();
        if (done) end();
        return value;
      } catch (error) {
        end();
        throw error;
      }
    },
    cancel() {
      end();
      reader.cancel().catch(() => undefined);
    },
  };
}
