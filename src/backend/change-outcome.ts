import * as v from "valibot";
import type { HttpAnswer } from "../platform.ts";
import type { OutcomeKind, Reply } from "../writer.ts";
import { answered } from "./outcome.ts";
import { isAboutServer } from "./server-errors.ts";

/**
 * With these a statement may succeed when it is tried again, as with what is about the server: it was ended by a limit
 * of time, or by somebody, and what the others executed must be executed here too. Sources: `query/executor.go`.
 */
const CUT_OFF = ["query-timeout limit exceeded", "query interrupted"];

const bodySchema = v.object({
  error: v.optional(v.string()),
  results: v.optional(v.array(v.object({ error: v.optional(v.string()) }))),
});

/** What the answer to a statement means: of a 200 the body tells. */
export function changeAnswered(answer: HttpAnswer): Reply {
  const reply = answered(answer);
  if (answer.status !== 200) return { ...reply, kind: kindOf(reply) };
  const body = bodyOf(answer.body);
  // Not InfluxDB's: a proxy that answers for a server that is not there.
  if (body === undefined) return { ...reply, kind: "unreachable" };
  const error = body.error ?? body.results?.find(({ error }) => error !== undefined)?.error;
  if (error === undefined) return reply;
  return { ...reply, kind: isTransient(error) ? "overloaded" : "rejected", influxError: error };
}

/** A write's texts for a policy that is missing and the like are not those of a statement. */
function kindOf({ kind, status }: Reply): OutcomeKind {
  return kind === "not-ready" && status >= 500 ? "unreachable" : kind;
}

function isTransient(error: string): boolean {
  return isAboutServer(error) || CUT_OFF.some((beginning) => error.startsWith(beginning));
}

function bodyOf(bytes: Uint8Array): v.InferOutput<typeof bodySchema> | undefined {
  try {
    return v.parse(bodySchema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
