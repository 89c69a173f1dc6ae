import { hasPassword } from "../influxql/statement-facts.ts";
import type { Clock } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import type { Reply } from "../writer.ts";
import { readWhole } from "./body.ts";
import type { Changes } from "./changes.ts";
import type { QueryCounters } from "./counters.ts";
import { shown } from "./deprecation.ts";
import type { QueryAnswer, QueryRequest } from "./query.ts";
import type { ReadRouter } from "./read-router.ts";
import {
  errorResult,
  isError,
  numbered,
  printResults,
  type ResultText,
  resultsIn,
  withDeprecation,
} from "./results.ts";
import { unfit } from "./rules.ts";
import { fixedText, type QueryStatement } from "./statements.ts";

/** What the results of a text that changes something may come to, in bytes: they are joined in memory. */
const MAX_RESULTS = 32 * 1024 * 1024;
/** What a statement behind a failed one comes to, as InfluxDB says it. */
const NOT_EXECUTED = "not executed";

/** A text that changes something, as a client asked for it. */
export interface ScriptRequest extends Omit<QueryRequest, "text" | "forward"> {
  readonly statements: readonly QueryStatement[];
  /** By GET, in which InfluxDB calls a change deprecated. */
  readonly isGet: boolean;
}

export interface ScriptOptions {
  readonly router: ReadRouter;
  readonly changes: Changes;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly counters: QueryCounters;
}

/**
 * Runs a text whose statements change something: one after the other, changes on every replica and reads on one that
 * has them, and answers as one InfluxDB would have. The first that fails ends it.
 */
export class ScriptRunner {
  readonly #options: ScriptOptions;

  constructor(options: ScriptOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async run(request: ScriptRequest): Promise<Reply> {
    const { statements, parameters } = request;
    const results: ResultText[] = [];
    let bytes = 0;
    for (const [id, statement] of statements.entries()) {
      const outcome = await this.#one(statement, request);
      if (outcome.kind === "refused") {
        // The server took no statement at all, which has a status of its own.
        if (id === 0) return outcome.reply;
        results.push(errorResult(id, outcome.error));
      } else {
        bytes += outcome.result.length;
        results.push(bytes > MAX_RESULTS ? errorResult(id, TOO_LARGE) : numbered(outcome.result, id));
      }
      if (isError(results[id] as ResultText)) {
        for (let rest = id + 1; rest < statements.length; rest++)
          results.push(errorResult(rest, NOT_EXECUTED));
        break;
      }
    }
    return jsonReply(printResults(results, parameters.get("chunked") === "true"));
  }

  #one(statement: QueryStatement, request: ScriptRequest): Promise<Outcome> {
    const reason = unfit(statement.statement);
    if (reason !== undefined) return Promise.resolve({ kind: "result", result: errorResult(0, reason) });
    return statement.changes ? this.#change(statement, request) : this.#read(statement, request);
  }

  async #change(change: QueryStatement, request: ScriptRequest): Promise<Outcome> {
    const { changes, timeoutMs, clock, counters } = this.#options;
    const { parameters, credentials, signal, isGet } = request;
    counters.changes++;
    const reply = await changes.post(
      {
        text: fixedText(change, clock.nowNs()),
        db: parameters.get("db") ?? "",
        rp: parameters.get("rp") ?? "",
        scope: change.databases,
        hasPassword: hasPassword(change.statement),
        credentials,
        timeoutMs,
      },
      signal,
    );
    const outcome = outcomeOf(reply);
    if (outcome.kind === "refused" || isError(outcome.result)) return outcome;
    const result = inEpoch(outcome.result, parameters.get("epoch") ?? "");
    return { kind: "result", result: isGet ? withDeprecation(result, shown(change.statement)) : result };
  }

  async #read(read: QueryStatement, request: ScriptRequest): Promise<Outcome> {
    const { parameters, credentials, signal } = request;
    // It is read here, so that it must not be packed.
    const { "accept-encoding": _, ...headers } = request.headers;
    const body = new URLSearchParams({ q: read.text });
    for (const name of ["db", "rp", "epoch"]) {
      const value = parameters.get(name);
      if (value !== undefined) body.set(name, value);
    }
    const answer = await this.#options.router.ask({
      method: "POST",
      path: "/query",
      headers: {
        ...headers,
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new TextEncoder().encode(body.toString()),
      databases: read.databases,
      credentials,
      signal,
    });
    return outcomeOf(await whole(answer));
  }
}

/** A statement's result, or an answer that is none. */
type Outcome =
  | { readonly kind: "result"; readonly result: ResultText }
  | { readonly kind: "refused"; readonly reply: Reply; readonly error: string };

const TOO_LARGE =
  "the results are too large for a text that also changes something: query them by themselves";

function outcomeOf(reply: Reply): Outcome {
  const text = new TextDecoder().decode(reply.body);
  const result = reply.status === 200 ? resultsIn(text)?.[0] : undefined;
  if (result !== undefined) return { kind: "result", result };
  const odd = errorReply(502, "a server's answer is not InfluxDB's");
  const refused = reply.status < 300 ? odd : reply;
  return { kind: "refused", reply: refused, error: refused.influxError ?? `status ${refused.status}` };
}

/** The answer of a read, as a reply. */
async function whole(answer: QueryAnswer): Promise<Reply> {
  if (answer.kind === "own") return answer.reply;
  const { head, body } = answer;
  try {
    const bytes = await readWhole(body, MAX_RESULTS);
    if (bytes === undefined) return errorReply(502, TOO_LARGE);
    return {
      kind: head.status === 200 ? "stored" : "rejected",
      status: head.status,
      body: bytes,
      contentType: head.header("content-type"),
      influxError: head.header("x-influxdb-error"),
      retryAfter: head.header("retry-after"),
      authenticate: head.header("www-authenticate"),
    };
  } catch {
    return errorReply(503, "the server's answer broke off");
  }
}

function jsonReply(text: string): Reply {
  return {
    kind: "stored",
    status: 200,
    body: new TextEncoder().encode(text),
    contentType: "application/json",
    influxError: undefined,
    retryAfter: undefined,
  };
}

/** The only time in the result of a change is that of a SELECT INTO's count: always 1970. */
function inEpoch(result: ResultText, epoch: string): ResultText {
  return epoch.trim() === "" ? result : result.replace('[["1970-01-01T00:00:00Z",', "[[0,");
}
