import { TransportError } from "../../errors.ts";
import type { Statement } from "../../influxql/ast.ts";
import { databasesOf } from "../../influxql/databases.ts";
import { replaceNow } from "../../influxql/now.ts";
import { print } from "../../influxql/print.ts";
import { goJson } from "../../write/go-json.ts";
import { deprecationOf, shown } from "../deprecation.ts";
import { ByteSink } from "./byte-sink.ts";
import { CsvWriter } from "./csv-writer.ts";
import type { KeyMap } from "./key-map.ts";
import { type Plan, type Refuse, refuse } from "./plan.ts";
import { planStatement } from "./planner.ts";
import { Prettier } from "./pretty.ts";
import { CHUNK_SIZE, ChunkedJsonWriter, JsonWriter, type ResultWriter } from "./result-writer.ts";
import { runAggregates } from "./run-aggregates.ts";
import { type ChangeShards, runChange } from "./run-change.ts";
import type { RunContext, RunLimits, Running } from "./run-context.ts";
import { runList } from "./run-list.ts";
import { runPass } from "./run-pass.ts";
import { runRows } from "./run-rows.ts";
import { type AskShard, StatementError } from "./shard-answer.ts";
import { UnknownZone, zoneOf } from "./zone.ts";

/** A request with InfluxQL that was read. */
export interface ShardedRequest {
  readonly statements: readonly Statement[];
  /** As the client sent them, in the URL or a form: `db`, `rp`, `epoch`, `chunked`, `chunk_size`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** `pretty=true` of the URL; influxd does not look for it in a form. */
  readonly pretty: boolean;
  /** Of the request's Accept. */
  readonly accept: string | undefined;
  /** By GET, in which InfluxDB calls a change deprecated. */
  readonly isGet: boolean;
  /** When it came, in nanoseconds since 1970. */
  readonly now: bigint;
  readonly signal: AbortSignal;
}

/** What a request is to the shards. */
export type RequestPlan =
  /** One shard answers it, as it is. */
  | { readonly kind: "forward"; readonly shard: number }
  /** Nobody answers it, and nothing of it is done. */
  | { readonly kind: "refuse"; readonly status: 400 | 406; readonly reason: string }
  /** The statements one by one, some of several shards. */
  | { readonly kind: "run"; readonly plans: readonly Plan[] };

/** An answer that was put together here. */
export interface ShardedAnswer {
  readonly status: number;
  readonly contentType: string;
  /** What a shard said instead, if none of it was begun. */
  readonly refusal: StatementError["refusal"];
  /** The next piece; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

export interface ShardedQueriesOptions {
  readonly map: KeyMap;
  readonly ask: AskShard;
  readonly change: ChangeShards;
  readonly limits: RunLimits;
}

const MSGPACK = "application/x-msgpack";
const CSV: readonly string[] = ["application/csv", "text/csv"];

/** Answers queries about data that is divided over shards as one InfluxDB would that has all of it, or not at all. */
export class ShardedQueries {
  readonly #options: ShardedQueriesOptions;

  constructor(options: ShardedQueriesOptions) {
    this.#options = options;
  }

  plan({ statements, parameters, accept }: ShardedRequest): RequestPlan {
    const { map } = this.#options;
    const db = parameters.get("db") ?? "";
    const plans = statements.map((statement) => planStatement(statement, map, db));
    const refused = plans.map(unknownZone).find(Boolean) ?? plans.find((plan) => plan.kind === "refuse");
    if (refused !== undefined) return { kind: "refuse", status: 400, reason: refused.reason };
    const shard = onlyShard(plans);
    if (shard !== undefined) return { kind: "forward", shard };
    if (accept === MSGPACK) {
      const reason = `${MSGPACK} is not available for answers of several shards: ask for application/json`;
      return { kind: "refuse", status: 406, reason };
    }
    return { kind: "run", plans };
  }

