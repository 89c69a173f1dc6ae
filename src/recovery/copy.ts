import type { Series } from "./answer.ts";
import type { BatchWriter } from "./batch-writer.ts";
import { isWritable, type LineSeries, lineSeries } from "./line-writer.ts";
import type { Row } from "./msgpack.ts";
import { inPieces } from "./share.ts";
import { type Pair, rowsQuery, seriesOf, type Unit } from "./unit.ts";
import type { SizedSpan } from "./windows.ts";

/**
 * Reads the rows of a span into a writer, lossless, and no faster than that takes them. Returns how many points belong to
 * series that line protocol has no words for: there are some that only SELECT INTO can make.
 * @throws {ServerError} when the source fails, or the writer.
 */
export async function copySpan(
  { source, share }: Omit<Pair, "target">,
  unit: Unit,
  span: SizedSpan,
  writer: BatchWriter,
): Promise<number> {
  let reading: LineSeries | undefined;
  let unwritable = 0;
  const sink = {
    series: (series: Series) => {
      // A pattern that stands for a name may match others.
      reading = series.name === unit.measurement ? lineSeries(series) : undefined;
    },
    row: (row: Row) => {
      if (reading === undefined) return;
      if (isWritable(reading, row)) writer.add(reading, row);
      else unwritable++;
    },
    // A write waits for the questions before it, so it is only waited for between two pieces, which are small.
    ...(share === undefined && { wait: () => writer.ready() }),
  };
  await inPieces(share, `rows ${seriesOf(unit)}`, span, async (piece, ask) => {
    await ask(() => source.rows(rowsQuery(unit, piece), sink, writer.signal, unit.db));
    await writer.ready();
  });
  return unwritable;
}
