import type { Entry } from "./entry.ts";
import type { LaneContext } from "./lane-context.ts";

type Poison = Pick<LaneContext, "clock" | "poisonAfterMs" | "storedSince">;

/**
 * A write got, alone, an error that is the backend's own: whose fault is it? The backend's for a time; then the
 * write's if the backend stored others since it failed first, and unknown if nothing was sent to it.
 */
export function faultOf(
  entry: Entry,
  { clock, poisonAfterMs, storedSince }: Poison,
): "backend" | "write" | "unknown" {
  const now = clock.monotonic();
  entry.failingSinceMs ??= now;
  if (now - entry.failingSinceMs < poisonAfterMs()) return "backend";
  return storedSince(entry.failingSinceMs) ? "write" : "unknown";
}
