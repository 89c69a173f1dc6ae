import { INCOMPLETE, MsgpackReader, type Unpacked } from "./msgpack.ts";
import { askTyped, type RunContext } from "./run-context.ts";
import type { SeriesHead } from "./series.ts";
import { type ShardAnswer, StatementError } from "./shard-answer.ts";
import { compareText, type Value } from "./value.ts";

/** A row of a shard's answer: its time in nanoseconds, and the values behind that. */
export type TypedRow = readonly [time: bigint, ...values: Value[]];

/** Takes the rows of a series, as far as a document of the answer has them. */
export type TakeRows = (head: SeriesHead, rows: readonly TypedRow[], shard: number) => void;

/** Asks the shards, and gives all rows to `take`: those of one shard in their order. @throws StatementError */
export async function fetchTyped(
  q: string,
  shards: readonly number[],
  context: RunContext,
  take: TakeRows,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const read = async (shard: number) => {
    const answer = await askTyped({ ...context, signal }, shard, q);
    try {
      await readAll(answer, (head, rows) => take(head, rows, shard));
    } catch (error) {
      answer.cancel();
      throw error;
    }
  };
  try {
    await Promise.all(shards.map(read));
  } catch (error) {
    // The others need not go on.
    stop.abort();
    throw error;
  }
}

async function readAll(
  answer: ShardAnswer,
  take: (head: SeriesHead, rows: readonly TypedRow[]) => void,
): Promise<void> {
  let bytes = new Uint8Array(0);
  // Tried again only when there is twice as much, so that a long document is not read over and over.
  let wanted = 0;
  for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
    bytes = bytes.byteLength === 0 ? (piece as Uint8Array<ArrayBuffer>) : joined(bytes, piece);
    if (bytes.byteLength < wanted) continue;
    const used = readDocuments(bytes, take);
    bytes = bytes.subarray(used);
    wanted = 2 * bytes.byteLength;
  }
  if (readDocuments(bytes, take) < bytes.byteLength) throw new StatementError("a shard's answer broke off");
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}

/** How many bytes the whole documents have. */
function readDocuments(
  bytes: Uint8Array,
  take: (head: SeriesHead, rows: readonly TypedRow[]) => void,
): number {
  const reader = new MsgpackReader(bytes, 0, bytes.byteLength);
  let used = 0;
  while (used < bytes.byteLength) {
    let document: Unpacked;
    try {
      document = reader.read();
    } catch (error) {
      if (error === INCOMPLETE) return used;
      throw error;
    }
    used = reader.at;
    takeDocument(document, take);
  }
  return used;
}

type Fields = ReadonlyMap<string, Unpacked>;

function takeDocument(document: Unpacked, take: (head: SeriesHead, rows: readonly TypedRow[]) => void): void {
  const top = fieldsOf(document);
  failOn(top);
  for (const result of listOf(top.get("results"))) {
    const fields = fieldsOf(result);
    failOn(fields);
    for (const series of listOf(fields.get("series"))) {
      const parts = fieldsOf(series);
      take(headOf(parts), listOf(parts.get("values")) as readonly TypedRow[]);
    }
  }
}

function failOn(fields: Fields): void {
  const error = fields.get("error");
  if (typeof error === "string") throw new StatementError(error);
}

function headOf(parts: Fields): SeriesHead {
  const name = parts.get("name");
  const tags = parts.get("tags");
  return {
    name: typeof name === "string" ? name : undefined,
    tags:
      tags === undefined
        ? undefined
        : [...fieldsOf(tags)]
            .map(([key, value]) => [key, String(value)] as const)
            .sort(([a], [b]) => compareText(a, b)),
    columns: listOf(parts.get("columns")).map(String),
  };
}

function fieldsOf(value: Unpacked | undefined): Fields {
  if (value instanceof Map) return value;
  throw new StatementError("a shard's answer is not InfluxDB's");
}

const listOf = (value: Unpacked | undefined): readonly Unpacked[] => (Array.isArray(value) ? value : []);
