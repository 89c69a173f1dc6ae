import type { ByteSink } from "./byte-sink.ts";
import type { ResultWriter } from "./result-writer.ts";
import { type AskShard, checked, type ShardAnswer } from "./shard-answer.ts";

/** Rows of a document that is read as a whole: so few that one comes in a piece or two. */
const TYPED_CHUNK = "2000";

/** What a statement needs to run. */
export interface RunContext {
  readonly ask: AskShard;
  readonly writer: ResultWriter;
  readonly sink: ByteSink;
  /** The request's parameters. */
  readonly db: string;
  readonly rp: string;
  readonly epoch: string;
  /** Of which the statement reads; undefined if it is about the server as a whole. */
  readonly databases: readonly string[] | undefined;
  /** When the request came, in nanoseconds since 1970. */
  readonly now: bigint;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

export interface RunLimits {
  /** The most points that one statement may fetch to compute with. */
  readonly maxRowsPulled: number;
  /** The most bytes of answers that one statement may hold at a time. */
  readonly maxHeldBytes: number;
}

/** A statement while it runs: gives way whenever there is a piece for the client. */
export type Running = AsyncGenerator<void, void, void>;

/** Asks for JSON with times in nanoseconds, a document for each so many rows. @throws StatementError */
export function askRows(context: RunContext, shard: number, q: string, epoch = "ns"): Promise<ShardAnswer> {
  return askFor(context, shard, q, epoch, "application/json");
}

/** The same in MessagePack, which tells integers from floats. @throws StatementError */
export function askTyped(context: RunContext, shard: number, q: string): Promise<ShardAnswer> {
  return askFor(context, shard, q, "ns", "application/x-msgpack", { chunk_size: TYPED_CHUNK });
}

async function askFor(
  { ask, db, rp, databases, signal }: RunContext,
  shard: number,
  q: string,
  epoch: string,
  accept: "application/json" | "application/x-msgpack",
  more: Readonly<Record<string, string>> = {},
): Promise<ShardAnswer> {
  const parameters: Record<string, string> = { q, db, chunked: "true", ...more };
  if (rp !== "") parameters["rp"] = rp;
  if (epoch !== "") parameters["epoch"] = epoch;
  return checked(await ask(shard, { parameters, accept, databases, signal }));
}
