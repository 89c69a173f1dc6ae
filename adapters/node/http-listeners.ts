import { readFileSync } from "node:fs";
import { createApp } from "../../src/app.ts";
import { formatAddress } from "../../src/config/address.ts";
import type { Config, HttpListenerConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors.ts";
import type { AppListener } from "../../src/http/listener.ts";
import type { Platform } from "../../src/platform.ts";
import type { Relay } from "../../src/relay.ts";
import type { HttpServer } from "./host.ts";
import type { HttpListener } from "./http-listener.ts";

type QueryPassThrough = NonNullable<AppListener["queryPassThrough"]>;
type Fetch = ReturnType<typeof createApp>["fetch"];

interface Open {
  /** What cannot change without listening anew. */
  readonly signature: string;
  readonly socket: HttpListener;
  fetch: Fetch;
}

/** The HTTP listeners of a relay: opened, changed and closed as the config says. */
export class HttpListeners {
  readonly #relay: Relay;
  readonly #platform: Platform;
  readonly #server: HttpServer;
  readonly #query: QueryPassThrough | undefined;
  #open = new Map<string, Open>();
  /** Listeners that left the config and still answer what they had taken. */
  readonly #leaving = new Set<HttpListener>();

  constructor(relay: Relay, platform: Platform, server: HttpServer, query?: QueryPassThrough) {
    this.#relay = relay;
    this.#platform = platform;
    this.#server = server;
    this.#query = query;
  }

  /** @throws {ConfigError} when a certificate that the config names cannot be used. */
  check(config: Config): void {
    for (const http of config.http) {
      const pem = readPem(http);
      if (pem !== undefined) this.#server.checkTls(http.name, pem);
    }
  }

  /**
   * Listens where the config says. A listener that stays keeps its connections.
   * @throws {BindError} when an address cannot be bound; the listeners before it are open.
   */
  async apply(config: Config): Promise<void> {
    const before = this.#open;
    this.#open = new Map();
    for (const [name, open] of before) {
      const stays = config.http.some((http) => http.name === name && signatureOf(http) === open.signature);
      if (stays) this.#open.set(name, open);
      else this.#leave(open.socket);
    }
    for (const http of config.http) {
      const open = this.#open.get(http.name);
      if (open === undefined) await this.#start(http);
      else this.#change(open, http);
    }
  }

  /** Stops accepting, and after at most `withinMs` milliseconds cuts what is still open. */
  async close(withinMs: number): Promise<void> {
    const sockets = [...this.#leaving, ...[...this.#open.values()].map(({ socket }) => socket)];
    const closed = Promise.all(sockets.map((socket) => socket.stopAccepting()));
    const timer = setTimeout(() => sockets.forEach((socket) => void socket.close()), withinMs);
    await closed;
    clearTimeout(timer);
  }

  #leave(socket: HttpListener): void {
    this.#leaving.add(socket);
    void socket.stopAccepting().then(() => this.#leaving.delete(socket));
  }

  async #start(http: HttpListenerConfig): Promise<void> {
    const listener = this.#listener(http);
    const tlsPem = readPem(http);
    const open: { fetch: Fetch } = { fetch: this.#app(listener) };
    const socket = await this.#server.start({
      name: `[[http]] ${http.name}`,
      fetch: (request, env, context) => open.fetch(request, env, context),
      address: http.bindAddr,
      ...(tlsPem === undefined ? {} : { tlsPem }),
      maxConnections: http.maxConnections,
      requestTimeoutMs: http.requestTimeoutMs,
      reusePort: http.reusePort,
      log: this.#relay.log,
      counters: listener.counters,
    });
    this.#open.set(http.name, Object.assign(open, { signature: signatureOf(http), socket }));
    this.#relay.log.info("listening", {
      listener: http.name,
      protocol: tlsPem === undefined ? "http" : "https",
      address: formatAddress(socket.address),
    });
  }

  #change(open: Open, http: HttpListenerConfig): void {
    const pem = readPem(http);
    if (pem !== undefined) open.socket.setTls(pem);
    open.fetch = this.#app(this.#listener(http));
  }

  #listener({ name }: HttpListenerConfig): AppListener {
    const listener = this.#relay.listener(name);
    return this.#query === undefined ? listener : { ...listener, queryPassThrough: this.#query };
  }

  #app(listener: AppListener): Fetch {
    const { readBody, clientAddress } = this.#server;
    return createApp(listener, { readBody, clientAddress, platform: this.#platform }).fetch;
  }
}

function signatureOf({
  bindAddr,
  sslCombinedPem,
  maxConnections,
  requestTimeoutMs,
  reusePort,
}: HttpListenerConfig): string {
  return JSON.stringify([
    bindAddr,
    sslCombinedPem !== undefined,
    maxConnections,
    requestTimeoutMs,
    reusePort,
  ]);
}

function readPem({ name, sslCombinedPem: path }: HttpListenerConfig): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`[[http]] ${name}`, [
      { path: "ssl-combined-pem", message: `cannot be read: ${reason}` },
    ]);
  }
}
