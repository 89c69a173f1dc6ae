import { errorReply, STORED } from "../write/reply.ts";
import type { Reply } from "../writer.ts";

/** What a shard answered to its part of a write. */
export interface PartReply {
  /** The shard's name. */
  readonly shard: string;
  readonly reply: Reply;
}

const utf8 = new TextDecoder();
/** InfluxDB's form for a body of which it stored what it could. */
const PARTIAL = /^partial write: ([\s\S]*?)(?: dropped=(\d+))?$/;

/**
 * What the client of a divided write is told. What it can try again comes before what it cannot: a write that is sent
 * again as a whole is stored once, wherever it was stored before. What was rejected is told as InfluxDB tells it of
 * one body.
 */
export function joinReplies(parts: readonly PartReply[]): Reply {
  let worst: PartReply | undefined;
  for (const part of parts) {
    if (worst === undefined || rank(part.reply) < rank(worst.reply)) worst = part;
  }
  if (worst === undefined || worst.reply.kind === "stored") return STORED;
  if (worst.reply.kind === "rejected") return joinRejections(parts.map(({ reply }) => reply));
  return named(worst);
}

/** The lower, the sooner the client must know. */
function rank({ kind, status }: Reply): number {
  switch (kind) {
    case "overloaded":
    case "unreachable":
      if (status === 503) return 0;
      return status >= 500 ? 1 : 2;
    case "not-ready":
      return 3;
    case "rejected":
      return 4;
    case "stored":
      return 5;
  }
}

/** Says which shard it is about, because other shards may have stored their parts. */
function named({ shard, reply }: PartReply): Reply {
  return withError(reply, `shard ${shard}: ${errorOf(reply)}`);
}

/**
 * InfluxDB says `partial write: REASONS dropped=N` where some points were stored, and only the reasons where none was.
 * Of several kinds of reasons it tells one; here all are told.
 */
function joinRejections(replies: readonly Reply[]): Reply {
  const rejected = replies.filter(({ kind }) => kind === "rejected");
  let partial = rejected.length < replies.length;
  let dropped = 0;
  const reasons = new Set<string>();
  for (const reply of rejected) {
    const error = errorOf(reply);
    const [, reason, count] = PARTIAL.exec(error) ?? [];
    partial ||= reason !== undefined;
    dropped += Number(count ?? 0);
    reasons.add(reason ?? error);
  }
  const text = [...reasons].join("\n");
  return withError(rejected[0] as Reply, partial ? `partial write: ${text} dropped=${dropped}` : text);
}

function withError(reply: Reply, error: string): Reply {
  const { body, contentType } = errorReply(reply.status, error);
  return { ...reply, body, contentType, influxError: error };
}

/** The error in a reply: InfluxDB's in full, because its header is cut, or what else the body says. */
function errorOf({ body, influxError }: Reply): string {
  const text = utf8.decode(body);
  const error = jsonError(text);
  return error ?? (text.trim() || influxError || "no reason was given");
}

function jsonError(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}
