import type { OutcomeKind, Reply } from "../writer.ts";
import { goJson } from "./go-json.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** What a client is told when its write reached as many replicas as it had to. */
export const STORED: Reply = {
  kind: "stored",
  status: 204,
  body: NOTHING,
  contentType: "application/json",
  influxError: undefined,
  retryAfter: undefined,
};

/** An error of the relay's own, in InfluxDB's form: `{"error":"..."}` and a line feed. */
export function errorReply(status: number, message: string): Reply {
  return {
    kind: kindOf(status),
    status,
    body: encoder.encode(`${goJson({ error: message })}\n`),
    contentType: "application/json",
    influxError: message,
    retryAfter: status === 503 ? "1" : undefined,
  };
}

function kindOf(status: number): OutcomeKind {
  if (status === 503) return "overloaded";
  return status >= 500 ? "unreachable" : "rejected";
}
