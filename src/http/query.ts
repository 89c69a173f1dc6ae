import type { Context } from "hono";
import type { ReadQuery } from "../query/query.ts";
import { errorReply } from "../write/reply.ts";
import type { Credentials, Reply } from "../writer.ts";
import type { Admit } from "./admission.ts";
import type { Answers } from "./answers.ts";
import { bodyRefusal } from "./body-refusal.ts";
import { formOf } from "./form.ts";
import type { AppListener, AppPorts } from "./listener.ts";
import { type Parameters, parseParameters, withoutCredentials } from "./parameters.ts";

/** The handlers of what is asked of InfluxDB. */
export interface QueryEndpoints {
  /** `/query`: InfluxQL. */
  readonly influxql: (c: Context) => Promise<Response>;
  /** `/api/v2/query`: Flux, which is passed on unread. */
  readonly flux: (c: Context) => Promise<Response>;
  /** `/api/v1/prom/read`: Prometheus's remote read. */
  readonly promRead: (c: Context) => Promise<Response>;
}

/** Not HEAD, as InfluxDB. */
export const QUERY_METHODS = "OPTIONS, GET, POST";
/** What a replica is told of a client's request; an id, so that both logs name the same one. */
const HEADERS = ["accept", "accept-encoding", "user-agent", "x-request-id", "content-type"];
const PROM_HEADERS = ["content-encoding", "x-prometheus-remote-read-version"];

/** A request that was let in and read. */
interface Taken {
  readonly parameters: Parameters;
  readonly credentials: Credentials | undefined;
  /** Undefined for GET. */
  readonly body: Uint8Array | undefined;
}

export function createQueryEndpoints(
  listener: AppListener,
  ports: AppPorts,
  answers: Answers,
  admit: Admit,
): QueryEndpoints {
  const { config, queryCounters } = listener;
  const { clock } = ports.platform;

  async function take(c: Context): Promise<Taken | { readonly refusal: Reply }> {
    queryCounters.requests++;
    const parameters = parseParameters(c.req.url);
    const admission = admit(parameters, c.req.header("authorization"));
    const admitted = admission instanceof Promise ? await admission : admission;
    if (admitted.refusal !== undefined) return admitted;
    const { credentials } = admitted;
    if (c.req.method !== "POST") return { parameters, credentials, body: undefined };
    try {
      return { parameters, credentials, body: await ports.readBody(c, config.maxBodySize) };
    } catch (error) {
      return { refusal: bodyRefusal(error, listener) };
    }
  }

  function passedHeaders(c: Context, names: readonly string[]): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const name of names) {
      const value = c.req.header(name);
      if (value !== undefined && value !== "") headers[name] = value;
    }
    const id = c.req.header("request-id");
    if (headers["x-request-id"] === undefined && id) headers["x-request-id"] = id;
    return headers;
  }

  async function influxql(c: Context): Promise<Response> {
    // Hono gives HEAD to GET's handler.
    if (c.req.method === "HEAD") return answers.wrongMethod(QUERY_METHODS);
    const taken = await take(c);
    if ("refusal" in taken) return answers.reply(c, taken.refusal);
    const { parameters, file } = await formOf(taken.parameters, c.req.header("content-type"), taken.body);
    const text = parameters.get("q")?.trim() || file;
    if (text === undefined) return answers.reply(c, errorReply(400, 'missing required parameter "q"'));
    const { "content-type": contentType, ...headers } = passedHeaders(c, HEADERS);
    const service = await listener.queries(c);
    const answer = await service.ask({
      text,
      parameters,
      headers,
      forward: {
        ...forwarded(c, "/query", taken),
        headers: contentType === undefined ? headers : { ...headers, "content-type": contentType },
      },
      credentials: taken.credentials,
      signal: c.req.raw.signal,
    });
    return answers.query(c, answer);
  }

  async function pass(
    c: Context,
    path: string,
    headers: readonly string[],
    db: string | undefined,
  ): Promise<Response> {
    const taken = await take(c);
    if ("refusal" in taken) return answers.reply(c, taken.refusal);
    const service = await listener.queries(c);
    const answer = await service.pass({
      ...forwarded(c, path, taken),
      headers: passedHeaders(c, headers),
      databases: db === undefined ? undefined : [db],
      credentials: taken.credentials,
      signal: c.req.raw.signal,
    });
    return answers.query(c, answer);
  }

  function timed(ask: (c: Context) => Promise<Response>): (c: Context) => Promise<Response> {
    return async (c) => {
      const since = clock.monotonic();
      const response = await ask(c);
      listener.answers.querySeconds.observe((clock.monotonic() - since) / 1_000);
      return response;
    };
  }

  return {
    influxql: timed(influxql),
    flux: timed((c) => pass(c, "/api/v2/query", HEADERS, undefined)),
    promRead: timed((c) =>
      pass(c, "/api/v1/prom/read", [...HEADERS, ...PROM_HEADERS], parseParameters(c.req.url).get("db")),
    ),
  };
}

/** The request as it came, but for its credentials. Its path is InfluxDB's, also where another app has the relay below one. */
function forwarded(
  c: Context,
  endpoint: string,
  { body }: Taken,
): Pick<ReadQuery, "method" | "path" | "body"> {
  const path = endpoint + withoutCredentials(c.req.url);
  return body === undefined ? { method: "GET", path } : { method: "POST", path, body };
}
