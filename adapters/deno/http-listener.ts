import type { Address } from "../../src/config/config.ts";
import { BindError, ConfigError } from "../../src/errors.ts";
import type { HttpListener, HttpListenerOptions } from "../node/http-listener.ts";
import type { DenoBindings } from "./request-body.ts";

type Server = Deno.HttpServer<Deno.NetAddr>;

/** How often a listener that reopens tries to get its port back, in milliseconds. */
const REOPEN_MS = 5;

/**
 * Opens a listener with Deno.serve, which has no limit for connections and waits for the headers of a request as
 * long as the client likes; a body that takes longer than `requestTimeoutMs` is answered with 408.
 * @throws {BindError} naming the address.
 * @throws {ConfigError} when the PEM is not one.
 */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  return new Listening(options, open(options, options.address, options.tlsPem));
}

/** An empty host is every address, of IPv6 and IPv4 if the machine has IPv6. */
function open(options: HttpListenerOptions, { host, port }: Address, pem: string | undefined): Server {
  try {
    if (host !== "") return serve(options, host, port, pem);
    try {
      return serve(options, "::", port, pem);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.InvalidData) throw error;
      return serve(options, "0.0.0.0", port, pem);
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.InvalidData) throw wrongPem(options.name, cause);
    throw new BindError(options.name, host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, { cause });
  }
}

function serve(options: HttpListenerOptions, hostname: string, port: number, pem: string | undefined): Server {
  const tls = pem === undefined ? {} : { cert: pem, key: pem };
  return Deno.serve({ hostname, port, ...tls, onListen: () => undefined }, handlerOf(options));
}

function handlerOf({ fetch, requestTimeoutMs }: HttpListenerOptions) {
  return async (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> => {
    const bindings: DenoBindings = { remoteAddr, bodyTimeoutMs: requestTimeoutMs, timedOut: false };
    const response = await fetch(request, bindings);
    return bindings.timedOut
      ? new Response(null, { status: 408, headers: { Connection: "close" } })
      : response;
  };
}

function wrongPem(listener: string, cause: Error): ConfigError {
  const message = `is not a PEM file with a certificate chain and its private key (${cause.message})`;
  return new ConfigError(listener, [{ path: "ssl-combined-pem", message }]);
}

class Listening implements HttpListener {
  readonly address: Address;
  readonly #options: HttpListenerOptions;
  #pem: string | undefined;
  #server: Server;
  #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(options: HttpListenerOptions, server: Server) {
    const { hostname: host, port } = server.addr;
    this.address = { host, port };
    this.#options = options;
    this.#pem = options.tlsPem;
    this.#server = server;
  }
}
