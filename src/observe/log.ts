import type { Clock, LogFields, LogLevel, LogSink } from "../platform.ts";

/** How long repeats of one throttled event are only counted, in milliseconds. */
const THROTTLE_MS = 10_000;
/** Different throttled events remembered at a time; beyond it the oldest is forgotten (and may repeat early). */
const MAX_THROTTLED = 1_000;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /**
   * Logs the first of a kind at once and then at most one line in ten seconds, which carries `repeated`: how
   * many were not printed. `key` says which events are of one kind; it defaults to the event's name.
   */
  throttled(level: LogLevel, event: string, fields?: LogFields, key?: string): void;
}

export function createLog(sink: LogSink, clock: Clock): Log {
  const suppressed = new Map<string, { until: number; repeated: number }>();

  function throttled(level: LogLevel, event: string, fields: LogFields = {}, key = event): void {
    const now = clock.monotonic();
    const known = suppressed.get(key);
    if (known !== undefined && now < known.until) {
      known.repeated++;
      return;
    }
    suppressed.delete(key);
    if (suppressed.size >= MAX_THROTTLED) suppressed.delete(suppressed.keys().next().value as string);
    suppressed.set(key, { until: now + THROTTLE_MS, repeated: 0 });
    sink(
      level,
      event,
      known !== undefined && known.repeated > 0 ? { ...fields, repeated: known.repeated } : fields,
    );
  }

  return {
    debug: (event, fields = {}) => sink("debug", event, fields),
    info: (event, fields = {}) => sink("info", event, fields),
    warn: (event, fields = {}) => sink("warn", event, fields),
    error: (event, fields = {}) => sink("error", event, fields),
    throttled,
  };
}
