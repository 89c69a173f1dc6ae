import { print } from "../../influxql/print.ts";
import { hasPassword } from "../../influxql/statement-facts.ts";
import type { Clock } from "../../platform.ts";
import type { errorReply } from "../../write/reply.ts";
import { bytesBody } from "../body.ts";
import type { Changes } from "../changes.ts";
import { own, type Queries, type QueryAnswer, type QueryRequest } from "../query.ts";
import { ReadRouter, type ReadRouterOptions } from "../read-router.ts";
import { Refusals, type RefusalsOptions } from "../refusals.ts";
import { understand } from "../statements.ts";
import type { KeyMap } from "./key-map.ts";
import type { PlanCounters } from "./plan.ts";
import type { ChangeShards } from "./run-change.ts";
import { type AskShard, type ShardAnswer, StatementError } from "./shard-answer.ts";
import {
  type RequestPlan,
  type ShardedAnswer,
  ShardedQueries,
  type ShardedRequest,
} from "./sharded-queries.ts";

/** One shard's side of queries. */
export interface ShardSide {
  readonly replicas: ReadRouterOptions["replicas"];
  readonly changes: Changes;
}

export interface ShardedQueryServiceOptions
  extends Omit<ReadRouterOptions, "clock" | "replicas">,
    RefusalsOptions {
  readonly clock: Clock;
  readonly map: KeyMap;
  /** In the order of the map. */
  readonly shards: readonly ShardSide[];
  /** Points that one statement may fetch to compute with. */
  readonly maxRowsPulled: number;
  readonly plans: PlanCounters;
}

/** Of answers that one statement may hold, in bytes. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;
const UNREAD = "only InfluxQL can be answered from several shards";

/** Answers the queries of a listener with shards: from the one that has it all, or put together from several. */
export class ShardedQueryService implements Queries {
  readonly #options: ShardedQueryServiceOptions;
  readonly #routers: readonly ReadRouter[];
  readonly #refusals: Refusals;

  constructor(options: ShardedQueryServiceOptions) {
    this.#options = options;
    this.#routers = options.shards.map(({ replicas }) => new ReadRouter({ ...options, replicas }));
    this.#refusals = new Refusals(options);
  }

  async ask(request: QueryRequest): Promise<QueryAnswer> {
    const { text, parameters } = request;
    const query = understand(text, parameters.get("params") ?? "", parameters.get("db") ?? "");
    if ("problem" in query) return own(this.#refusals.refused(400, query.problem));
    const refused = this.#refusals.of(query.statements);
    if (refused !== undefined) return own(refused);
    const { map, clock, maxRowsPulled } = this.#options;
    const limits = { maxRowsPulled, maxHeldBytes: MAX_HELD_BYTES };
    const stale: number[] = [];
    const queries = new ShardedQueries({
      map,
      limits,
      ask: this.#asks(request, stale),
      change: this.#changes(request),
    });
    const sharded: ShardedRequest = {
      statements: query.statements.map(({ statement }) => statement),
      parameters,
      pretty: /[?&]pretty=true(&|$)/.test(request.forward.path),
      accept: request.headers["accept"],
      isGet: request.forward.method === "GET",
      now: clock.nowNs(),
      signal: request.signal,
    };
    const plan = queries.plan(sharded);
    this.#count(plan, sharded.statements.length);
    if (plan.kind === "refuse") return own(this.#refusals.refused(plan.status, plan.reason));
    if (plan.kind === "forward") {
      const { databases } = query;
      return (this.#routers[plan.shard] as ReadRouter).ask({ ...request, ...request.forward, databases });
    }
    const answer = passedOn(await queries.run(plan.plans, sharded));
    return stale.length === 0 ? answer : { ...answer, staleMs: Math.max(...stale) };
  }

  /** Flux and remote read are not divided. */
  async pass(): Promise<QueryAnswer> {
    return own(this.#refusals.refused(501, UNREAD));
  }

  #count(plan: RequestPlan, statements: number): void {
    const { plans } = this.#options;
    if (plan.kind === "refuse") plans.refuse++;
    else if (plan.kind === "forward") plans.route += statements;
    else for (const { kind } of plan.plans) plans[kind]++;
  }

  /** @param stale gets, of each answer of a replica that was not in sync, for how many milliseconds it was not */
  #asks({ headers, credentials }: QueryRequest, stale: number[]): AskShard {
    const { accept: _, "accept-encoding": __, ...passed } = headers;
    return async (shard, { parameters, accept, databases, signal }) => {
      const answer = await (this.#routers[shard] as ReadRouter).ask({
        method: "POST",
        path: "/query",
        headers: { ...passed, accept, "content-type": "application/x-www-form-urlencoded" },
        body: new TextEncoder().encode(new URLSearchParams(parameters).toString()),
        databases,
        credentials,
        signal,
      });
      if (answer.kind === "passed" && answer.staleMs !== undefined) stale.push(answer.staleMs);
      return shardAnswer(answer);
    };
  }

  #changes({ credentials, signal }: QueryRequest): ChangeShards {
    const { shards, timeoutMs, counters } = this.#options;
    return async (shard, statement, { db, rp, databases }) => {
      counters.changes++;
      const change = {
        ...{ text: print(statement), db, rp, credentials, timeoutMs },
        scope: databases,
        hasPassword: hasPassword(statement),
      };
      const reply = await (shards[shard] as ShardSide).changes.post(change, signal);
      if (reply.status === 200) return reply.body;
      const { status, body, influxError = `a shard answered with status ${status}` } = reply;
      const header = (name: string) => REPLY_HEADERS[name]?.(reply);
      throw new StatementError(influxError, { status, header, body });
    };
  }
}

const REPLY_HEADERS: Readonly<Record<string, (reply: ReturnType<typeof errorReply>) => string | undefined>> =
  {
    "content-type": ({ contentType }) => contentType,
    "x-influxdb-error": ({ influxError }) => influxError,
    "www-authenticate": ({ authenticate }) => authenticate,
    "retry-after": ({ retryAfter }) => retryAfter,
  };

function passedOn(answer: ShardedAnswer): Extract<QueryAnswer, { kind: "passed" }> {
  const { status, contentType, refusal } = answer;
  if (refusal === undefined) {
    const header = (name: string) => (name === "content-type" ? contentType : undefined);
    const head = { status, header, headers: [["Content-Type", contentType]] as const };
    return { kind: "passed", head, body: answer };
  }
  const headers = Object.keys(REPLY_HEADERS).flatMap((name) => {
    const value = refusal.header(name);
    return value === undefined ? [] : ([[name, value]] as const);
  });
  const head = { status, header: refusal.header, headers };
  return { kind: "passed", head, body: bytesBody(refusal.body) };
}

function shardAnswer(answer: QueryAnswer): ShardAnswer {
  if (answer.kind === "passed") {
    const { head, body } = answer;
    const header = (name: string) => head.header(name);
    return { status: head.status, header, read: () => body.read(), cancel: () => body.cancel() };
  }
  const { reply } = answer;
  const body = bytesBody(reply.body);
  return {
    status: reply.status,
    header: (name) => REPLY_HEADERS[name]?.(reply),
    read: () => body.read(),
    cancel: () => body.cancel(),
  };
}
