import type { Context, Handler } from "hono";
import { type Answers, backendVersion } from "./answers.ts";
import type { AppListener } from "./listener.ts";
import { metricsAnswer } from "./metrics.ts";
import { parseParameters } from "./parameters.ts";

/** The handlers that tell how the relay is. They need no credentials. */
export interface Probes {
  readonly ping: Handler;
  readonly health: Handler;
  readonly ready: Handler;
  readonly backend: Handler;
  readonly status: Handler;
  readonly metrics: Handler;
}

const SOON = { "Retry-After": "1" };

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
    async ready(c: Context) {
      const { writes, queries } = await listener.ready();
      const message = writes ? "a backend takes writes" : "no backend takes writes";
      const body = { status: writes ? "ready" : "not ready", message, writes, queries };
      return answers.json(c, writes ? 200 : 503, body, writes ? {} : SOON);
    },
    /** 200 while a backend should get queries, for the load balancer that sends them. */
    async backend(c: Context) {
      const name = c.req.param("name") ?? "";
      const reasons = await listener.outOfSync(name);
      if (reasons === undefined) {
        return answers.json(c, 404, { name, status: "unknown", reasons: ["no output has this name"] });
      }
      const passes = reasons.length === 0;
      const body = { name, status: passes ? "pass" : "fail", reasons };
      return answers.json(c, passes ? 200 : 503, body, passes ? {} : SOON);
    },
    status: (c: Context) => answers.json(c, 200, listener.status()),
    metrics: (c: Context) =>
      listener.figures === undefined
        ? answers.noRoute(
            404,
            "the figures are in the log, as metrics: another request may meet other ones\n",
          )
        : metricsAnswer(c, listener.figures()),
  };
}
