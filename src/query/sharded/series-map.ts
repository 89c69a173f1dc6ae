import { compareSeries, type SeriesHead } from "./series.ts";

/** Something for each series. */
export class SeriesMap<T> {
  readonly #entries = new Map<string, { readonly head: SeriesHead; readonly data: T }>();

  /** That of a series, made if there is none. */
  of(head: SeriesHead, make: () => T): T {
    const key = keyOf(head);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { head, data: make() };
      this.#entries.set(key, entry);
    }
    return entry.data;
  }

  get(head: SeriesHead): T | undefined {
    return this.#entries.get(keyOf(head))?.data;
  }

  set(head: SeriesHead, data: T): void {
    this.#entries.set(keyOf(head), { head, data });
  }

  heads(): readonly SeriesHead[] {
    return [...this.#entries.values()].map(({ head }) => head);
  }

  map<U>(change: (data: T) => U): SeriesMap<U> {
    const changed = new SeriesMap<U>();
    for (const { head, data } of this.#entries.values()) changed.set(head, change(data));
    return changed;
  }
}

/** The series of several maps, each once, in the order of an answer. */
export function allSeries(maps: readonly SeriesMap<unknown>[], descending: boolean): readonly SeriesHead[] {
  const heads = new SeriesMap<SeriesHead>();
  for (const map of maps) for (const head of map.heads()) heads.set(head, head);
  const sign = descending ? -1 : 1;
  return heads.heads().toSorted((a, b) => sign * compareSeries(a, b));
}

const keyOf = ({ name, tags }: SeriesHead): string =>
  [name ?? "", ...(tags ?? []).map(([, value]) => value)].join("\0");
