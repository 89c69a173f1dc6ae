import { JsonLines } from "./json-lines.ts";
import { askRows, type RunContext } from "./run-context.ts";
import type { SeriesHead } from "./series.ts";
import { StatementError } from "./shard-answer.ts";
import { compareText } from "./value.ts";

/** A series of what SHOW lists. */
export interface ListSeries {
  readonly head: SeriesHead;
  /** The JSON of its name and columns. */
  readonly text: string;
  readonly rows: readonly (readonly string[])[];
}

const decoder = new TextDecoder();

/** The series that each shard lists. Numbers are read as text. @throws StatementError */
export async function fetchLists(
  q: string,
  shards: readonly number[],
  context: RunContext,
): Promise<readonly (readonly ListSeries[])[]> {
  let held = 0;
  const read = async (shard: number): Promise<readonly ListSeries[]> => {
    const lines = new JsonLines(await askRows(context, shard, q));
    const all = new Map<string, { head: SeriesHead; text: string; rows: string[][] }>();
    try {
      for (let document = await lines.next(); document !== undefined; document = await lines.next()) {
        for (let series = document.nextSeries(); series !== undefined; series = document.nextSeries()) {
          const { head, text } = series;
          const list = all.get(text) ?? { head, text, rows: [] };
          all.set(text, list);
          while (document.nextRow()) {
            const { bytes, rowStart, rowEnd } = document;
            held += rowEnd - rowStart;
            if (held > context.limits.maxHeldBytes)
              throw new StatementError("the lists are too long to be united");
            const row = JSON.parse(decoder.decode(bytes.subarray(rowStart, rowEnd))) as unknown[];
            list.rows.push(row.map(String));
          }
        }
      }
    } finally {
      lines.cancel();
    }
    return [...all.values()];
  };
  return Promise.all(shards.map(read));
}

/** The series with the rows that any shard has, each once; sorted, or in the order of the shards. */
export function unite(
  lists: readonly (readonly ListSeries[])[],
  compareRows: ((a: readonly string[], b: readonly string[]) => number) | undefined,
): readonly ListSeries[] {
  const all = new Map<string, { series: ListSeries; rows: Map<string, readonly string[]> }>();
  for (const series of lists.flat()) {
    const entry = all.get(series.text) ?? { series, rows: new Map() };
    all.set(series.text, entry);
    for (const row of series.rows) entry.rows.set(row.join("\0"), row);
  }
  return [...all.values()]
    .map(({ series, rows }) => {
      const list = [...rows.values()];
      return { ...series, rows: compareRows === undefined ? list : list.sort(compareRows) };
    })
    .sort((a, b) => (compareRows === undefined ? 0 : compareText(a.head.name ?? "", b.head.name ?? "")));
}

/** By the columns from the first to the last. */
export function compareTexts(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < a.length; at++) {
    const order = compareText(a[at] ?? "", b[at] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

const TYPES: readonly string[] = ["float", "integer", "string", "boolean", "unsigned"];

/** Of `SHOW FIELD KEYS`, where a field may have several types. */
export function compareFields(a: readonly string[], b: readonly string[]): number {
  const byName = compareText(a[0] ?? "", b[0] ?? "");
  return byName !== 0 ? byName : TYPES.indexOf(a[1] ?? "") - TYPES.indexOf(b[1] ?? "");
}
