import type { TransportFailure } from "../errors.ts";
import type { HttpAnswer } from "../platform.ts";
import type { OutcomeKind, Reply } from "../writer.ts";

/**
 * Where InfluxDB gives nothing but a text to tell two 5xx or two 400 apart. Measured on 1.6.7, and the same in
 * the sources of 1.8: each is the message of an error in `tsdb` or `services/meta`.
 */
const PERMANENT_5XX = ["retention policy not found"];
/** The second is that of later versions: `dropped 3 points outside retention policy of duration 2h0m0s - oldest point ...`. */
const EXPIRED = /points (?:beyond|outside) retention policy/;

const EMPTY = new Uint8Array(0);
const MAX_WORDS_BYTES = 1024;

/** What an HTTP answer to a write means. See the outcome table in docs/reliability.md. */
export function outcomeKind(status: number, influxError: string): OutcomeKind {
  if (status >= 200 && status < 300) return "stored";
  switch (status) {
    case 400:
    case 413:
    case 422:
      return "rejected";
    case 401:
    case 403:
    case 404:
      return "not-ready";
    case 408:
    case 429:
    case 503:
      return "overloaded";
  }
  if (status >= 500 && PERMANENT_5XX.some((text) => influxError.startsWith(text))) return "not-ready";
  return "unreachable";
}

/** The backend's answer as a reply: status, body and the headers that belong to the body, verbatim. */
export function answered(answer: HttpAnswer): Reply {
  const influxError = answer.header("x-influxdb-error");
  return {
    kind: outcomeKind(answer.status, influxError ?? ""),
    status: answer.status,
    body: answer.body,
    contentType: answer.header("content-type"),
    influxError,
    retryAfter: answer.header("retry-after"),
    authenticate: answer.header("www-authenticate"),
  };
}

/** The backend gave no answer; why is in `influxError`, in one word. */
export function unanswered(failure: TransportFailure | "down" | "behind" | "evicted" | "paused"): Reply {
  return {
    kind: "unreachable",
    status: 0,
    body: EMPTY,
    contentType: undefined,
    influxError: failure,
    retryAfter: undefined,
  };
}

/** What the backend said: InfluxDB leaves X-Influxdb-Error out of a 401, but not the body. */
export function wordsOf({ influxError, body }: Reply): string {
  if (influxError !== undefined) return influxError;
  const text = new TextDecoder().decode(body.subarray(0, MAX_WORDS_BYTES)).trim();
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // A proxy in between answers in its own form.
  }
  return text;
}

/** True for a rejection that only says that points are older than their retention policy allows. */
export function isExpired(reply: Reply): boolean {
  return reply.kind === "rejected" && EXPIRED.test(reply.influxError ?? "");
}

/** True if nothing more is to be done about a write: it was stored, or it will never be. */
export function isTaken({ kind }: Reply): boolean {
  return kind === "stored" || kind === "rejected";
}

/** True for an error of the backend's own that is not about its load. */
export function isRefusal({ kind, status }: Reply): boolean {
  return kind === "unreachable" && status >= 500;
}
