import type { Context } from "hono";
import type { QueryAnswer } from "../query/query.ts";
import type { Reply } from "../writer.ts";
import { headerValue } from "./header-value.ts";
import type { AppListener, AppPorts } from "./listener.ts";
import { passedHeaders } from "./passed-headers.ts";
import { createRequestIds } from "./request-id.ts";

/** InfluxDB's last 1.x: the version to name for as long as no backend has told its own. */
const UNKNOWN_BACKEND = { version: "1.8.10", build: "OSS" };
/** InfluxDB cuts X-Influxdb-Error at so many bytes. */
const MAX_ERROR_HEADER = 1024;
const EMPTY = new Uint8Array(0);
/** InfluxDB's, to every request with an Origin. */
const CORS = {
  "Access-Control-Allow-Methods": "DELETE, GET, OPTIONS, POST, PUT",
  "Access-Control-Allow-Headers":
    "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token, X-HTTP-Method-Override",
  "Access-Control-Expose-Headers": "Date, X-InfluxDB-Version, X-InfluxDB-Build",
};

/** The version that clients are told. */
export function backendVersion(listener: AppListener): { readonly version: string; readonly build: string } {
  return listener.backendVersion() ?? UNKNOWN_BACKEND;
}

type Headers = Record<string, string>;

function cors(c: Context): Headers {
  const origin = c.req.header("origin");
  return origin ? { "Access-Control-Allow-Origin": origin, ...CORS } : {};
}

/** Makes the responses, with the headers of an InfluxDB 1.x. */
export interface Answers {
  /** What a writer, or the listener itself, has to say about a write. */
  reply(c: Context, reply: Reply): Response;
  json(c: Context, status: number, value: object, headers?: Readonly<Headers>): Response;
  /** What was answered to a query. */
  query(c: Context, answer: QueryAnswer): Response;
  /** 405, naming the methods that are right. */
  wrongMethod(allow: string): Response;
  /** 204. */
  noContent(c: Context): Response;
  /** To OPTIONS: an empty 200, as InfluxDB 1.6 gives. */
  preflight(c: Context): Response;
  /** 404 and 405: plain text, and none of the headers that only routes have. */
  noRoute(status: 404 | 405, text: string, headers?: Readonly<Headers>): Response;
}

export function createAnswers(listener: AppListener, ports: AppPorts): Answers {
  const newRequestId = createRequestIds(ports.platform);

  function server(): Headers {
    const { version, build } = backendVersion(listener);
    return { "X-Influxdb-Version": headerValue(version), "X-Influxdb-Build": headerValue(build) };
  }

  function common(c: Context): Headers {
    const headers = server();
    const id = c.req.header("x-request-id") || c.req.header("request-id") || newRequestId();
    headers["X-Request-Id"] = id;
    headers["Request-Id"] = id;
    return Object.assign(headers, cors(c));
  }

  function json(c: Context, status: number, value: object, more?: Readonly<Headers>): Response {
    const headers = Object.assign(common(c), { "Content-Type": "application/json" }, more);
    return new Response(JSON.stringify(value), { status, headers });
  }

  function noContent(c: Context): Response {
    const headers = common(c);
    headers["Content-Type"] = "application/json";
    return new Response(null, { status: 204, headers });
  }

  function reply(c: Context, said: Reply): Response {
    if (said.status === 204) return noContent(c);
    const headers = Object.assign(common(c), replyHeaders(said));
    return new Response(said.body as Uint8Array<ArrayBuffer>, { status: said.status, headers });
  }

  function noRoute(status: 404 | 405, text: string, more?: Readonly<Headers>): Response {
    const plain = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
    return new Response(text, { status, headers: { ...server(), ...plain, ...more } });
  }

  return {
    json,
    noContent,
    reply,
    noRoute,
    wrongMethod: (allow) => noRoute(405, "Method Not Allowed\n", { Allow: allow }),
    query(c, answer) {
      if (answer.kind === "own") return reply(c, answer.reply);
      const { head, body, staleMs } = answer;
      const headers = passedHeaders(head.headers, cors(c));
      if (staleMs !== undefined) headers["X-Relay-Stale"] = String(Math.ceil(staleMs / 1000));
      return ports.stream(c, head.status, headers, body);
    },
    preflight: (c) => new Response(EMPTY, { status: 200, headers: common(c) }),
  };
}

function replyHeaders({ contentType, influxError, retryAfter, authenticate }: Reply): Headers {
  const headers: Headers = {};
  if (contentType !== undefined) headers["Content-Type"] = headerValue(contentType);
  if (influxError !== undefined)
    headers["X-Influxdb-Error"] = headerValue(influxError).slice(0, MAX_ERROR_HEADER);
  if (retryAfter !== undefined) headers["Retry-After"] = headerValue(retryAfter);
  if (authenticate !== undefined) headers["Www-Authenticate"] = headerValue(authenticate);
  return headers;
}
