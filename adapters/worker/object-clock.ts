import type { Clock } from "../../src/platform.ts";

/** What passes at most between two looks at the clock, in milliseconds. */
const LONGEST_STEP_MS = 60_000;

/**
 * A clock for an object that lives for hours. The runtime's `performance.now()` is the wall clock, so its steps are
 * bounded: none goes back, and a large one ages nothing by more than a minute.
 */
export function createObjectClock(clock: Clock): Clock {
  let last = clock.monotonic();
  let passed = 0;
  return {
    ...clock,
    monotonic() {
      const now = clock.monotonic();
      passed += Math.min(Math.max(now - last, 0), LONGEST_STEP_MS);
      last = now;
      return passed;
    },
  };
}
