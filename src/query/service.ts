import type { Clock } from "../platform.ts";
import type { Reply } from "../writer.ts";
import type { Changes } from "./changes.ts";
import { own, type Queries, type QueryAnswer, type QueryRequest, type ReadQuery } from "./query.ts";
import { ReadRouter, type ReadRouterOptions } from "./read-router.ts";
import { Refusals } from "./refusals.ts";
import type { Rules } from "./rules.ts";
import { ScriptRunner } from "./script.ts";
import { type NotUnderstood, type Understood, understand } from "./statements.ts";

export interface QueryServiceOptions extends Omit<ReadRouterOptions, "clock"> {
  readonly clock: Clock;
  readonly rules: Rules;
  readonly changes: Changes;
  /** Keeps the runtime at work until a promise is done, also after the answer. */
  readonly background: (work: Promise<unknown>) => void;
}

/** Answers queries from one replica set: reads from one replica, changes on all of them. */
export class QueryService implements Queries {
  readonly router: ReadRouter;
  readonly #script: ScriptRunner;
  readonly #refusals: Refusals;
  readonly #background: QueryServiceOptions["background"];

  constructor(options: QueryServiceOptions) {
    const { changes, timeoutMs, clock, counters } = options;
    this.router = new ReadRouter(options);
    this.#script = new ScriptRunner({ router: this.router, changes, timeoutMs, clock, counters });
    this.#refusals = new Refusals(options);
    this.#background = options.background;
  }

  async ask(request: QueryRequest): Promise<QueryAnswer> {
    const { text, parameters } = request;
    const query = understand(text, parameters.get("params") ?? "", parameters.get("db") ?? "");
    const refused = "problem" in query ? this.#refuseUnknown(query) : this.#refusals.of(query.statements);
    if (refused !== undefined) return own(refused);
    if ("problem" in query || !query.changes) {
      return this.router.ask({ ...request, ...request.forward, databases: databasesOf(query) });
    }
    return own(await this.#change(query, request));
  }

  async pass(query: ReadQuery): Promise<QueryAnswer> {
    if (!this.#refusals.any) return this.router.ask(query);
    const reason = "only InfluxQL is allowed on this listener, which does not allow all of it";
    return own(this.#refusals.refused(403, reason));
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

  /** A server finds the words for what it does not understand, unless it might understand more than this relay. */
  #refuseUnknown({ problem, mayChange }: NotUnderstood): Reply | undefined {
    return mayChange || this.#refusals.any ? this.#refusals.refused(400, problem) : undefined;
  }
}

function databasesOf(query: Understood | NotUnderstood): readonly string[] | undefined {
  return "problem" in query ? undefined : query.databases;
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
