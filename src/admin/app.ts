import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { AdminConfig } from "../config/config.ts";
import { BodyError, RelayError } from "../errors.ts";
import type { AppPorts } from "../http/listener.ts";
import { metricsAnswer } from "../http/metrics.ts";
import type { Figures } from "../observe/figures.ts";
import type { Log } from "../observe/log.ts";
import type { BackendCommands } from "./backend-commands.ts";
import { addBackendRoutes } from "./backend-routes.ts";
import { createGuard, createPageGuard } from "./guard.ts";
import type { StatusPage } from "./page/status-page.ts";
import { CommandError, jsonOf, parsed, RequestError } from "./requests.ts";
import { DEFAULT_SHOWN, MAX_SHOWN, type Part, type SpoolCommands, type Where } from "./spool-commands.ts";

const MAX_BODY_BYTES = 256 * 1024;

interface AdminAppOptions {
  readonly config: AdminConfig;
  readonly spool: SpoolCommands;
  readonly backends: BackendCommands;
  readonly figures: () => Figures;
  readonly page: StatusPage;
  readonly log: Log;
  readonly ports: Pick<AppPorts, "readBody" | "clientAddress" | "stream">;
}

const partSchema = v.picklist(["backlog", "held", "dead"]);
const showSchema = v.strictObject({
  part: v.optional(partSchema, "backlog"),
  limit: v.optional(
    v.pipe(v.string(), v.digits(), v.transform(Number), v.maxValue(MAX_SHOWN)),
    String(DEFAULT_SHOWN),
  ),
});
const where = { db: v.optional(v.string()), rp: v.optional(v.string()) };
const dropSchema = v.strictObject({ part: partSchema, ...where, dryRun: v.optional(v.boolean(), false) });
const replaySchema = v.strictObject(where);

/**
 * The HTTP side of `[admin]`, for any runtime. GET changes nothing; what changes something is a POST with a JSON
 * object as its body. Answers are JSON, errors `{"error":"..."}`.
 */
export function createAdminApp({
  config,
  spool,
  backends,
  figures,
  page,
  log,
  ports,
}: AdminAppOptions): Hono {
  const app = new Hono();

  async function body(c: Context): Promise<unknown> {
    return jsonOf(await ports.readBody(c, MAX_BODY_BYTES));
  }

  /** Says in the log who changed what. */
  function audit(c: Context, command: string, part: Part, { db, rp }: Where, records: number): void {
    const backend = c.req.param("backend");
    log.info("admin-command", { command, backend, part, db, rp, records, client: ports.clientAddress(c) });
  }

  app.get("/health", (c) => c.json({ name: "influxdb-relay", status: "pass" }));
  page.addTo(app, createPageGuard(config, log), ports);
  app.use(createGuard(config, log));
  app.get("/metrics", (c) => metricsAnswer(c, figures()));
  app.get("/spool", async (c) => c.json({ backends: await spool.list() }));
  app.get("/spool/:backend", async (c) => {
    const { part, limit } = parsed(showSchema, c.req.query());
    return c.json(await spool.show(c.req.param("backend"), part, limit));
  });
  app.post("/spool/:backend/verify", async (c) => c.json(await spool.verify(c.req.param("backend"))));
  app.post("/spool/:backend/drop", async (c) => {
    const { part, dryRun, ...rest } = parsed(dropSchema, await body(c));
    const place = whereOf(rest);
    const backend = c.req.param("backend");
    if (dryRun) return c.json({ records: await spool.count(backend, part, place) });
    const records = await spool.drop(backend, part, place);
    audit(c, "drop", part, place, records);
    return c.json({ records });
  });
  app.post("/spool/:backend/replay", async (c) => {
    const place = whereOf(parsed(replaySchema, await body(c)));
    const records = await spool.replay(c.req.param("backend"), place);
    audit(c, "replay", "dead", place, records);
    return c.json({ records });
  });
  addBackendRoutes(app, { backends, log, body, clientAddress: ports.clientAddress });
  app.notFound((c) => c.json({ error: "there is no such command" }, 404));
  app.onError((error, c) => {
    const status = statusOf(error);
    const known = error instanceof RelayError;
    if (status === 500)
      log.error("admin-command-failed", {
        method: c.req.method,
        path: c.req.path,
        error: known ? error.message : error.name,
      });
    return c.json({ error: known ? error.message : "internal error" }, status);
  });
  return app;
}

function statusOf(error: Error): 400 | 404 | 409 | 413 | 500 {
  if (error instanceof RequestError) return 400;
  if (error instanceof BodyError) return error.reason === "too-large" ? 413 : 400;
  if (error instanceof CommandError) return error.reason === "unknown" ? 404 : 409;
  return 500;
}

function whereOf({ db, rp }: { db?: string | undefined; rp?: string | undefined }): Where {
  if (rp !== undefined && db === undefined) throw new RequestError("rp needs db");
  return { ...(db !== undefined && { db }), ...(rp !== undefined && { rp }) };
}
