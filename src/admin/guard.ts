import type { Context, MiddlewareHandler } from "hono";
import { isLoopback } from "../config/address.ts";
import type { AdminConfig } from "../config/config.ts";
import { createAuthenticator } from "../http/authenticator.ts";
import { proofsOf } from "../http/credentials.ts";
import type { Log } from "../observe/log.ts";

const NO_PARAMETERS = new Map<string, string>();

/**
 * Lets in who has the token, in the header Authorization only: what is in a URL ends up in logs. Without a token the
 * listener has a loopback address, and only who names it by one is let in: a page in a browser on this machine could
 * reach it under a name that its owner points there. Of commands that change something it wants a content type that
 * a browser sends nowhere without asking first (the Fetch standard, "CORS-safelisted request-header").
 */
export function createGuard({ token }: AdminConfig, log: Log): MiddlewareHandler {
  const authenticate = token === undefined ? undefined : createAuthenticator([{ token }]);

  async function admitted(c: Context): Promise<boolean> {
    if (authenticate === undefined) return isLoopback(new URL(c.req.url).hostname.replace(/^\[|\]$/g, ""));
    return authenticate(proofsOf(NO_PARAMETERS, c.req.header("authorization")));
  }

  return async (c, next) => {
    if (!(await admitted(c))) {
      const reason = authenticate === undefined ? "not asked for by a loopback address" : "wrong or no token";
      log.throttled("warn", "unauthorized", { listener: "[admin]", reason });
      if (authenticate === undefined) return c.json({ error: reason }, 403);
      return c.json({ error: reason }, 401, { "Www-Authenticate": "Bearer" });
    }
    const [type = ""] = (c.req.header("content-type") ?? "").split(";");
    if (c.req.method === "POST" && type.trim().toLowerCase() !== "application/json") {
      return c.json({ error: "the content type must be application/json" }, 415);
    }
    return next();
  };
}
