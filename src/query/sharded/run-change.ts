import type { Statement } from "../../influxql/ast.ts";
import { JsonDocument } from "./json-document.ts";
import type { Broadcast } from "./plan.ts";
import type { RunContext, Running } from "./run-context.ts";
import { StatementError } from "./shard-answer.ts";

/**
 * Changes something on every replica of a shard. Resolves with the JSON of InfluxDB's answer.
 * @throws StatementError if no replica has one
 */
export type ChangeShards = (shard: number, statement: Statement, context: RunContext) => Promise<Uint8Array>;

const decoder = new TextDecoder();

/** Runs a statement that changes something on the shards that it is about, and tells the first error of them. */
export async function* runChange(
  { shards }: Broadcast,
  statement: Statement,
  change: ChangeShards,
  context: RunContext,
): Running {
  const answers = await Promise.allSettled(shards.map((shard) => change(shard, statement, context)));
  let head: Parameters<RunContext["writer"]["beginSeries"]> | undefined;
  let written = 0n;
  for (const answer of answers) {
    if (answer.status === "rejected") throw answer.reason;
    const bytes = answer.value;
    const document = new JsonDocument(bytes, 0, bytes.byteLength);
    for (let series = document.nextSeries(); series !== undefined; series = document.nextSeries()) {
      head ??= [series.head, series.text];
      while (document.nextRow()) {
        const row = decoder.decode(bytes.subarray(document.rowStart, document.rowEnd));
        const count = /,(\d+)\]$/.exec(row)?.[1];
        if (count === undefined) throw new StatementError("a shard's answer to a change is not InfluxDB's");
        written += BigInt(count);
      }
    }
  }
  if (head === undefined) return;
  // Only SELECT INTO has a result: how many points were written, at the time 0.
  const { writer, epoch } = context;
  writer.beginSeries(...head);
  writer.beginRow().text(`${epoch === "" ? '"1970-01-01T00:00:00Z"' : "0"},${written}]`);
  writer.endRow();
  yield;
}
