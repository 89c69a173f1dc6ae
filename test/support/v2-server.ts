import { PointStore } from "../../src/demo/store.ts";
import { type Point, parsePoints } from "../../src/write/points.ts";
import { canonicalPoints } from "./faulty-influxdb.ts";
import { httpAnswer, type ScriptedAnswer, type SentRequest } from "./test-platform.ts";

export interface V2ServerOptions {
  /** Names of the organization's buckets. */
  readonly buckets: readonly string[];
  readonly maxBodyBytes?: number;
  /** Points before that (nanoseconds) are older than the retention allows. */
  readonly oldestNs?: bigint;
}

/**
 * An InfluxDB 2.x behind a scripted platform: the organization `acme` with its buckets, and the tokens `writer` and
 * `reader`. It answers writes as the API documents and as the source does (http/write_handler.go, v2.7): one line that
 * cannot be read refuses the body, what the store does not take is 422 and the rest of it is stored.
 */
export interface V2Server {
  answer(request: SentRequest): ScriptedAnswer;
  /** Everything in a bucket, as sorted canonical lines. */
  points(bucket: string): string[];
  /** Answers this to everything until it is called without an argument. */
  fail(answer?: ScriptedAnswer): void;
}

/** The precisions of the API, by what they are called in 1.x. */
const UNITS: Readonly<Record<string, string>> = { ns: "n", us: "u", ms: "ms", s: "s" };

export function createV2Server(options: V2ServerOptions): V2Server {
  const { buckets, maxBodyBytes = Number.POSITIVE_INFINITY, oldestNs } = options;
  const store = new PointStore(1_000_000);
  for (const bucket of buckets) store.createDatabase(bucket);
  let failure: ScriptedAnswer | undefined;

  function answer({ method, path, headers, body }: SentRequest): ScriptedAnswer {
    if (failure !== undefined) return failure;
    const { pathname, searchParams } = new URL(path, "http://server");
    if (pathname === "/ping") return httpAnswer(204, "", VERSION);
    if (method !== "POST" || pathname !== "/api/v2/write") return v2Error(404, "not found", "path not found");
    const token = /^Token (.+)$/.exec(headers["authorization"] ?? "")?.[1];
    if (token !== "writer" && token !== "reader") return v2Error(401, "unauthorized", "unauthorized access");
    return write(searchParams, body, token);
  }

  function write(parameters: URLSearchParams, body: Uint8Array, token: string): ScriptedAnswer {
    const [org, bucket] = [parameters.get("org"), parameters.get("bucket") ?? ""];
    const unit = UNITS[parameters.get("precision") ?? "ns"];
    if (unit === undefined)
      return v2Error(400, "invalid", "invalid precision; valid precision units are ns, us, ms, and s");
    if (org !== "acme") return v2Error(404, "not found", `organization name "${org}" not found`);
    if (!store.has(bucket)) return v2Error(404, "not found", `bucket "${bucket}" not found`);
    if (token === "reader") return v2Error(403, "forbidden", "insufficient permissions for write");
    if (body.byteLength > maxBodyBytes)
      return v2Error(413, "request too large", "unable to read data: points batch is too large");
    if (body.byteLength === 0) return v2Error(400, "invalid", "writing requires points");
    const { points, errors } = parsePoints(body, unit, 0n);
    if (errors.length > 0) return v2Error(400, "invalid", errors.join("\n"));
    return add(bucket, points);
  }

  function add(bucket: string, points: readonly Point[]): ScriptedAnswer {
    const fresh = points.filter(({ timeNs }) => oldestNs === undefined || timeNs >= oldestNs);
    const { points: dropped, reason } = store.add(bucket, fresh);
    if (dropped > 0) return partial(`${reason} dropped=${dropped}`);
    const old = points.length - fresh.length;
    if (old === 0) return httpAnswer(204, "", VERSION);
    return partial(
      `dropped ${old} points outside retention policy of duration 2h0m0s - oldest point m at 1970-01-01T00:00:00Z ` +
        "dropped because it violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z " +
        `dropped=${old} for database: 0a1b for retention policy: autogen`,
    );
  }

  return {
    answer,
    points: (bucket) => canonicalPoints(store, bucket),
    fail: (next) => {
      failure = next;
    },
  };
}

const VERSION = { "X-Influxdb-Version": "v2.7.11", "X-Influxdb-Build": "OSS" };

function partial(reason: string): ScriptedAnswer {
  const message = `failure writing points to database: partial write: ${reason}`;
  return v2Error(422, "unprocessable entity", message);
}

/** An error as the 2.x API answers it. */
export function v2Error(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ScriptedAnswer {
  return httpAnswer(status, JSON.stringify({ code, message }), {
    ...VERSION,
    "Content-Type": "application/json; charset=utf-8",
    "X-Platform-Error-Code": code,
    ...headers,
  });
}
