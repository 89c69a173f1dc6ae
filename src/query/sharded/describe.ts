import type { Select } from "../../influxql/ast-select.ts";
import { print } from "../../influxql/print.ts";
import { FieldSet } from "./field-set.ts";
import { JsonLines } from "./json-lines.ts";
import type { ShardAnswer } from "./shard-answer.ts";

/**
 * Learns what `*` means for the measurements of a query on several shards. `EXPLAIN` tells the columns of just the time
 * shards that a query reads, with their types, and also where no row meets the condition.
 */
export async function describeFields(
  select: Select,
  shards: readonly number[],
  ask: (shard: number, q: string) => Promise<ShardAnswer>,
): Promise<FieldSet> {
  const known = new FieldSet();
  const all: Select = {
    ...select,
    fields: [{ expression: { kind: "wildcard", type: undefined }, alias: undefined }],
    groupBy: [],
    fill: undefined,
    limit: undefined,
    offset: undefined,
    seriesLimit: undefined,
    seriesOffset: undefined,
  };
  const q = `EXPLAIN ${print(all)}`;
  const answers = await Promise.all(shards.map((shard) => ask(shard, q)));
  for (const answer of answers) {
    const lines = new JsonLines(answer);
    for (let document = await lines.next(); document !== undefined; document = await lines.next()) {
      while (document.nextSeries() !== undefined) {
        while (document.nextRow()) {
          const [line] = JSON.parse(rowText(document)) as readonly string[];
          known.addPlan(line ?? "");
        }
      }
    }
  }
  return known;
}

const decoder = new TextDecoder();

function rowText({
  bytes,
  rowStart,
  rowEnd,
}: {
  bytes: Uint8Array;
  rowStart: number;
  rowEnd: number;
}): string {
  return decoder.decode(bytes.subarray(rowStart, rowEnd));
}
