import * as v from "valibot";
import type { HttpAnswer } from "../platform.ts";
import type { OutcomeKind, Reply } from "../writer.ts";
import { answered } from "./outcome.ts";

/**
 * InfluxDB answers 200 also where a statement failed, with the reason in the body. With these a statement may succeed
 * when it is tried again; with any other one it never will. Each is the beginning of an error's message in `tsdb`,
 * `query` or `coordinator` of InfluxDB 1.6 to 1.8; `engine is closed` was measured on 1.6.7, right after a restore.
 */
const TRANSIENT = [
  "engine is closed",
  "store is closed",
  "shard is disabled",
  "shard is closed",
  "index is closing",
  "series file closed",
  "timeout",
  "query-timeout limit exceeded",
  "query interrupted",
  "query aborted",
  "query engine shutdown",
  "max-concurrent-queries limit exceeded",
  "engine: cache-max-memory-size exceeded",
];
/** What one shard says is told with its number before it. */
const SHARD = /^shard \d+: /;

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
  const text = error.replace(SHARD, "");
  return TRANSIENT.some((beginning) => text.startsWith(beginning));
}

function bodyOf(bytes: Uint8Array): v.InferOutput<typeof bodySchema> | undefined {
  try {
    return v.parse(bodySchema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
