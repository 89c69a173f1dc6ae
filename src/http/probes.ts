import type { Context, Handler } from "hono";
import { type Answers, backendVersion } from "./answers.ts";
import type { AppListener } from "./listener.ts";
import { parseParameters } from "./parameters.ts";

/** The handlers that tell how the relay is. They need no credentials. */
export interface Probes {
  readonly ping: Handler;
  readonly health: Handler;
  readonly ready: Handler;
  readonly status: Handler;
}

export function createProbes(listener: AppListener, answers: Answers): Probes {
  return {
    /** 204, or with `verbose` the version as JSON, as InfluxDB 1.8. */
    ping(c: Context): Response {
      const verbose = parseParameters(c.req.url).get("verbose") ?? "";
      if (verbose === "" || verbose === "0" || verbose === "false") return answers.noContent(c);
      return answers.json(c, 200, { version: backendVersion(listener).version });
    },
    /** The relay lives. In the form of InfluxDB 1.8 and 2.x, which client libraries check. */
    health: (c: Context) =>
      answers.json(c, 200, {
        checks: [],
        message: "ready for queries and writes",
        name: "influxdb-relay",
        status: "pass",
        version: backendVersion(listener).version,
      }),
    /** 200 while at least one backend can take writes, else 503. */
    ready: async (c: Context) =>
      (await listener.ready())
        ? answers.json(c, 200, { status: "ready", message: "a backend takes writes" })
        : answers.json(
            c,
            503,
            { status: "not ready", message: "no backend takes writes" },
            { "Retry-After": "1" },
          ),
    status: (c: Context) => answers.json(c, 200, listener.status()),
  };
}
