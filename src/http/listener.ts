import type { Context } from "hono";
import type { HttpListenerConfig } from "../config/config.ts";
import type { Figures } from "../observe/figures.ts";
import { Histogram, REQUEST_SECONDS } from "../observe/histogram.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import type { QueryCounters } from "../query/counters.ts";
import type { AnswerBody, Queries } from "../query/query.ts";
import { noOutcomes, type OutcomeKind, type Writer } from "../writer.ts";

/** What happened on a listener since the relay started. Each only grows. */
export interface HttpCounters {
  /** Requests to /write and /api/v2/write. */
  writes: number;
  /** Bytes of line protocol taken in, after inflating. */
  writeBytes: number;
  /** Lines in it that are points, or were meant to be. */
  writeLines: number;
  /** Requests answered with 401 by the listener itself. */
  unauthorized: number;
  /** Bodies refused because they are, or inflate to, more than `max-body-size`. */
  tooLarge: number;
  /** Clients that went away, or were too slow, before their body was there. */
  aborted: number;
  /** Connections refused because there are `max-connections` already. */
  refusedConnections: number;
  /** Answers with 500 because the relay itself failed. */
  internalErrors: number;
}

export function createHttpCounters(): HttpCounters {
  return {
    writes: 0,
    writeBytes: 0,
    writeLines: 0,
    unauthorized: 0,
    tooLarge: 0,
    aborted: 0,
    refusedConnections: 0,
    internalErrors: 0,
  };
}

/** How a listener answered since the relay started. */
export interface HttpAnswers {
  /** Writes by what their clients were told. */
  readonly writes: Record<OutcomeKind, number>;
  /** How long those clients waited. */
  readonly writeSeconds: Histogram;
  /** How long it took until the answer to a query began. */
  readonly querySeconds: Histogram;
}

export function createHttpAnswers(): HttpAnswers {
  return {
    writes: noOutcomes(),
    writeSeconds: new Histogram(REQUEST_SECONDS),
    querySeconds: new Histogram(REQUEST_SECONDS),
  };
}

/** What a listener can do just now. */
export interface Readiness {
  /** At least one backend takes writes. */
  readonly writes: boolean;
  /** At least one backend is in sync, of each shard if there are any. */
  readonly queries: boolean;
}

type Reasons = readonly string[] | undefined;

/** What the HTTP side of one `[[http]]` entry needs from the relay behind it. */
export interface AppListener {
  readonly config: HttpListenerConfig;
  /** Where the writes of a request go. Called once a write; a runtime that keeps requests apart needs one for each. */
  readonly writer: (c: Context) => Writer;
  /** Aborted when the relay stops: nobody waits for backends any longer. */
  readonly signal: AbortSignal;
  /** The time for lines that have none, in nanoseconds since 1970. */
  readonly stampClock: () => bigint;
  readonly log: Log;
  readonly counters: HttpCounters;
  readonly answers: HttpAnswers;
  /** X-Influxdb-Version and X-Influxdb-Build of a backend of 1.x; undefined while none has told. */
  backendVersion(): { readonly version: string; readonly build: string } | undefined;
  ready(): Readiness | Promise<Readiness>;
  /** Why a backend should get no queries: empty if it should; undefined if the listener has none of this name. */
  outOfSync(backend: string): Reasons | Promise<Reasons>;
  /** Names and figures for `/status`: no URLs, no secrets. */
  status(): object;
  /** The figures for `/metrics`; absent where each request may meet other ones. */
  readonly figures?: () => Figures;
  /** Who answers the queries of a request; as with `writer`, a runtime may need one for each. */
  readonly queries: (c: Context) => Queries | Promise<Queries>;
  readonly queryCounters: QueryCounters;
}

/** What the app needs from the runtime. */
export interface AppPorts {
  /**
   * Reads a request's body whole, as it was sent.
   * @throws {BodyError} when it is larger than `limit` bytes, by its header or by its bytes, or does not end.
   */
  readBody(c: Context, limit: number): Promise<Uint8Array> | Uint8Array;
  /**
   * A response whose body comes piece by piece. If it breaks off, the client's connection has to break off too: a part
   * must not look like the whole.
   */
  stream(c: Context, status: number, headers: Record<string, string>, body: AnswerBody): Response;
  /** The address of the client, without its port; empty where the runtime does not tell. */
  clientAddress(c: Context): string;
  readonly platform: Platform;
}
