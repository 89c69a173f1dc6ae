import { countOf, type Distribution } from "./histogram.ts";
import type { Metric, Sample } from "./metric.ts";
import { type Family, sampleName } from "./metrics.ts";

/** `text`: Prometheus' text format 0.0.4. `openmetrics`: OpenMetrics 1.0 (https://openmetrics.io). */
export type Exposition = "text" | "openmetrics";

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The families as a scraper reads them. */
export function expose(families: readonly Family[], format: Exposition): string {
  const lines = families.flatMap((family) => [...headOf(family, format), ...linesOf(family)]);
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

/** The format that a request asks for by its Accept. */
export function expositionFor(accept: string | undefined): Exposition {
  return qualityOf("application/openmetrics-text", accept) > qualityOf("text/plain", accept)
    ? "openmetrics"
    : "text";
}

/** How much a type is wanted, from 0 to 1 (RFC 9110, 12.4.2); several versions of it count as the best of them. */
function qualityOf(type: string, accept: string | undefined): number {
  const qualities = (accept ?? "").split(",").map((range) => {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (name !== type) return 0;
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    return Number(quality) || 0;
  });
  return Math.max(...qualities);
}

/** Only in OpenMetrics a family has another name than its samples. */
function headOf(family: Family, format: Exposition): string[] {
  const { type, help } = family;
  if (format === "text") {
    const name = sampleName(family);
    return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type === "info" ? "gauge" : type}`];
  }
  const { name } = family;
  const unit = /_(seconds|bytes)$/.exec(name)?.[1];
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
  ];
}

function linesOf(family: Family): string[] {
  const { samples, labels } = family;
  const name = sampleName(family);
  return samples.flatMap((sample) => {
    const pairs = pairsOf(labels, sample);
    if (typeof sample.value === "number") return `${seriesOf(name, pairs)} ${numberText(sample.value)}`;
    return distributionLines(name, pairs, sample.value);
  });
}

function distributionLines(name: string, pairs: string, value: Distribution): string[] {
  const before = `${name}_bucket{${pairs === "" ? "" : `${pairs},`}le="`;
  let below = 0;
  const buckets = value.counts.map((count, i) => {
    below += count;
    const bound = value.bounds[i] ?? Number.POSITIVE_INFINITY;
    return `${before}${boundText(bound)}"} ${below}`;
  });
  return [
    ...buckets,
    `${seriesOf(`${name}_sum`, pairs)} ${numberText(value.sum)}`,
    `${seriesOf(`${name}_count`, pairs)} ${countOf(value)}`,
  ];
}

/** The series of a sample, as `name{label="value"}`. */
export function seriesName(metric: Pick<Metric, "name" | "type" | "labels">, sample: Sample): string {
  return seriesOf(sampleName(metric), pairsOf(metric.labels, sample));
}

function pairsOf(labels: readonly string[], sample: Sample): string {
  return labels.map((label, i) => `${label}="${labelText(sample.labels[i] ?? "")}"`).join(",");
}

function seriesOf(name: string, pairs: string): string {
  return pairs === "" ? name : `${name}{${pairs}}`;
}

function labelText(text: string): string {
  return /[\\"\n]/.test(text) ? escaped(text).replaceAll('"', '\\"') : text;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** As OpenMetrics wants it, in both formats: another text would be another series. */
function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return "+Inf";
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
