import { isLinkLocal } from "./address.ts";

/** An InfluxDB server's URL, taken apart. */
export interface Location {
  /** `scheme://host:port`; the port is left out where it is the scheme's own. */
  readonly origin: string;
  /** Where writes go, as `/write`. */
  readonly path: string;
  /** `host:port`, always with the port. */
  readonly hostPort: string;
}

/** What a location must look like. */
export const LOCATION_FORM = 'an http:// or https:// URL such as "http://127.0.0.1:8086/write"';
export const LINK_LOCAL = "must not be a link-local address (169.254.0.0/16, fe80::/10)";

/** Takes the URL of an output apart, or says what is wrong with it (never quoting it: it may hold a password). */
export function parseLocation(text: string): Location | { readonly problem: string } {
  const url = /^https?:\/\/[^/\\]/i.test(text) ? URL.parse(text) : null;
  // Also in the path: a password with a slash in it ends up there.
  if (text.includes("@")) {
    return { problem: "must not hold credentials: use the keys username and password" };
  }
  if (text.includes("?")) return { problem: "must not have a query string" };
  if (text.includes("#")) return { problem: "must not have a fragment" };
  if (url === null || url.port === "0") return { problem: `must be ${LOCATION_FORM}` };
  if (isLinkLocal(url.hostname.replace(/^\[|\]$/g, ""))) return { problem: LINK_LOCAL };
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return {
    origin: url.origin,
    path: url.pathname === "/" ? "/write" : url.pathname,
    hostPort: `${url.hostname}:${port}`,
  };
}
