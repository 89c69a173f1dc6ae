import type { Clock, Timer } from "../../src/platform.ts";

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on by `ms` milliseconds and runs every timer that comes due, each at its own time, in order of
   * time and then of creation. Before, between and after them everything that is ready to run runs.
   */
  advance(ms: number): Promise<void>;
  /** Moves only the wall clock, as NTP or an operator does. */
  wallJump(ms: number): void;
  /** Timers that have neither run nor been cancelled. */
  readonly pending: number;
}

export interface VirtualClockOptions {
  /** Wall-clock time at the start, in milliseconds since 1970. */
  readonly startMs?: number;
  /** Waits until everything that is ready to run has run. */
  readonly settle?: () => Promise<void>;
}

const LONGEST_MS = 2 ** 31 - 1;

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const settle = options.settle ?? nextTurn;
  let wallOffset = options.startMs ?? Date.UTC(2026, 0, 1);
  let monotonic = 0;
  let created = 0;
  const timers = new Map<number, { readonly due: number; readonly run: () => void }>();

  function after(ms: number, run: () => void): Timer {
    if (!(ms >= 0 && ms <= LONGEST_MS)) throw new RangeError(`a timer of ${ms} ms`);
    const id = created++;
    timers.set(id, { due: monotonic + ms, run });
    return { cancel: () => timers.delete(id) };
  }

  /** The earliest timer that is due by `end`; of two at one time the older, as a Map keeps its order. */
  function nextDue(end: number) {
    let next: { id: number; due: number; run: () => void } | undefined;
    for (const [id, { due, run }] of timers) {
      if (due <= end && (next === undefined || due < next.due)) next = { id, due, run };
    }
    return next;
  }

  async function advance(ms: number): Promise<void> {
    const end = monotonic + ms;
    await settle();
    for (let next = nextDue(end); next !== undefined; next = nextDue(end)) {
      monotonic = next.due;
      timers.delete(next.id);
      next.run();
      await settle();
    }
    monotonic = end;
    await settle();
  }

  return {
    now: () => Math.floor(wallOffset + monotonic),
    nowNs: () => {
      const ms = wallOffset + monotonic;
      return BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.floor((ms % 1) * 1_000_000));
    },
    monotonic: () => monotonic,
    after,
    advance,
    wallJump: (ms) => {
      wallOffset += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}

/**
 * Resolves in a later turn of the event loop, so that every chain of promises that can go on has gone on,
 * however long. It costs a tenth of a message channel, of which Deno besides keeps the other end.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
