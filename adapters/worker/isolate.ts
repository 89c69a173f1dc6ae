import { createApp } from "../../src/app.ts";
import { ConfigError } from "../../src/errors.ts";
import { MetricsLog } from "../../src/observe/metrics-log.ts";
import { type Env, type Found, findConfig, NAME, OBJECTS, readConfig } from "./config.ts";
import { createListener } from "./listener.ts";
import { consoleLog, workerPlatform } from "./platform.ts";
import { clientAddress, readBody } from "./request-body.ts";
import { stream } from "./response-stream.ts";
import type { SpoolObject } from "./spool-object.ts";

type Fetch = (request: Request, env: Env, context: ExecutionContext) => Response | Promise<Response>;

/**
 * Answers the requests of one isolate by the config in its bindings, which is read once. Without a usable config
 * every request gets a 500, and the log says what is wrong.
 */
export function createIsolate(): Fetch {
  let source: string | undefined;
  let answer: Fetch | undefined;
  return (request, env, context) => {
    const found = findConfig(env);
    const text = "text" in found ? found.text : found.problem;
    if (answer === undefined || text !== source) {
      source = text;
      answer = createAnswer(found, env);
    }
    const response = answer(request, env, context);
    // Otherwise a client that goes away ends its request, and what is counted and logged of it.
    if (response instanceof Promise) context.waitUntil(response);
    return response;
  };
}

function createAnswer(found: Found, env: Env): Fetch {
  try {
    const config = readConfig(found, env);
    const platform = workerPlatform(consoleLog(config.logLevel));
    const objects = env[OBJECTS] as DurableObjectNamespace<SpoolObject> | undefined;
    const listener = createListener(config, objects, platform);
    const app = createApp(listener, { readBody, clientAddress, stream, platform });
    const metrics = new MetricsLog(platform.clock, listener.log);
    return async (request, ...more) => {
      if (new URL(request.url).pathname === "/status") await listener.refreshStatus();
      const response = await app.fetch(request, ...more);
      metrics.tell({ scope: "isolate" }, () => listener.isolateFigures());
      return response;
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const log = consoleLog("error");
    for (const { path, message } of error.problems) log("error", "config-wrong", { path, problem: message });
    return () =>
      refuse("problem" in found ? `${NAME} ${found.problem}` : "the relay's config is wrong; see the log");
  }
}

function refuse(error: string): Response {
  return Response.json({ error }, { status: 500, headers: { "X-Influxdb-Error": error } });
}
