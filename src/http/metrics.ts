import type { Context } from "hono";
import { CONTENT_TYPES, expose, expositionFor } from "../observe/exposition.ts";
import type { Figures } from "../observe/figures.ts";
import { familiesOf } from "../observe/metrics.ts";

/** The answer of `/metrics`, in the format that the request asks for. */
export function metricsAnswer(c: Context, figures: Figures): Response {
  const format = expositionFor(c.req.header("accept"));
  return new Response(expose(familiesOf(figures), format), {
    headers: { "Content-Type": CONTENT_TYPES[format] },
  });
}
