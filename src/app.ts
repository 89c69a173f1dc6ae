import { Hono } from "hono";
import { createAdmission } from "./http/admission.ts";
import { createAnswers } from "./http/answers.ts";
import { createFallbacks } from "./http/fallbacks.ts";
import type { AppListener, AppPorts } from "./http/listener.ts";
import { createProbes } from "./http/probes.ts";
import { createQueryEndpoints, QUERY_METHODS } from "./http/query.ts";
import { targetOfRemoteWrite, targetOfV1, targetOfV2 } from "./http/target.ts";
import { createWriteEndpoint } from "./http/write.ts";

/** The HTTP side of one listener, for any runtime: `app.fetch(request)`. */
export function createApp(listener: AppListener, ports: AppPorts): Hono {
  const app = new Hono();
  const answers = createAnswers(listener, ports);
  const admit = createAdmission(listener);
  const write = createWriteEndpoint(listener, ports, answers, admit);
  const query = createQueryEndpoints(listener, ports, answers, admit);
  const probes = createProbes(listener, answers);
  const fallbacks = createFallbacks(app, listener, answers);

  app.options("/write", answers.preflight);
  app.post("/write", write(targetOfV1));
  app.options("/api/v2/write", answers.preflight);
  app.post("/api/v2/write", write(targetOfV2));
  app.options("/query", answers.preflight);
  app.on(["GET", "POST"], "/query", query.influxql);
  app.all("/query", () => answers.wrongMethod(QUERY_METHODS));
  app.options("/api/v2/query", answers.preflight);
  app.post("/api/v2/query", query.flux);
  app.options("/api/v1/prom/write", answers.preflight);
  app.post("/api/v1/prom/write", write(targetOfRemoteWrite));
  app.options("/api/v1/prom/read", answers.preflight);
  app.post("/api/v1/prom/read", query.promRead);
  app.get("/ping", probes.ping);
  app.get("/health", probes.health);
  app.get("/ready", probes.ready);
  app.get("/health/backends/:name", probes.backend);
  app.get("/status", probes.status);
  app.get("/metrics", probes.metrics);
  app.notFound(fallbacks.noRoute);
  app.onError(fallbacks.failed);
  return app;
}
