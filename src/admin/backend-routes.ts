import type { Context, Hono } from "hono";
import * as v from "valibot";
import type { Log } from "../observe/log.ts";
import { relayId } from "../peers/peer-answer.ts";
import type { BackendCommands } from "./backend-commands.ts";
import { parsed } from "./requests.ts";

interface BackendRoutesOptions {
  readonly backends: BackendCommands;
  readonly log: Log;
  /** The body of a request. */
  readonly body: (c: Context) => Promise<unknown>;
  readonly clientAddress: (c: Context) => string;
}

/** It is shown to whoever asks for the health of a backend. */
const by = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,30}$/, "must be a word such as operator"));
const drainSchema = v.strictObject({ by: v.optional(by, "operator") });
const resumeSchema = v.strictObject({ by: v.optional(by) });
const holdSchema = v.strictObject({ db: v.string(), rp: v.optional(v.string()) });
const answeredSchema = v.strictObject({ db: v.string() });
const time = v.pipe(v.string(), v.regex(/^-?\d{1,19}$/, "must be nanoseconds since 1970"));
const repairedSchema = v.strictObject({
  ranges: v.pipe(
    v.array(v.strictObject({ db: v.string(), rp: v.string(), min: time, max: time })),
    v.maxLength(1_000),
  ),
  revision: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/, "must be one that was given with ranges")),
});
const leaseSchema = v.strictObject({
  backend: v.string(),
  holder: relayId,
  lacking: v.pipe(v.optional(v.array(v.string()), []), v.maxLength(1_000)),
});
const emptySchema = v.strictObject({});

/** `/status`, and what can be done with a backend. */
export function addBackendRoutes(
  app: Hono,
  { backends, log, body, clientAddress }: BackendRoutesOptions,
): void {
  const named = (c: Context) => c.req.param("backend") ?? "";

  /** Says in the log who changed what. */
  function audit(
    c: Context,
    command: string,
    more: Readonly<Record<string, string | number | undefined>>,
  ): void {
    log.info("admin-command", { command, ...more, client: clientAddress(c) });
  }

  app.get("/status", async (c) => c.json(await backends.status()));
  app.post("/backends/:backend/drain", async (c) => {
    const wish = parsed(drainSchema, await body(c));
    await backends.drain(named(c), wish.by);
    audit(c, "drain", { backend: named(c), by: wish.by });
    return c.json({});
  });
  app.post("/backends/:backend/resume", async (c) => {
    const wish = parsed(resumeSchema, await body(c));
    await backends.resume(named(c), wish.by);
    audit(c, "resume", { backend: named(c), by: wish.by });
    return c.json({});
  });
  app.post("/backends/:backend/hold", async (c) => {
    const { db, rp } = parsed(holdSchema, await body(c));
    const held = await backends.hold(named(c), db, rp);
    audit(c, "hold", { backend: named(c), db, rp, lease: held.lease });
    return c.json(held);
  });
  app.post("/backends/:backend/answered", async (c) => {
    const { db } = parsed(answeredSchema, await body(c));
    return c.json({ answered: await backends.answered(named(c), db) });
  });
  app.get("/backends/:backend/ranges", async (c) => c.json(await backends.ranges(named(c))));
  app.post("/backends/:backend/repaired", async (c) => {
    const { ranges, revision } = parsed(repairedSchema, await body(c));
    const forgotten = await backends.repaired(named(c), ranges, revision);
    audit(c, "repaired", { backend: named(c), ranges: ranges.length, forgotten });
    return c.json({ forgotten });
  });
  app.get("/peer", async (c) => c.json(await backends.peer()));
  app.post("/recovery/lease", async (c) => {
    const { backend, holder, lacking } = parsed(leaseSchema, await body(c));
    const held = await backends.recoveryLease(backend, holder, lacking);
    audit(c, "recovery-lease", { backend, holder, lease: held.lease });
    return c.json(held);
  });
  app.post("/leases/:lease/renew", async (c) => {
    parsed(emptySchema, await body(c));
    await backends.renew(c.req.param("lease"));
    return c.json({});
  });
  app.post("/leases/:lease/release", async (c) => {
    parsed(emptySchema, await body(c));
    await backends.release(c.req.param("lease"));
    audit(c, "release", { lease: c.req.param("lease") });
    return c.json({});
  });
}
