import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ConfigError } from "../../src/errors.ts";

/**
 * Reads the text of a PEM file that holds a certificate chain and its private key, in any order.
 * @throws {ConfigError} when it is not one, with OpenSSL's reason.
 */
export function combinedPem(listener: string, pem: string): SecureContextOptions {
  const options = { cert: pem, key: pem };
  try {
    // An empty text would count as no certificate at all, and be let through.
    if (pem === "") throw new Error("it is empty");
    createSecureContext(options);
    return options;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `is not a PEM file with a certificate chain and its private key (${reason})`;
    throw new ConfigError(listener, [{ path: "ssl-combined-pem", message }]);
  }
}
