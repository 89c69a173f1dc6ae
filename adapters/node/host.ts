import type { AppPorts } from "../../src/http/listener.ts";
import type { LogSink, Platform } from "../../src/platform.ts";
import type { HttpListener, HttpListenerOptions } from "./http-listener.ts";

/** What differs between the runtimes on which the relay is a command. */
export interface Host {
  readonly runtime: "node" | "deno";
  platform(log: LogSink): Platform;
  readonly http: HttpServer;
}

/** Where a command prints: `process` is one. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** How a runtime serves HTTP. */
export interface HttpServer extends Pick<AppPorts, "readBody" | "clientAddress" | "stream"> {
  /**
   * @throws {BindError} naming the address.
   * @throws {ConfigError} when the PEM is not one.
   */
  start(options: HttpListenerOptions): Promise<HttpListener>;
  /**
   * Looks whether a listener could serve with the certificate and key of a PEM text.
   * @throws {ConfigError} when the PEM is not one, or its key is of another certificate.
   */
  checkTls(listener: string, pem: string): void;
}
