import type { Address } from "./config.ts";

/**
 * A host in one spelling: lower case, IPv4 in four decimal parts however it was written, IPv6 shortened and without
 * brackets. Undefined if it is no host.
 */
function canonicalHost(text: string): string | undefined {
  const [, ipv6, zone = ""] = /^\[([\da-fA-F:.]+)(%[\w.-]+)?\]$/.exec(text) ?? [];
  if (ipv6 === undefined && /[\s/\\?#@:[\]%]/.test(text)) return undefined;
  const url = URL.parse(`http://${ipv6 === undefined ? text : `[${ipv6}]`}/`);
  if (url === null) return undefined;
  return ipv6 === undefined ? url.hostname : `${url.hostname.slice(1, -1)}${zone}`;
}

/** Reads `host:port`, `[ipv6]:port` or `:port` (host empty: every interface). Undefined if it is none of them. */
export function parseAddress(text: string): Address | undefined {
  const [, hostText, portText] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (hostText === undefined) return undefined;
  const port = Number(portText);
  const host = hostText === "" ? "" : canonicalHost(hostText);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** The text that {@link parseAddress} reads. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The first 16 bits of an IPv4 address, also of one that is mapped into IPv6 (`::ffff:a9fe:a9fe`). */
function ipv4Start(host: string): number | undefined {
  const [, first, second] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host) ?? [];
  if (first !== undefined) return (Number(first) << 8) | Number(second);
  const [, mapped] = /^::ffff:([\da-f]+):[\da-f]+$/.exec(host) ?? [];
  return mapped === undefined ? undefined : Number.parseInt(mapped, 16);
}

/** 169.254.0.0/16 and fe80::/10 (RFC 3927, RFC 4291): where clouds serve credentials to whoever asks. */
export function isLinkLocal(host: string): boolean {
  return ipv4Start(host) === 0xa9fe || /^fe[89ab][\da-f]:/.test(host);
}

/** True if only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  const start = ipv4Start(host);
  return host === "localhost" || host === "::1" || (start !== undefined && start >> 8 === 127);
}

/** True if only this machine reaches the host of a URL. */
export function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

/** True if both cannot be bound at once: the same port, and one host covers the other. Port 0 collides with nothing. */
export function collide(a: Address, b: Address): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || covers(a.host, b.host) || covers(b.host, a.host);
}

function covers(all: string, one: string): boolean {
  if (all === "" || all === "::") return true;
  return all === "0.0.0.0" && !one.includes(":");
}
