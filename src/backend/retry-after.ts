import type { Reply } from "../writer.ts";
import { backoffMs } from "./backoff.ts";

/**
 * After a request whose outcome is unknown the backend may still be working on it for as long as its own write
 * timeout, 10 s in InfluxDB. Sent again earlier, an old value could land after a newer one.
 */
export const SETTLE_MS = 10_000;

/**
 * How long to wait before what failed is sent again, in milliseconds; undefined if that is to be when the backend
 * answers again. `attempt` counts from 0.
 */
export function retryAfterMs(
  reply: Reply,
  unknownOutcome: boolean,
  attempt: number,
  { random, maxDelayMs }: { readonly random: () => number; maxDelayMs(): number },
): number | undefined {
  if (unknownOutcome) return SETTLE_MS;
  if (reply.status === 0) return undefined;
  return backoffMs(attempt, maxDelayMs(), random, reply.retryAfter);
}
