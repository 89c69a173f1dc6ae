/** The first wait lies between 0 and this, in milliseconds; each further one doubles it. */
const FIRST_MS = 500;
/** No wait is shorter, so that a jitter of nearly 0 cannot become a busy loop. */
const SHORTEST_MS = 20;

/**
 * How long to wait before try number `attempt` (0 for the first repetition): exponential with full jitter,
 * never more than `maxMs`. A server's Retry-After makes it longer, within the same bound, and never shorter.
 */
export function backoffMs(attempt: number, maxMs: number, random: () => number, retryAfter?: string): number {
  const ceiling = Math.min(maxMs, FIRST_MS * 2 ** Math.min(attempt, 30));
  const own = Math.max(SHORTEST_MS, random() * ceiling);
  return Math.min(Math.max(own, retryAfterMs(retryAfter)), maxMs);
}

/**
 * The delay of a Retry-After header in milliseconds (RFC 9110, section 10.2.3), 0 when it has none that can be
 * used. Only the form in seconds counts: a date would need both clocks to agree.
 */
function retryAfterMs(header: string | undefined): number {
  if (header === undefined || !/^\s*\d{1,15}\s*$/.test(header)) return 0;
  return Number(header) * 1000;
}
