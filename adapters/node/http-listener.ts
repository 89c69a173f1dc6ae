import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { formatAddress } from "../../src/config/address.ts";
import type { Address } from "../../src/config/config.ts";
import { BindError } from "../../src/errors.ts";
import type { HttpCounters } from "../../src/http/listener.ts";
import type { Log } from "../../src/observe/log.ts";
import { combinedPem } from "./combined-pem.ts";
import { limitConnections } from "./connection-limit.ts";
import { endGently } from "./linger.ts";
import { watchUnused } from "./unused-connections.ts";

/** Longer than load balancers keep idle connections (60 s), so that it is they who close them. */
const KEEP_ALIVE_MS = 75_000;
/** Headers have to be there within this time, however long a body may take. */
const MAX_HEADERS_MS = 60_000;
/** The host of a request that names none, as HTTP/1.0 allows and HAProxy's health checks do. Nothing depends on it. */
const NO_HOST = "localhost";
/** While it stops, a listener looks so often for connections that have become idle. */
const SWEEP_MS = 50;

export interface HttpListenerOptions {
  /** For messages. */
  readonly name: string;
  readonly fetch: Hono["fetch"];
  readonly address: Address;
  /** Text of a file with certificate chain and key: the listener speaks HTTPS. */
  readonly tlsPem?: string;
  readonly maxConnections: number;
  /** Within this time a request must have arrived whole, else the client gets 408. */
  readonly requestTimeoutMs: number;
  /** Other processes may listen on the same port; the kernel spreads the connections over them. */
  readonly reusePort: boolean;
  readonly log: Log;
  readonly counters: HttpCounters;
}

/** An HTTP or HTTPS server that listens. */
export interface HttpListener {
  /** Where it listens, with the port that was chosen if 0 was asked for. */
  readonly address: Address;
  /**
   * Takes another certificate and key for the connections to come.
   * @throws {ConfigError}
   */
  setTls(pem: string): void;
  /**
   * Takes no new connection, closes the idle ones, and the others after the answer they wait for. Resolves when
   * none is left, which a client can delay: see {@link close}.
   */
  stopAccepting(): Promise<void>;
  /** The same, but cuts the connections that are left. */
  close(): Promise<void>;
}

/**
 * Opens a listener.
 * @throws {BindError} naming the address.
 * @throws {ConfigError} when the PEM is not one.
 */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const server = createHttpServer(options);
  const closeUnused = watchUnused(server, options.tlsPem === undefined ? "connection" : "secureConnection");
  const { host, port } = options.address;
  try {
    server.listen({ port, reusePort: options.reusePort, ...(host === "" ? {} : { host }) });
    await once(server, "listening");
  } catch (cause) {
    throw new BindError(options.name, formatAddress(options.address), {
      cause,
    });
  }
  server.on("error", (error) => {
    options.log.throttled("error", "listener-error", { listener: options.name, error: error.message });
  });
  return new Listening(options.name, server, closeUnused);
}

function createHttpServer(options: HttpListenerOptions): Server {
  const { tlsPem, requestTimeoutMs, log, counters, name } = options;
  const fetch = onlyAnswerable(options.fetch);
  const event = tlsPem === undefined ? "connection" : "secureConnection";
  const serverOptions = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, MAX_HEADERS_MS),
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(Math.max(requestTimeoutMs / 4, 50), 10_000),
  };
  const server = createAdaptorServer(
    tlsPem === undefined
      ? { fetch, hostname: NO_HOST, createServer, serverOptions }
      : {
          fetch,
          hostname: NO_HOST,
          createServer: createTlsServer,
          serverOptions: {
            ...serverOptions,
            ...combinedPem(name, tlsPem),
            handshakeTimeout: requestTimeoutMs,
          },
        },
  ) as Server;
  limitConnections(
    server,
    tlsPem === undefined ? "connection" : "secureConnection",
    options.maxConnections,
    () => {
      counters.refusedConnections++;
      log.throttled("warn", "too-many-connections", { listener: name, limit: options.maxConnections });
    },
  );
  // Node closes a connection after its last answer with this method.
  server.prependListener(event, (socket: Socket) => {
    socket.destroySoon = () => endGently(socket);
  });
  // Whoever reads the body says "100 Continue", so that a request that is refused costs no upload.
  server.on("checkContinue", (incoming, outgoing) => server.emit("request", incoming, outgoing));
  return server;
}

/** A request that comes after its connection's last answer cannot be answered, and so must not do anything. */
function onlyAnswerable(
  fetch: Hono["fetch"],
): (request: Request, env: unknown) => Response | Promise<Response> {
  return (request, env) => {
    const { socket } = (env as HttpBindings).incoming;
    return socket.writableEnded ? new Promise(() => undefined) : fetch(request, env as object);
  };
}

class Listening implements HttpListener {
  readonly address: Address;
  readonly #name: string;
  readonly #server: Server;
  readonly #closeUnused: () => void;
  #stopped: Promise<void> | undefined;

  constructor(name: string, server: Server, closeUnused: () => void) {
    const { address: host, port } = server.address() as AddressInfo;
    this.address = { host, port };
    this.#name = name;
    this.#server = server;
    this.#closeUnused = closeUnused;
  }

  setTls(pem: string): void {
    (this.#server as TlsServer).setSecureContext(combinedPem(this.#name, pem));
  }

  stopAccepting(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async close(): Promise<void> {
    const stopped = this.stopAccepting();
    this.#server.closeAllConnections();
    await stopped;
  }

  #drain(): Promise<void> {
    const server = this.#server;
    server.prependListener("request", (_incoming, outgoing: ServerResponse) => {
      outgoing.shouldKeepAlive = false;
    });
    // Connections whose answer was under way when the stop began become idle after it.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      this.#closeUnused();
    }, SWEEP_MS);
    return new Promise((resolve) => {
      server.close(() => {
        clearInterval(sweep);
        resolve();
      });
    });
  }
}
