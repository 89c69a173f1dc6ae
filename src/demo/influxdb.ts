import type { Clock } from "../platform.ts";
import { parsePoints } from "../write/points.ts";
import { readBody } from "./body.ts";
import { type Json, toJson } from "./json.ts";
import { parseStatements, StatementError } from "./query.ts";
import { PointStore, StoreFull } from "./store.ts";

/** Beyond it a write is refused with 503. */
const MAX_POINTS = 1_000_000;
/** InfluxDB's own default of `max-body-size`, in bytes. */
const MAX_BODY_BYTES = 25_000_000;
const VERSION = "1.6.7-demo";
const RETENTION_POLICY = "autogen";

export interface DemoOptions {
  /** Exist from the start. */
  readonly databases: readonly string[];
  readonly clock: Clock;
  /** What X-Influxdb-Version says. */
  readonly version?: string;
  readonly maxPoints?: number;
  /** Bytes, inflated. */
  readonly maxBodyBytes?: number;
}

export interface DemoRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: Uint8Array;
  /** A request header by lower-case name. */
  header(name: string): string | undefined;
}

export interface DemoAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface DemoInfluxdb {
  readonly store: PointStore;
  /** Never rejects. */
  handle(request: DemoRequest): Promise<DemoAnswer>;
}

/**
 * An InfluxDB to try the relay with, in memory: `/ping`, `/write` and a handful of statements on `/query`. It
 * answers with the statuses and the words of InfluxDB 1.6. Each database has one retention policy, `autogen`.
 */
export function createDemoInfluxdb(options: DemoOptions): DemoInfluxdb {
  const store = new PointStore(options.maxPoints ?? MAX_POINTS);
  for (const db of options.databases) store.createDatabase(db);
  const always = { "X-Influxdb-Build": "demo", "X-Influxdb-Version": options.version ?? VERSION };

  function answer(status: number, text = "", headers: Record<string, string> = {}): DemoAnswer {
    const body = new TextEncoder().encode(text);
    return { status, headers: { "Content-Type": "application/json", ...always, ...headers }, body };
  }

  function failure(status: number, message: string): DemoAnswer {
    return answer(status, `${toJson({ error: message })}\n`, { "X-Influxdb-Error": headerValue(message) });
  }

  function plain(status: number, text: string, headers: Record<string, string> = {}): DemoAnswer {
    return answer(status, `${text}\n`, { "Content-Type": "text/plain; charset=utf-8", ...headers });
  }

  async function write(request: DemoRequest, parameters: URLSearchParams): Promise<DemoAnswer> {
    const db = parameters.get("db") ?? "";
    if (db === "") return failure(400, "database is required");
    if (!store.has(db)) return failure(404, `database not found: "${db}"`);
    const body = await readBody(request, options.maxBodyBytes ?? MAX_BODY_BYTES);
    if (!body.ok) return failure(body.status, body.message);
    const parsed = parsePoints(body.bytes, parameters.get("precision") ?? "", options.clock.nowNs());
    const unparsable = parsed.errors.join("\n");
    if (parsed.points.length === 0) return unparsable === "" ? answer(204) : failure(400, unparsable);
    if (!["", "any", "one", "quorum", "all"].includes(parameters.get("consistency") ?? "")) {
      return failure(400, "invalid consistency level");
    }
    const rp = parameters.get("rp") ?? "";
    if (rp !== "" && rp !== RETENTION_POLICY) return failure(500, `retention policy not found: ${rp}`);
    try {
      const dropped = store.add(db, parsed.points);
      if (dropped.points > 0) {
        return failure(400, `partial write: ${dropped.reason} dropped=${dropped.points}`);
      }
    } catch (error) {
      if (error instanceof StoreFull) return failure(503, error.message);
      throw error;
    }
    return unparsable === "" ? answer(204) : failure(400, `partial write: ${unparsable} dropped=0`);
  }

  function query(request: DemoRequest, parameters: URLSearchParams): DemoAnswer {
    if (request.header("content-type")?.startsWith("application/x-www-form-urlencoded")) {
      const form = new URLSearchParams(new TextDecoder().decode(request.body));
      for (const [name, value] of form) parameters.set(name, value);
    }
    const q = parameters.get("q") ?? "";
    if (q === "") return failure(400, 'missing required parameter "q"');
    try {
      const results = run(q, request.method, parameters);
      return answer(200, `${toJson({ results })}\n`);
    } catch (error) {
      if (error instanceof StatementError) return failure(400, `error parsing query: ${error.message}`);
      throw error;
    }
  }

  function run(q: string, method: string, parameters: URLSearchParams): Json[] {
    const statements = parseStatements(q);
    const results: Json[] = [];
    for (const [index, statement] of statements.entries()) {
      const result = statement.run(store, parameters.get("db") ?? "", parameters.get("epoch") ?? "");
      if ("error" in result) {
        // InfluxDB tells the reason of the last statement only, and says nothing of those that follow a failed one.
        const last = index === statements.length - 1;
        return [...results, { statement_id: index, error: last ? result["error"] : "not executed" }];
      }
      results.push({
        statement_id: index,
        ...result,
        ...warning(statement.changes && method === "GET", statement.text),
      });
    }
    return results;
  }

  async function handle(request: DemoRequest): Promise<DemoAnswer> {
    const [path = "", search = ""] = request.path.split(/\?(.*)/s);
    const allowed = METHODS[path];
    if (allowed === undefined) return plain(404, "404 page not found");
    if (!allowed.includes(request.method))
      return plain(405, "Method Not Allowed", { Allow: allowed.join(", ") });
    if (request.method === "OPTIONS") return answer(200);
    const parameters = new URLSearchParams(search);
    if (path === "/ping") return answer(204);
    return path === "/write" ? write(request, parameters) : query(request, parameters);
  }

  return { store, handle };
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  "/ping": ["GET", "HEAD"],
  "/write": ["OPTIONS", "POST"],
  "/query": ["OPTIONS", "GET", "POST"],
};

/** InfluxDB cuts X-Influxdb-Error here, in bytes. */
const MAX_ERROR_HEADER = 1024;

/** UTF-8 bytes, one a character, as headers are sent. A line end cannot be in one: InfluxDB puts a blank there. */
function headerValue(message: string): string {
  const bytes = new TextEncoder().encode(message.replace(/[\0-\x1f\x7f]/g, " "));
  return Array.from(bytes.subarray(0, MAX_ERROR_HEADER), (byte) => String.fromCharCode(byte)).join("");
}

function warning(due: boolean, statement: string): { messages?: Json } {
  if (!due) return {};
  const text = `deprecated use of '${statement}' in a read only context, please use a POST request instead`;
  return { messages: [{ level: "warning", text }] };
}
