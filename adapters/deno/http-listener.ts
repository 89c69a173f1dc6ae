import { formatAddress } from "../../src/config/address.ts";
import type { Address } from "../../src/config/config.ts";
import { BindError } from "../../src/errors.ts";
import type { HttpListener, HttpListenerOptions } from "../node/http-listener.ts";
import { checkTls } from "./pem.ts";
import { DenoServer } from "./server.ts";

/** How often a listener that waits for its port looks whether it is free, in milliseconds. */
const RETRY_MS = 5;
/** From then on that it does not get it back it is worth a log line. */
const LATE_MS = 1_000;

/** Ports of servers that were told to stop: it takes them a moment to be free. */
const leaving = new Set<number>();

/**
 * Opens a listener with Deno.serve. That has no limit for connections, and waits for the headers of a request as long
 * as the client likes; a body that is not there within `requestTimeoutMs` is answered with 408.
 * @throws {BindError} naming the address.
 * @throws {ConfigError} when the PEM is not one.
 */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const { name, address, tlsPem } = options;
  if (tlsPem !== undefined) checkTls(name, tlsPem);
  const since = performance.now();
  for (;;) {
    try {
      return new Listening(options, new DenoServer(options, address, tlsPem));
    } catch (cause) {
      const soonFree = leaving.has(address.port) && performance.now() - since < LATE_MS;
      if (soonFree && cause instanceof Deno.errors.AddrInUse) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      throw new BindError(name, formatAddress(address), { cause });
    }
  }
}

class Listening implements HttpListener {
  readonly address: Address;
  readonly #options: HttpListenerOptions;
  /** Servers that answer what they have in flight. */
  readonly #ending = new Set<DenoServer>();
  #pem: string | undefined;
  /** Undefined while the listener waits for its port. */
  #server: DenoServer | undefined;
  #stopped: Promise<unknown> | undefined;

  constructor(options: HttpListenerOptions, server: DenoServer) {
    this.address = server.address;
    this.#options = options;
    this.#pem = options.tlsPem;
    this.#server = server;
  }

  /** Deno.serve keeps its certificate, so the port is closed and opened again: for a moment it refuses connections. */
  setTls(pem: string): void {
    if (pem === this.#pem) return;
    checkTls(this.#options.name, pem);
    this.#pem = pem;
    if (this.#server === undefined) return;
    void this.#end(this.#server);
    this.#reopen(performance.now());
  }

  async stopAccepting(): Promise<void> {
    if (this.#stopped === undefined) {
      if (this.#server !== undefined) void this.#end(this.#server);
      this.#stopped = Promise.all([...this.#ending].map(({ ended }) => ended));
    }
    await this.#stopped;
  }

  async close(): Promise<void> {
    const stopped = this.stopAccepting();
    for (const server of this.#ending) server.abandon();
    await stopped;
  }

  async #end(server: DenoServer): Promise<void> {
    const { port } = this.address;
    this.#server = undefined;
    this.#ending.add(server);
    leaving.add(port);
    server.shutdown();
    await server.ended;
    leaving.delete(port);
    this.#ending.delete(server);
  }

  #reopen(since: number): void {
    if (this.#stopped !== undefined) return;
    try {
      this.#server = new DenoServer(this.#options, this.address, this.#pem);
    } catch (error) {
      if (performance.now() - since > LATE_MS) {
        const { name, log } = this.#options;
        log.throttled("error", "listener-error", { listener: name, error: (error as Error).message }, name);
      }
      setTimeout(() => this.#reopen(since), RETRY_MS);
    }
  }
}
