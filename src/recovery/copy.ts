import type { Series } from "./answer.ts";
import type { BatchWriter } from "./batch-writer.ts";
import { isWritable, type LineSeries, lineSeries } from "./line-writer.ts";
import type { Row } from "./msgpack.ts";
import type { Server } from "./server.ts";
import { rowsQuery, type Unit } from "./unit.ts";
import type { Span } from "./windows.ts";

/**
 * Reads the rows of a span into a writer, lossless, and no faster than that takes them. Returns how many points belong to
 * series that line protocol has no words for: there are some that only SELECT INTO can make.
 * @throws {ServerError} when the source fails, or the writer.
 */
export async function copySpan(source: Server, unit: Unit, span: Span, writer: BatchWriter): Promise<number> {
  let reading: LineSeries | undefined;
  let unwritable = 0;
  await source.rows(
    rowsQuery(unit, span),
    {
      series: (series: Series) => {
        // A pattern that stands for a name may match others.
        reading = series.name === unit.measurement ? lineSeries(series) : undefined;
      },
      row: (row: Row) => {
        if (reading === undefined) return;
        if (isWritable(reading, row)) writer.add(reading, row);
        else unwritable++;
      },
      wait: () => writer.ready(),
    },
    writer.signal,
    unit.db,
  );
  return unwritable;
}
