import * as v from "valibot";
import type { HttpAnswer } from "../platform.ts";
import { goJson } from "../write/go-json.ts";
import type { OutcomeKind, Reply } from "../writer.ts";
import { answered } from "./outcome.ts";

/** `{"code":"invalid","message":"..."}`, as the 2.x API answers with every error. */
const errorSchema = v.object({ code: v.string(), message: v.string() });

/** InfluxDB up to 2.0 answers a write of which it stored a part with 500; later ones with 422. */
const PARTIAL = "partial write:";

/**
 * What an answer of the 2.x API to a write means. Its error is put into a form that clients of both APIs read: that of 1.x,
 * `error` and X-Influxdb-Error, beside `code` and `message`.
 */
export function v2Answered(answer: HttpAnswer): Reply {
  const reply = answered(answer);
  const error = answer.status < 400 ? undefined : errorIn(answer.body);
  if (error === undefined) return reply;
  const { code, message } = error;
  return {
    ...reply,
    kind: kindOf(reply, message),
    body: new TextEncoder().encode(`${goJson({ error: message, code, message })}\n`),
    contentType: "application/json",
    influxError: message,
  };
}

function kindOf({ kind, status }: Reply, message: string): OutcomeKind {
  return status === 500 && message.includes(PARTIAL) ? "rejected" : kind;
}

function errorIn(body: Uint8Array): v.InferOutput<typeof errorSchema> | undefined {
  try {
    return v.parse(errorSchema, JSON.parse(new TextDecoder().decode(body)));
  } catch {
    // Of a proxy in between, or of a server that answers in plain text: it is passed on as it is.
    return undefined;
  }
}
