import type { Counts, Figures } from "./figures.ts";
import type { Distribution } from "./histogram.ts";

export const PREFIX = "influxdb_relay_";

export type MetricType = "counter" | "gauge" | "histogram" | "info";

/** A figure for whoever watches relays. */
export interface Metric {
  /**
   * Of the family, with its unit at the end: `_seconds` or `_bytes`. The samples of counters have `_total` behind it, those
   * of infos `_info`.
   */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Their values come from the config or from the code, never from clients: so there are few series. */
  readonly labels: readonly string[];
  readonly read: (figures: Figures) => readonly Sample[];
}

/** One series. */
export interface Sample {
  /** One for each label of its metric. */
  readonly labels: readonly string[];
  readonly value: number | Distribution;
}

type Plain = number | boolean | undefined;

/** Makes the metrics that there are for each thing of a kind. A value that is undefined is not exported. */
export interface Maker<T> {
  counter(name: string, help: string, read: (item: T) => Plain): Metric;
  gauge(name: string, help: string, read: (item: T) => Plain): Metric;
  histogram(name: string, help: string, read: (item: T) => Distribution | undefined): Metric;
  /** A counter for each key of what is read, which becomes one more label. */
  counters(name: string, label: string, help: string, read: (item: T) => Counts | undefined): Metric;
}

/** One thing with its values for the labels. */
export type Labelled<T> = readonly [labels: readonly string[], item: T];

/** @param items the things, with values for the labels. */
export function metricsOf<T>(
  labels: readonly string[],
  items: (figures: Figures) => readonly Labelled<T>[],
): Maker<T> {
  const single =
    (type: MetricType) =>
    (name: string, help: string, read: (item: T) => Plain | Distribution): Metric => ({
      ...{ name: PREFIX + name, type, help, labels },
      read: (figures) =>
        items(figures).flatMap(([values, item]) => {
          const value = read(item);
          if (value === undefined) return [];
          return { labels: values, value: typeof value === "boolean" ? Number(value) : value };
        }),
    });
  return {
    counter: single("counter"),
    gauge: single("gauge"),
    histogram: single("histogram"),
    counters: (name, label, help, read) => ({
      ...{ name: PREFIX + name, type: "counter", help, labels: [...labels, label] },
      read: (figures) =>
        items(figures).flatMap(([values, item]) =>
          Object.entries(read(item) ?? {}).map(([key, value]) => ({ labels: [...values, key], value })),
        ),
    }),
  };
}

/** Things with a name, which is the label's value. */
export function named<T extends { readonly name: string }>(items: readonly T[]): readonly Labelled<T>[] {
  return items.map((item) => [[item.name], item]);
}
