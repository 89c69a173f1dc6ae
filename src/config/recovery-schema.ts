import * as v from "valibot";
import type { QuietHours } from "./config.ts";
import { choice, duration, info, table, wholeNumber } from "./options.ts";

/** `[recovery]`: what is done by itself about servers that differ from their replicas. */
export const recoverySchema = table({
  mode: choice(
    "auto: what a server is known to lack is copied from a replica by itself; manual: only influxdb-relay recover does it.",
    ["auto", "manual"],
    "auto",
  ),
  "check-every": duration({
    about: "How often the numbers of points of replicas are compared by itself; 0s: never.",
    fallback: "1h",
    min: "0s",
    max: "576h",
  }),
  "max-rate-mb-per-second": wholeNumber({
    about: "How fast points are copied by itself, as line protocol.",
    unit: "MiB a second",
    fallback: 16,
    min: 1,
    max: 100_000,
  }),
  "max-load-percent": wholeNumber({
    about:
      "How much of the time a recovery beside live writes keeps servers busy; 100: it takes all that it can get, and clients wait longer.",
    unit: "percent",
    fallback: 25,
    min: 1,
    max: 100,
  }),
  "quiet-hours": quietHours(
    "Hours of each day, in UTC, in which nothing is copied, compared or checked by itself; what was begun goes on afterwards.",
  ),
});

function quietHours(about: string) {
  const form = 'two different times in UTC such as "22:00-06:00"';
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(`must be ${form}`),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          const hours = parseQuietHours(dataset.value);
          if (hours !== undefined) return hours;
          addIssue({ message: `must be ${form}` });
          return NEVER;
        }),
      ),
    ),
    info({ about, form, fallback: "none" }),
  );
}

function parseQuietHours(text: string): QuietHours | undefined {
  const [, ...parts] = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  const [hour = 0, minute = 0, untilHour = 0, untilMinute = 0] = parts.map(Number);
  const hours = { fromMinute: hour * 60 + minute, untilMinute: untilHour * 60 + untilMinute };
  return hours.fromMinute === hours.untilMinute ? undefined : hours;
}

export function formatQuietHours({ fromMinute, untilMinute }: QuietHours): string {
  return [fromMinute, untilMinute]
    .map((minutes) =>
      [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":"),
    )
    .join("-");
}
