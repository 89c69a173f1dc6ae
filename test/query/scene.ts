import { QueryClient } from "../../src/backend/query-client.ts";
import { createLog } from "../../src/observe/log.ts";
import { readWhole } from "../../src/query/body.ts";
import type { Changes } from "../../src/query/changes.ts";
import type { Policy } from "../../src/query/choice.ts";
import { createQueryCounters, type QueryCounters } from "../../src/query/counters.ts";
import type { QueryAnswer, ReadQuery } from "../../src/query/query.ts";
import type { ReadReplica } from "../../src/query/replica.ts";
import type { Rules } from "../../src/query/rules.ts";
import { QueryService } from "../../src/query/service.ts";
import { errorReply } from "../../src/write/reply.ts";
import type { Change, Reply } from "../../src/writer.ts";
import { OUTPUT } from "../backend/replica-set.ts";
import { createTestPlatform, httpAnswer, type Script, type TestPlatform } from "../support/test-platform.ts";

/** What a test says of one replica; all that is left out is as well as can be. */
export interface ReplicaState {
  inSync?: boolean;
  staleMs?: number;
  pending?: number;
  /** Resolves `answered`. */
  caughtUp?: Promise<void>;
  weight?: number;
  maxConcurrentQueries?: number;
}

export interface QueryScene {
  readonly platform: TestPlatform;
  readonly service: QueryService;
  readonly counters: QueryCounters;
  readonly replicas: readonly ReadReplica[];
  /** May be changed at any time. */
  readonly states: ReplicaState[];
  /** What was sent to all replicas. */
  readonly changes: Change[];
  /** The names of the replicas that were asked, in order. */
  asked(): string[];
}

export interface QuerySceneOptions {
  readonly states?: readonly ReplicaState[];
  readonly http?: Script;
  readonly policy?: Policy;
  readonly rules?: Partial<Rules>;
  readonly syncWaitMs?: number;
  readonly seed?: number;
  /** An empty result unless given. */
  readonly change?: (change: Change) => Reply | Promise<Reply>;
}

export const EMPTY_RESULT = '{"results":[{"statement_id":0}]}\n';

/** A service in front of scripted servers named a, b, c. */
export function queryScene(options: QuerySceneOptions = {}): QueryScene {
  const http = options.http ?? (() => json(EMPTY_RESULT));
  const platform = createTestPlatform({
    http,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  const states = (options.states ?? [{}, {}]).map((state) => ({ ...state }));
  const replicas = states.map(({ weight = 1, maxConcurrentQueries = 64 }, i): ReadReplica => {
    const name = "abc"[i] as string;
    const state = () => states[i] as ReplicaState;
    const output = { ...OUTPUT, name, origin: `http://${name}`, weight, maxConcurrentQueries };
    return {
      name,
      queries: new QueryClient(output, platform),
      isInSync: () => state().inSync ?? true,
      staleMs: () => state().staleMs ?? 0,
      pending: () => state().pending ?? 0,
      answered: (_db, signal) =>
        Promise.race([state().caughtUp ?? new Promise<void>(() => {}), aborted(signal)]),
    };
  });
  const changes: Change[] = [];
  const changer: Changes = {
    post: async (change) => {
      changes.push(change);
      return options.change?.(change) ?? reply(EMPTY_RESULT);
    },
  };
  const counters = createQueryCounters();
  const service = new QueryService({
    listener: "main",
    replicas,
    changes: changer,
    policy: options.policy ?? "first",
    syncWaitMs: options.syncWaitMs ?? 500,
    timeoutMs: 5_000,
    rules: { readOnly: false, deny: [], ...options.rules },
    clock: platform.clock,
    random: platform.random,
    gunzip: platform.gunzip,
    counters,
    log: createLog(platform.log, platform.clock),
    background: () => {},
  });
  const asked = () => platform.sent.map(({ origin }) => origin.slice("http://".length));
  return { platform, service, counters, replicas, states, changes, asked };
}

/** A read that goes on as it came. */
export function read(options: Partial<ReadQuery> = {}): ReadQuery {
  return {
    method: "GET",
    path: "/query?q=SELECT+v+FROM+m&db=d",
    headers: {},
    databases: ["d"],
    credentials: undefined,
    signal: new AbortController().signal,
    ...options,
  };
}

/** Asks a text as a client would that sends it by POST, or by `method`. */
export function ask(
  { service }: QueryScene,
  text: string,
  {
    method = "POST",
    signal = new AbortController().signal,
    ...parameters
  }: { method?: "GET" | "POST"; signal?: AbortSignal; [parameter: string]: unknown } = {},
): Promise<QueryAnswer> {
  const all = new URLSearchParams({ q: text, db: "d", ...(parameters as Record<string, string>) });
  const path = method === "GET" ? `/query?${all}` : "/query";
  const body = method === "GET" ? {} : { body: new TextEncoder().encode(all.toString()) };
  return service.ask({
    text,
    parameters: new Map(all),
    headers: {},
    forward: { method, path, headers: {}, ...body },
    credentials: undefined,
    signal,
  });
}

export function json(body: string) {
  return httpAnswer(200, body, { "Content-Type": "application/json" });
}

export function reply(body: string): Reply {
  return { ...errorReply(400, ""), kind: "stored", status: 200, body: new TextEncoder().encode(body) };
}

/** The answer's status and text. */
export async function told(answer: QueryAnswer): Promise<[status: number, text: string]> {
  const bytes = answer.kind === "own" ? answer.reply.body : await readWhole(answer.body, 1_000_000);
  return [answer.kind === "own" ? answer.reply.status : answer.head.status, new TextDecoder().decode(bytes)];
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
