import { Secret } from "./secret.ts";

/** The Authorization header of HTTP Basic (RFC 7617, in UTF-8), as InfluxDB 1.x reads it. */
export function basicAuthorization(username: string, password: Secret): Secret {
  const bytes = new TextEncoder().encode(`${username}:${password.reveal()}`);
  return new Secret(`Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`);
}

/** The Authorization header of an InfluxDB 2.x token, or of `username:password` in InfluxDB 1.8's form of it. */
export function tokenAuthorization(token: Secret): Secret {
  return new Secret(`Token ${token.reveal()}`);
}

/** The user name in a header of {@link basicAuthorization}; undefined for a token's. */
export function usernameOf(authorization: Secret): string | undefined {
  const [scheme, value] = authorization.reveal().split(" ", 2);
  if (scheme !== "Basic" || value === undefined) return undefined;
  const bytes = Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
  return new TextDecoder().decode(bytes).split(":", 1)[0];
}
