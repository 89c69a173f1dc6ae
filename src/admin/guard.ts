import type { Context, MiddlewareHandler } from "hono";
import { isLoopbackUrl } from "../config/address.ts";
import type { AdminConfig } from "../config/config.ts";
import { createAuthenticator } from "../http/authenticator.ts";
import { type Proof, proofsOf } from "../http/credentials.ts";
import type { Log } from "../observe/log.ts";

const NO_PARAMETERS = new Map<string, string>();

/**
 * Lets in who has the token, in the header Authorization only: what is in a URL ends up in logs. Without a token the
 * listener has a loopback address, and only who names it by one is let in: a page in a browser on this machine could
 * reach it under a name that its owner points there. Of commands that change something it wants a content type that
 * a browser sends nowhere without asking first (the Fetch standard, "CORS-safelisted request-header").
 */
export function createGuard(config: AdminConfig, log: Log): MiddlewareHandler {
  const admit = createAdmit(config, log, "Bearer", (proofs) => proofs);
  return async (c, next) => {
    const refusal = await admit(c);
    if (refusal !== undefined) return refusal;
    const [type = ""] = (c.req.header("content-type") ?? "").split(";");
    if (c.req.method === "POST" && type.trim().toLowerCase() !== "application/json") {
      return c.json({ error: "the content type must be application/json" }, 415);
    }
    return next();
  };
}

/**
 * The guard of what a person looks at: a browser asks him for the token as a password (RFC 7617), with any user name, and
 * sends it by itself from then on, whichever page makes it ask. So this is for what changes nothing.
 */
export function createPageGuard(config: Pick<AdminConfig, "token">, log: Log): MiddlewareHandler {
  const challenge = 'Basic realm="influxdb-relay: any name, the admin token as password", charset="UTF-8"';
  const admit = createAdmit(config, log, challenge, (proofs) =>
    proofs.map((proof) => (proof.kind === "password" ? { kind: "token", token: proof.password } : proof)),
  );
  return async (c, next) => (await admit(c)) ?? next();
}

/** @param challenge what the client is told to come with. */
function createAdmit(
  { token }: Pick<AdminConfig, "token">,
  log: Log,
  challenge: string,
  accepted: (proofs: readonly Proof[]) => readonly Proof[],
): (c: Context) => Promise<Response | undefined> {
  const authenticate = token === undefined ? undefined : createAuthenticator([{ token }]);

  async function admitted(c: Context): Promise<boolean> {
    if (authenticate === undefined) return isLoopbackUrl(c.req.url);
    return authenticate(accepted(proofsOf(NO_PARAMETERS, c.req.header("authorization"))));
  }

  return async (c) => {
    if (await admitted(c)) return undefined;
    const reason = authenticate === undefined ? "not asked for by a loopback address" : "wrong or no token";
    log.throttled("warn", "unauthorized", { listener: "[admin]", reason });
    if (authenticate === undefined) return c.json({ error: reason }, 403);
    return c.json({ error: reason }, 401, { "Www-Authenticate": challenge });
  };
}
