import { ConfigError } from "../../src/errors.ts";

/**
 * Looks whether a PEM text holds a certificate chain and its private key. Only a socket that listens makes Deno read
 * one, so for the moment of the check there is one on loopback.
 * @throws {ConfigError} with the reason of Deno's TLS library.
 */
export function checkTls(listener: string, pem: string): void {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: pem, key: pem }).close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `is not a PEM file with a certificate chain and its private key (${reason})`;
    throw new ConfigError(listener, [{ path: "ssl-combined-pem", message }]);
  }
}
