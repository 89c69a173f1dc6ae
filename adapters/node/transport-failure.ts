import { errors } from "undici";
import { TransportError, type TransportFailure } from "../../src/errors.ts";

/** How far a request had come when it failed. */
export interface Progress {
  /** True once the request was handed to the connection; before that the failure is one of connecting. */
  readonly written: boolean;
  /** True when the request was handed to an earlier connection too. */
  readonly retried: boolean;
  readonly secure: boolean;
}

/** Codes of Node, c-ares and undici: nothing but the code is looked at, because their messages carry addresses. */
const BY_CODE: Readonly<Record<string, readonly [TransportFailure, string]>> = {
  ECONNREFUSED: ["refused", "connection refused"],
  EHOSTUNREACH: ["refused", "host unreachable"],
  EHOSTDOWN: ["refused", "host down"],
  ENETUNREACH: ["refused", "network unreachable"],
  ENETDOWN: ["refused", "network down"],
  EADDRNOTAVAIL: ["refused", "no local address available"],
  ETIMEDOUT: ["timeout", "connection timed out"],
  UND_ERR_CONNECT_TIMEOUT: ["timeout", "no connection in time"],
  ENOTFOUND: ["dns", "host name not found"],
  EAI_AGAIN: ["dns", "host name lookup failed for now"],
  EAI_FAIL: ["dns", "host name lookup failed"],
  EAI_NODATA: ["dns", "host name has no address"],
  EAI_NONAME: ["dns", "host name not found"],
  ECONNRESET: ["reset", "connection reset"],
  ECONNABORTED: ["reset", "connection aborted"],
  EPIPE: ["reset", "connection closed by the server"],
  UND_ERR_SOCKET: ["reset", "connection closed by the server"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["reset", "answer cut short"],
  UND_ERR_HEADERS_OVERFLOW: ["protocol", "answer has too long headers"],
  UND_ERR_INVALID_ARG: ["protocol", "request has an invalid header or path"],
  UND_ERR_NOT_SUPPORTED: ["protocol", "request has an unsupported header"],
  UND_ERR_DESTROYED: ["closed", "client closed"],
};

const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in the chain",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown issuer",
  UNABLE_TO_GET_ISSUER_CERT: "unknown issuer",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown issuer",
  ERR_TLS_CERT_ALTNAME_INVALID: "issued for another host name",
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not yet valid",
};

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

/** True for an error that only says that the connection ended. */
export function isReset(error: unknown): boolean {
  return BY_CODE[codeOf(error)]?.[0] === "reset";
}

/** The TransportError for an error of undici or of the socket below it; carries neither address nor header. */
export function transportError(error: unknown, { written, retried, secure }: Progress): TransportError {
  const mayHaveActed = written || retried;
  const code = codeOf(error);
  const known = BY_CODE[code];
  if (known !== undefined) return new TransportError(known[0], mayHaveActed, known[1]);
  if (error instanceof errors.HTTPParserError) {
    // undici gives no code here, but what it could not parse: nothing when the connection ended too early.
    return "data" in error && error.data === ""
      ? new TransportError("reset", mayHaveActed, "answer cut short")
      : new TransportError("protocol", mayHaveActed, "answer is not HTTP");
  }
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined)
    return new TransportError("tls", mayHaveActed, `certificate: ${certificate}`);
  // OpenSSL has some eighty more reasons to refuse a handshake, each with a code of its own.
  if (secure && !written) return new TransportError("tls", mayHaveActed, `TLS handshake failed (${code})`);
  if (code.startsWith("ERR_SSL_")) return new TransportError("tls", mayHaveActed, `TLS failed (${code})`);
  return new TransportError("reset", mayHaveActed, `connection failed (${code})`);
}