  /** Runs the plans of a request. Resolves when the answer begins. */
  async run(plans: readonly Plan[], request: ShardedRequest): Promise<ShardedAnswer> {
    const sink = new ByteSink();
    const writer = writerFor(request, sink);
    const isPretty = request.pretty && !CSV.includes(request.accept ?? "");
    const prettier = isPretty ? new Prettier() : undefined;
    const stop = new AbortController();
    const signal = AbortSignal.any([request.signal, stop.signal]);
    const pieces = this.#pieces(plans, { ...request, signal }, writer, sink);
    const answer = { status: 200, contentType: writer.contentType, refusal: undefined };
    const next = async () => {
      const { done } = await pieces.next();
      if (done && sink.length === 0) return undefined;
      const piece = sink.take();
      return prettier === undefined ? piece : prettier.push(piece);
    };
    try {
      const first = next();
      await first;
      let begun: Promise<Uint8Array | undefined> | undefined = first;
      return {
        ...answer,
        read() {
          const piece = begun ?? next();
          begun = undefined;
          return piece;
        },
        cancel() {
          // What waits for a shard ends with an error that nobody waits for.
          stop.abort();
          pieces.return().catch(() => undefined);
        },
      };
    } catch (error) {
      if (!(error instanceof StatementError) || error.refusal === undefined) throw error;
      return {
        ...answer,
        status: error.refusal.status,
        refusal: error.refusal,
        read: async () => undefined,
        cancel() {},
      };
    }
  }

  async *#pieces(
    plans: readonly Plan[],
    request: ShardedRequest,
    writer: ResultWriter,
    sink: ByteSink,
  ): Running {
    let failed = false;
    let yielded = false;
    for (const [id, plan] of plans.entries()) {
      const statement = request.statements[id] as Statement;
      writer.beginResult(id);
      if (failed) {
        writer.endResult(goJson("not executed"));
        continue;
      }
      try {
        for await (const _ of this.#statement(statement, plan, request, writer, sink)) {
          yielded = true;
          yield;
        }
        const isDeprecated = plan.kind === "broadcast" && request.isGet;
        writer.endResult(undefined, isDeprecated ? deprecationOf(shown(statement)) : undefined);
      } catch (error) {
        // InfluxDB took no statement of the request at all.
        const isRefused = error instanceof StatementError && error.refusal !== undefined;
        if (isRefused && id === 0 && !yielded) throw error;
        writer.endResult(goJson(messageOf(error)));
        failed = true;
      }
    }
    writer.end();
  }

  #statement(
    statement: Statement,
    plan: Plan,
    request: ShardedRequest,
    writer: ResultWriter,
    sink: ByteSink,
  ): Running {
    const { parameters, now, signal } = request;
    const db = parameters.get("db") ?? "";
    // CSV has times in nanoseconds where JSON has texts.
    const epoch = (parameters.get("epoch") ?? "").trim() || (writer instanceof CsvWriter ? "ns" : "");
    const context: RunContext = {
      ...this.#options,
      writer,
      sink,
      db,
      rp: parameters.get("rp") ?? "",
      epoch,
      databases: databasesOf(statement, db),
      now,
      signal,
    };
    const fixed = replaceNow(statement, now);
    switch (plan.kind) {
      case "route":
        return runPass(plan.shard, print(fixed), epoch, context);
      case "concat-rows":
      case "merge-rows":
        return runRows({ ...plan, select: fixed as typeof plan.select }, context);
      case "merge-aggregates":
        return runAggregates({ ...plan, select: fixed as typeof plan.select }, context);
      case "merge-list":
        return runList(plan, context);
      case "broadcast":
        return runChange(plan, fixed, this.#options.change, context);
      default:
        throw new StatementError(plan.reason);
    }
  }
}

/** @throws what is no failure of a statement */
function messageOf(error: unknown): string {
  if (error instanceof StatementError || error instanceof UnknownZone) return error.message;
  if (error instanceof TransportError) return `a shard's answer broke off: ${error.message}`;
  throw error;
}

/** influxd looks for the zone when it parses a query, and here only its shards would. */
function unknownZone(plan: Plan): Refuse | undefined {
  try {
    if ("select" in plan) zoneOf(plan.select.timeZone);
    return undefined;
  } catch (error) {
    return refuse(`error parsing query: ${messageOf(error)}`);
  }
}

/** The shard that every statement goes to; undefined if there are several, or one changes something. */
function onlyShard(plans: readonly Plan[]): number | undefined {
  const shards = new Set(plans.map((plan) => (plan.kind === "route" ? plan.shard : -1)));
  const [shard = -1] = shards;
  return shards.size === 1 && shard >= 0 ? shard : undefined;
}

function writerFor({ accept, parameters }: ShardedRequest, sink: ByteSink): ResultWriter {
  if (CSV.includes(accept ?? "")) return new CsvWriter(sink);
  if (parameters.get("chunked") !== "true") return new JsonWriter(sink);
  const size = Number(parameters.get("chunk_size") ?? "");
  return new ChunkedJsonWriter(sink, Number.isSafeInteger(size) && size > 0 ? size : CHUNK_SIZE);
}
