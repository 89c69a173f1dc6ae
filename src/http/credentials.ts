import type { Credentials } from "../writer.ts";
import { binaryString } from "./header-value.ts";
import type { Parameters } from "./parameters.ts";

/**
 * What a client proves who it is with. The strings have one character for each byte of UTF-8, as in a header.
 * `Token a:b` may be a password, as InfluxDB 1.8 takes it, or a token with a colon in it: it is both.
 */
export type Proof =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

const encoder = new TextEncoder();

/** UTF-8 as a string with one character for each byte. */
export function toBinary(text: string): string {
  return binaryString(encoder.encode(text));
}

/**
 * The credentials to pass on to a backend. Those in the query, and `Token user:password` of 1.8, become Basic, which
 * each 1.x understands; any other Authorization header stays as it is: the backend decides. (Basic cannot carry a
 * user name with a colon: such a user has to come as something else.)
 */
export function credentialsToPassOn(
  parameters: Parameters,
  authorization: string | undefined,
): Credentials | undefined {
  const fromQuery = queryPassword(parameters);
  if (fromQuery !== undefined) return basic(`${fromQuery.username}:${fromQuery.password}`);
  if (authorization === undefined || authorization === "") return undefined;
  const token = tokenOf(authorization);
  if (token?.scheme === "Token" && token.value.includes(":")) return basic(token.value);
  return { authorization };
}

/** All that the request's credentials can mean, by InfluxDB's rules; empty if it has none that can be read. */
export function proofsOf(parameters: Parameters, authorization: string | undefined): readonly Proof[] {
  const fromQuery = queryPassword(parameters);
  if (fromQuery !== undefined) return [fromQuery];
  if (authorization === undefined) return [];
  const token = tokenOf(authorization);
  if (token !== undefined) {
    const proof: Proof = { kind: "token", token: token.value };
    const colon = token.scheme === "Token" ? token.value.indexOf(":") : -1;
    return colon === -1 ? [proof] : [proof, passwordAt(token.value, colon)];
  }
  const pair = basicPair(authorization);
  const colon = pair?.indexOf(":") ?? -1;
  return pair === undefined || colon === -1 ? [] : [passwordAt(pair, colon)];
}

/** `u` and `p` count only together, and come before any header. */
function queryPassword(parameters: Parameters): Extract<Proof, { kind: "password" }> | undefined {
  const u = parameters.get("u");
  const p = parameters.get("p");
  if (!u || !p) return undefined;
  return { kind: "password", username: toBinary(u), password: toBinary(p) };
}

/** `Bearer x` or `Token x`, with exactly one blank and this case, as InfluxDB reads them. */
function tokenOf(authorization: string): { scheme: "Bearer" | "Token"; value: string } | undefined {
  const [scheme, value, more] = authorization.split(" ", 3);
  if (value === undefined || more !== undefined) return undefined;
  return scheme === "Bearer" || scheme === "Token" ? { scheme, value } : undefined;
}

function basicPair(authorization: string): string | undefined {
  if (authorization.slice(0, 6).toLowerCase() !== "basic ") return undefined;
  try {
    return atob(authorization.slice(6));
  } catch {
    return undefined;
  }
}

function passwordAt(pair: string, colon: number): Proof {
  return { kind: "password", username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function basic(pair: string): Credentials {
  return { authorization: `Basic ${btoa(pair)}` };
}
