import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { RelayError } from "../../src/errors.ts";
import type { HttpClientOptions } from "../../src/platform.ts";

/** @throws {RelayError} with the system's reason, which names the file. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new RelayError("FILE", `cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** @throws {RelayError} with OpenSSL's reason. */
export function secureContext({ ca, cert, key }: HttpClientOptions["tls"]): SecureContext {
  // A text without any would be let through and nobody trusted, and an empty one count as the system's authorities.
  if (ca !== undefined) checkCertificate(ca);
  try {
    return createSecureContext({ ca, cert, key });
  } catch (error) {
    const message = `is no PEM file with a certificate and its private key (${reasonOf(error)})`;
    throw new RelayError("FILE", message, { cause: error });
  }
}

function checkCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new RelayError("FILE", `is no PEM file with certificates (${reasonOf(error)})`, { cause: error });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
