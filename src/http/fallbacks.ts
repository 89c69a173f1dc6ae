import type { Context, Hono } from "hono";
import { errorReply } from "../write/reply.ts";
import type { Answers } from "./answers.ts";
import type { AppListener } from "./listener.ts";

/** The answers to what no route answers. */
export interface Fallbacks {
  /** 405 with Allow if the path is known, else 404; worded as Go's and InfluxDB's. */
  noRoute(c: Context): Response;
  /** 500 to a defect of the relay's own. */
  failed(error: Error, c: Context): Response;
}

export function createFallbacks(app: Hono, listener: AppListener, answers: Answers): Fallbacks {
  let allowed: readonly Allowed[] | undefined;
  return {
    noRoute(c) {
      allowed ??= allowedMethods(app);
      const allow = allowed.find(({ pattern }) => pattern.test(c.req.path))?.methods;
      if (allow === undefined) return answers.noRoute(404, "404 page not found\n");
      return answers.wrongMethod(allow);
    },
    failed(error, c) {
      listener.counters.internalErrors++;
      listener.log.throttled("error", "internal-error", {
        listener: listener.config.name,
        method: c.req.method,
        path: c.req.path,
        error: error.name,
        at: framesOf(error),
      });
      return answers.reply(c, errorReply(500, "internal error"));
    },
  };
}

/** The methods that the paths of a pattern have. */
interface Allowed {
  readonly pattern: RegExp;
  readonly methods: string;
}

/** In the order of the routes. */
function allowedMethods(app: Hono): Allowed[] {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes) {
    const known = methods.get(path) ?? [];
    known.push(...(method === "GET" ? ["GET", "HEAD"] : [method]));
    methods.set(path, known);
  }
  return [...methods].map(([path, names]) => ({
    pattern: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`),
    methods: names.join(", "),
  }));
}

/** Where it was thrown. The message is left out: those of the runtime may quote a URL with its secrets. */
function framesOf(error: Error): string {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, 5)
    .map((line) => line.trim())
    .join(" < ");
}
