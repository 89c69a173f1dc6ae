import type { Clock, LogFields } from "../platform.ts";
import { seriesName } from "./exposition.ts";
import type { Figures } from "./figures.ts";
import { countOf } from "./histogram.ts";
import type { Log } from "./log.ts";
import { familiesOf, sampleName } from "./metrics.ts";

const EVERY_MS = 60_000;
/** Characters of names and values in one line: Cloudflare cuts what a request logs at 16,384. */
const MAX_CHARS = 12_000;

/** Writes the figures to the log, for where nobody can scrape them: at most one line a minute, as `metrics`. */
export class MetricsLog {
  readonly #clock: Clock;
  readonly #log: Log;
  #toldAtMs: number;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#toldAtMs = clock.monotonic();
  }

  /** To be called often. `fields` say whose figures they are. */
  tell(fields: LogFields, figures: () => Figures): void {
    const now = this.#clock.monotonic();
    if (now - this.#toldAtMs < EVERY_MS) return;
    this.#toldAtMs = now;
    this.#log.info("metrics", { ...fields, ...fieldsOf(figures()) });
  }
}

/**
 * The series as fields, under the names that they have on `/metrics`. What is 0 is left out, and of histograms all but
 * sum and count; `omitted` says how many more there was no room for.
 */
export function fieldsOf(figures: Figures): LogFields {
  const series = familiesOf(figures).flatMap((family) =>
    family.samples.flatMap((sample): [string, number][] => {
      const { value, labels } = sample;
      if (typeof value === "number") return [[seriesName(family, sample), value]];
      const named = (end: string) =>
        seriesName({ ...family, name: `${sampleName(family)}_${end}` }, { labels, value });
      return [
        [named("sum"), value.sum],
        [named("count"), countOf(value)],
      ];
    }),
  );
  const fields: Record<string, number> = {};
  let chars = 0;
  let omitted = 0;
  for (const [name, value] of series) {
    if (value === 0) continue;
    chars += name.length + String(value).length;
    if (chars > MAX_CHARS) omitted++;
    else fields[name] = value;
  }
  return omitted > 0 ? { ...fields, omitted } : fields;
}
