import { JsonLines } from "./json-lines.ts";
import type { RunContext, Running } from "./run-context.ts";
import { askRows } from "./run-context.ts";

/** So many bytes are passed on at a time. */
const PIECE = 64 * 1024;

/** Answers a statement with what one shard answers. @param epoch how the times are to be */
export async function* runPass(shard: number, q: string, epoch: string, context: RunContext): Running {
  const { writer, sink } = context;
  const lines = new JsonLines(await askRows(context, shard, q, epoch));
  let current = "";
  try {
    for (let document = await lines.next(); document !== undefined; document = await lines.next()) {
      for (let series = document.nextSeries(); series !== undefined; series = document.nextSeries()) {
        if (series.text !== current) writer.beginSeries(series.head, series.text);
        current = series.text;
        while (document.nextRow()) {
          writer.beginRow().bytes(document.bytes, document.rowStart + 1, document.rowEnd);
          writer.endRow();
        }
        if (sink.length > PIECE) yield;
      }
    }
  } finally {
    lines.cancel();
  }
}
