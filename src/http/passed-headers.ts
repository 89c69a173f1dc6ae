import { headerValue } from "./header-value.ts";

/** What is between two hops and not between client and server (RFC 9110 section 7.6.1). */
const HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A backend's headers for the client, with those that the relay itself has to say in place of the backend's. */
export function passedHeaders(
  headers: Iterable<readonly [string, string]>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (HOP.has(key) || key.startsWith("access-control-")) continue;
    const known = names.get(key);
    names.set(key, known ?? name);
    passed[known ?? name] = headerValue(known === undefined ? value : `${passed[known]}, ${value}`);
  }
  return Object.assign(passed, own);
}
