import type { Figures } from "./figures.ts";
import type { Metric, Sample } from "./metric.ts";
import { BACKEND_METRICS, SPOOL_METRICS } from "./metrics-backend.ts";
import { LISTENER_METRICS, QUERY_METRICS, SHARD_METRICS, UDP_METRICS } from "./metrics-listener.ts";
import { PROCESS_METRICS, RECOVERY_METRICS, RELAY_METRICS } from "./metrics-relay.ts";

/** All there are, by what they are about. docs/metrics.md has the same table. */
export const METRICS: Readonly<Record<string, readonly Metric[]>> = {
  "The relay": RELAY_METRICS,
  "Writes of an `[[http]]` listener": LISTENER_METRICS,
  "Queries of an `[[http]]` listener": QUERY_METRICS,
  "Shards of an `[[http]]` listener": SHARD_METRICS,
  "A `[[udp]]` listener": UDP_METRICS,
  "A backend": BACKEND_METRICS,
  "What is kept for a backend": SPOOL_METRICS,
  "Recovery by itself": RECOVERY_METRICS,
  "The process": PROCESS_METRICS,
};

/** A metric and its series. */
export interface Family extends Metric {
  readonly samples: readonly Sample[];
}

/** What there is of each metric; those without a series are left out. */
export function familiesOf(figures: Figures): Family[] {
  return Object.values(METRICS)
    .flat()
    .map((metric) => ({ ...metric, samples: metric.read(figures) }))
    .filter(({ samples }) => samples.length > 0);
}

/** The name that the samples of a metric have; those of histograms have more behind it. */
export function sampleName({ name, type }: Pick<Metric, "name" | "type">): string {
  if (type === "counter") return `${name}_total`;
  return type === "info" ? `${name}_info` : name;
}
