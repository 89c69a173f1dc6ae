import { TransportError } from "../../src/errors.ts";
import type { Clock, HttpClient, HttpClientOptions, HttpRequest } from "../../src/platform.ts";

/** The runtime lets an object have so many connections at a time; the next ones wait without a limit of time. */
const MAX_CONNECTIONS = 6;
/** On the free plan an event may send 50 requests. */
const REQUESTS_AN_EVENT = 45;

/** Bounds the requests that an object has in flight, and those that it sends for one event. */
export class ObjectConnections {
  readonly #clock: Clock;
  readonly #onExhausted: () => void;
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #left = REQUESTS_AN_EVENT;

  /** `onExhausted` is called when only another event lets more requests out. */
  constructor(clock: Clock, onExhausted: () => void) {
    this.#clock = clock;
    this.#onExhausted = onExhausted;
  }

  get exhausted(): boolean {
    return this.#left === 0;
  }

  /** Another event has begun. */
  refill(): void {
    this.#left = REQUESTS_AN_EVENT;
    this.#next();
  }

  /** `openHttp` of a platform, bounded. */
  bound(openHttp: (options: HttpClientOptions) => HttpClient): (options: HttpClientOptions) => HttpClient {
    return (options) => {
      const client = openHttp(options);
      return {
        send: async (request) => {
          const timeoutMs = await this.#take(request);
          try {
            return await client.send({ ...request, timeoutMs });
          } finally {
            this.#inFlight--;
            this.#next();
          }
        },
        // No object streams: it delivers writes and statements, whose answers are small.
        stream: (request) => client.stream(request),
        close: () => client.close(),
      };
    };
  }

  /** Resolves, when it is the request's turn, with the time that it has left. */
  #take({ timeoutMs }: HttpRequest): Promise<number> {
    if (this.#isFree()) {
      this.#count();
      return Promise.resolve(timeoutMs);
    }
    const since = this.#clock.monotonic();
    return new Promise((resolve, reject) => {
      const go = () => {
        timer.cancel();
        this.#count();
        resolve(Math.max(1, timeoutMs - (this.#clock.monotonic() - since)));
      };
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiting.delete(go);
        reject(new TransportError("timeout", false, "no free connection in time"));
      });
      this.#waiting.add(go);
    });
  }

  #isFree(): boolean {
    return this.#inFlight < MAX_CONNECTIONS && this.#left > 0;
  }

  #count(): void {
    this.#inFlight++;
    if (--this.#left === 0) this.#onExhausted();
  }

  #next(): void {
    for (const go of this.#waiting) {
      if (!this.#isFree()) return;
      this.#waiting.delete(go);
      go();
    }
  }
}
