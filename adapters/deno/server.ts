import type { Address } from "../../src/config/config.ts";
import type { HttpListenerOptions } from "../node/http-listener.ts";
import type { DenoBindings } from "./request-body.ts";

/** One Deno.serve: open from the start, until it is shut down. */
export class DenoServer {
  readonly address: Address;
  /** Resolves after a shutdown, when the last answer is out or nobody waits for it any more. */
  readonly ended: Promise<void>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #fetch: HttpListenerOptions["fetch"];
  readonly #bodyTimeoutMs: number;
  readonly #resolveEnded: () => void;
  #stopping = false;

  /** Throws what Deno.serve throws. */
  constructor(options: HttpListenerOptions, address: Address, pem: string | undefined) {
    this.#fetch = options.fetch;
    this.#bodyTimeoutMs = options.requestTimeoutMs;
    this.#server = this.#open(address, pem);
    const { hostname: host, port } = this.#server.addr;
    this.address = { host, port };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  /** Takes no new connection, closes the idle ones and the others after the answer they wait for. */
  shutdown(): void {
    this.#stopping = true;
    void this.#server.shutdown().then(this.#resolveEnded);
  }

  /** Lets nobody wait for it any longer: what is still open ends with the process. Deno cannot cut it after a shutdown. */
  abandon(): void {
    this.#resolveEnded();
  }

  /** An empty host is every address, of IPv6 and IPv4 if the machine has IPv6. */
  #open({ host, port }: Address, pem: string | undefined): Deno.HttpServer<Deno.NetAddr> {
    if (host !== "") return this.#serve(host, port, pem);
    try {
      return this.#serve("::", port, pem);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) throw error;
      return this.#serve("0.0.0.0", port, pem);
    }
  }

  #serve(hostname: string, port: number, pem: string | undefined): Deno.HttpServer<Deno.NetAddr> {
    const tls = pem === undefined ? {} : { cert: pem, key: pem };
    return Deno.serve({ hostname, port, ...tls, onListen: () => undefined }, (request, { remoteAddr }) =>
      this.#handle(request, remoteAddr),
    );
  }

  async #handle(request: Request, remoteAddr: Deno.NetAddr): Promise<Response> {
    const bindings: DenoBindings = { remoteAddr, bodyTimeoutMs: this.#bodyTimeoutMs, body: "ok" };
    const response = await this.#fetch(request, bindings);
    if (bindings.body === "ok") return response;
    if (bindings.body === "late")
      return new Response(null, { status: 408, headers: { Connection: "close" } });
    return this.#stopping ? comeAgain() : response;
  }
}

/** A server that shuts down lets no upload end. The client is not to blame, and must not take it for a refusal. */
function comeAgain(): Response {
  const error = "the relay is stopping";
  return new Response(`${JSON.stringify({ error })}\n`, {
    status: 503,
    headers: { "Content-Type": "application/json", "X-Influxdb-Error": error, "Retry-After": "1" },
  });
}
