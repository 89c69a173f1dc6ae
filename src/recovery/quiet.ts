import type { QuietHours } from "../config/config.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** True if a time, in milliseconds since 1970, lies in these hours. */
export function isQuiet(hours: QuietHours | undefined, nowMs: number): boolean {
  if (hours === undefined) return false;
  const { fromMinute, untilMinute } = hours;
  const minute = Math.floor(nowMs / MINUTE_MS) % DAY_MINUTES;
  if (fromMinute < untilMinute) return minute >= fromMinute && minute < untilMinute;
  return minute >= fromMinute || minute < untilMinute;
}
