import type { Log } from "../observe/log.ts";
import type { Clock } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import type { Reply } from "../writer.ts";
import type { Changes } from "./changes.ts";
import type { QueryCounters } from "./counters.ts";
import type { QueryAnswer, ReadQuery } from "./query.ts";
import { ReadRouter, type ReadRouterOptions } from "./read-router.ts";
import { type Rules, refusal } from "./rules.ts";
import { type ScriptRequest, ScriptRunner } from "./script.ts";
import { type NotUnderstood, type Understood, understand } from "./statements.ts";

/** A request with InfluxQL, as a client sent it. */
export interface QueryRequest
  extends Pick<ScriptRequest, "parameters" | "credentials" | "headers" | "signal"> {
  /** Its InfluxQL. */
  readonly text: string;
  /** What goes to a replica if nothing in it changes something. */
  readonly forward: Pick<ReadQuery, "method" | "path" | "headers" | "body">;
}

export interface QueryServiceOptions extends Omit<ReadRouterOptions, "clock"> {
  readonly clock: Clock;
  readonly rules: Rules;
  readonly changes: Changes;
  /** Keeps the runtime at work until a promise is done, also after the answer. */
  readonly background: (work: Promise<unknown>) => void;
}

/** Answers a listener's queries: reads from one replica, changes on all of them. */
export class QueryService {
  readonly router: ReadRouter;
  readonly #script: ScriptRunner;
  readonly #rules: Rules;
  readonly #counters: QueryCounters;
  readonly #listener: string;
  readonly #log: Log;
  readonly #background: QueryServiceOptions["background"];

  constructor(options: QueryServiceOptions) {
    const { rules, changes, timeoutMs, clock, counters, listener, log } = options;
    this.router = new ReadRouter(options);
    this.#script = new ScriptRunner({ router: this.router, changes, timeoutMs, clock, counters });
    this.#rules = rules;
    this.#counters = counters;
    this.#listener = listener;
    this.#log = log;
    this.#background = options.background;
  }

  /** Answers InfluxQL. Never rejects. */
  async ask(request: QueryRequest): Promise<QueryAnswer> {
    const { text, parameters } = request;
    const query = understand(text, parameters.get("params") ?? "", parameters.get("db") ?? "");
    const refused = "problem" in query ? this.#refuseUnknown(query) : this.#refuse(query);
    if (refused !== undefined) return own(refused);
    if ("problem" in query || !query.changes) {
      return this.router.ask({ ...request, ...request.forward, databases: databasesOf(query) });
    }
    return own(await this.#change(query, request));
  }

  /** Passes on what is not read here: it may do anything, so that any rule forbids it. */
  async pass(query: ReadQuery): Promise<QueryAnswer> {
    const { readOnly, deny } = this.#rules;
    if (!readOnly && deny.length === 0) return this.router.ask(query);
    return own(
      this.#refused(403, "only InfluxQL is allowed on this listener, which does not allow all of it"),
    );
  }

  async #change(query: Understood, request: QueryRequest): Promise<Reply> {
    const { parameters, forward } = request;
    const isAsync = parameters.get("async") === "true";
    const running = this.#script.run({
      ...request,
      statements: query.statements,
      isGet: forward.method === "GET",
      ...(isAsync ? { signal: new AbortController().signal } : {}),
    });
    if (!isAsync) return running;
    this.#background(running);
    return NOTHING;
  }

  #refuse({ statements }: Understood): Reply | undefined {
    for (const statement of statements) {
      const reason = refusal(statement, this.#rules);
      if (reason !== undefined) return this.#refused(403, reason);
    }
    return undefined;
  }

  /** A server finds the words for what it does not understand, unless it might understand more than this relay. */
  #refuseUnknown({ problem, mayChange }: NotUnderstood): Reply | undefined {
    const { readOnly, deny } = this.#rules;
    return mayChange || readOnly || deny.length > 0 ? this.#refused(400, problem) : undefined;
  }

  #refused(status: number, message: string): Reply {
    this.#counters.refused++;
    this.#log.throttled("info", "query-refused", { listener: this.#listener, status });
    return errorReply(status, message);
  }
}

function databasesOf(query: Understood | NotUnderstood): readonly string[] | undefined {
  return "problem" in query ? undefined : query.databases;
}

function own(reply: Reply): QueryAnswer {
  return { kind: "own", reply };
}

/** What InfluxDB answers to a query that it runs in the background. */
const NOTHING: Reply = {
  kind: "stored",
  status: 204,
  body: new Uint8Array(0),
  contentType: "application/json",
  influxError: undefined,
  retryAfter: undefined,
};
