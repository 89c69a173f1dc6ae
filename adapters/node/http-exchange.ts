import type { Client, Dispatcher } from "undici";
import { TransportError, type TransportFailure } from "../../src/errors.ts";
import { isReset, transportError } from "./transport-failure.ts";

/** One connection. */
export interface Slot {
  readonly client: Client;
  /** True when the open connection has carried a whole exchange. */
  used: boolean;
}

/** Whose connections an exchange uses. */
export interface ExchangeOwner {
  readonly secure: boolean;
  /** Its caller has been answered. */
  settled(exchange: Exchange): void;
  /** Its connection is free for the next one. */
  release(slot: Slot): void;
}

/** What is sent. */
interface Sent {
  readonly method: "GET" | "HEAD" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | readonly Uint8Array[];
  /** Until {@link Exchange.inTime} is called, in milliseconds. */
  readonly timeoutMs: number;
}

const GIVEN_UP = new Error("the request was given up before it was sent");

/**
 * One request and its answer, as undici's handler. The callbacks are those of undici's own handlers up to 7: its
 * newer interface parses every header of every answer, some 2 of the 30 microseconds that a request costs.
 */
export abstract class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: Sent;
  readonly #owner: ExchangeOwner;
  readonly #timer: NodeJS.Timeout;
  #slot: Slot | undefined;
  #abort: (() => void) | undefined;
  #settled = false;
  #written = false;
  #answering = false;
  #retried = false;

  constructor(request: Sent, owner: ExchangeOwner) {
    this.#request = request;
    this.#owner = owner;
    this.#timer = setTimeout(() => {
      this.fail("timeout", this.#written ? "no answer in time" : "no connection in time");
    }, request.timeoutMs);
  }

  /** The caller is told that there is no complete answer. */
  protected abstract failed(error: TransportError): void;
  abstract onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean;
  abstract onData(chunk: Buffer): boolean;
  /** The answer is complete. */
  protected abstract completed(): void;

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
  fail(failure: TransportFailure, message: string): void {
    if (!this.settle()) return;
    this.failed(new TransportError(failure, this.#written || this.#retried, message));
    this.cut();
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

  onComplete(): void {
    this.completed();
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
    if (this.settle()) {
      const progress = { written: this.#written, retried: this.#retried, secure: this.#owner.secure };
      this.failed(transportError(error, progress));
    }
    this.#owner.release(slot);
  }

  /** The time limit of the request is kept. */
  protected inTime(): void {
    clearTimeout(this.#timer);
  }

  /** Nothing more can be told to the caller. False if that was so before. */
  protected settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.inTime();
    this.#owner.settled(this);
    return true;
  }

  /** Closes the connection, if this exchange has one. */
  protected cut(): void {
    this.#abort?.();
  }

  /**
   * True when a server most likely closed its idle connection at the moment the request was sent. That is tried
   * once more, on a new connection, which undici opens for this slot by itself: writing the same points twice
   * changes nothing.
   */
  #isStale(error: Error, slot: Slot): boolean {
    return !this.#settled && this.#written && slot.used && !this.#answering && isReset(error);
  }
}

/** The first value of a header, by lower-case name, in the pairs that undici gives. */
export function rawHeader(rawHeaders: readonly Buffer[], name: string): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const key = rawHeaders[i] as Buffer;
    if (key.byteLength === name.length && key.toString("latin1").toLowerCase() === name) {
      return (rawHeaders[i + 1] as Buffer).toString("latin1");
    }
  }
  return undefined;
}
