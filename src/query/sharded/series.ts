import { compareText } from "./value.ts";

/** What the points of a series of an answer have in common. */
export interface SeriesHead {
  /** Undefined for what is of no measurement. */
  readonly name: string | undefined;
  /** In the order of their keys; undefined without GROUP BY. */
  readonly tags: readonly (readonly [key: string, value: string])[] | undefined;
  readonly columns: readonly string[];
}

/** The order of the series in an answer: by name, then by their tags, of which all series have the same keys. */
export function compareSeries(a: SeriesHead, b: SeriesHead): number {
  const byName = compareText(a.name ?? "", b.name ?? "");
  if (byName !== 0) return byName;
  const [x, y] = [a.tags ?? [], b.tags ?? []];
  for (let at = 0; at < x.length && at < y.length; at++) {
    const byKey = compareText(x[at]?.[0] ?? "", y[at]?.[0] ?? "");
    if (byKey !== 0) return byKey;
  }
  if (x.length !== y.length) return x.length - y.length;
  for (let at = 0; at < x.length; at++) {
    const byValue = compareText(x[at]?.[1] ?? "", y[at]?.[1] ?? "");
    if (byValue !== 0) return byValue;
  }
  return 0;
}
