/** The one interface that everything which takes a write has: lanes, fan-outs, shard routers. */

/** Credentials that a client sent or an output has, as the value of an Authorization header. */
export interface Credentials {
  /** For example `Basic dTpw`; a secret: it goes into the request and nowhere else. */
  readonly authorization: string;
}

/** Where a write goes. Two writes may share a request only if they agree in all of it. */
export interface Destination {
  readonly db: string;
  /** Empty for the database's default retention policy. */
  readonly rp: string;
  /** As the client sent it; empty means nanoseconds. Or {@link REMOTE_WRITE}. */
  readonly precision: string;
  readonly credentials: Credentials | undefined;
}

/**
 * As the precision of a destination: its bodies are no line protocol but requests of Prometheus's remote write, packed as
 * they came, each of which goes whole to an endpoint of its own. No client can name it.
 */
export const REMOTE_WRITE = "prometheus remote write";

/** One client's body with its destination. Every line in it that is a point has a timestamp. */
export interface Write {
  readonly destination: Destination;
  /** Line protocol, not compressed. Nobody changes these bytes. */
  readonly body: Uint8Array;
  /** Start and end of each line in it that is a point, one after the other; only for whoever divides it, where it is known. */
  readonly lineBounds?: readonly number[] | undefined;
  /** How many of its lines are points, or were meant to be; only where that was counted. */
  readonly lines?: number;
  /** False when the body has no line that InfluxDB would parse: such a write is answered but never kept. */
  readonly hasLines: boolean;
  /** False when it would swallow the first line of what follows it, because it does not end at a line end. */
  readonly closed: boolean;
  /** Who sent it, as the address of the client or the name of the UDP listener. */
  readonly source: string;
  /** `always`: kept for a backend that lacks it even when no backend took it, because no client can retry. */
  readonly keep: "acknowledged" | "always";
  /** How many replicas must store it. */
  readonly consistency: Consistency;
}

export type Consistency = "any" | "one" | "quorum" | "all";

/** One InfluxQL statement that changes schema or data, on its way to every replica. */
export interface Change {
  /** One statement, as it will be sent. With a password in it, it is a secret. */
  readonly text: string;
  /** The parameters of the request. */
  readonly db: string;
  readonly rp: string;
  /** The databases in whose order it has a place; undefined: in that of all. */
  readonly scope: readonly string[] | undefined;
  readonly hasPassword: boolean;
  readonly credentials: Credentials | undefined;
  /** How long it may take, and a client waits for its answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a backend's answer means for the write. See the outcome table in docs/reliability.md. */
export type OutcomeKind = "stored" | "rejected" | "not-ready" | "overloaded" | "unreachable";

/** A count for each of them. */
export function noOutcomes(): Record<OutcomeKind, number> {
  return { stored: 0, rejected: 0, "not-ready": 0, overloaded: 0, unreachable: 0 };
}

/** The answer to a write: of one backend, or what a client is told. */
export interface Reply {
  readonly kind: OutcomeKind;
  /** HTTP status; 0 when a backend did not answer at all. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** The header X-Influxdb-Error. */
  readonly influxError: string | undefined;
  /** The header Retry-After, verbatim. */
  readonly retryAfter: string | undefined;
  /** The header Www-Authenticate. */
  readonly authenticate?: string | undefined;
}

export interface Writer {
  /** Never rejects: what went wrong is in the reply. `signal` ends the waiting, not the keeping. */
  post(write: Write, signal: AbortSignal): Promise<Reply>;
}
