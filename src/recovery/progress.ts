import type { Clock } from "../platform.ts";

/** How far a comparison or recovery is. */
export interface Progress {
  readonly phase: "comparing" | "copying";
  /** Units, each a measurement in a window of time. */
  readonly done: number;
  readonly total: number;
  /** What is being looked at, as `db.rp.measurement`; byte strings. */
  readonly place: string;
  readonly points: number;
  readonly bytes: number;
  /** Points that the comparison found to be copied. */
  readonly pointsToCopy: number;
  /** Points a second, lately. */
  readonly pointsPerSecond: number;
  /** Undefined while nothing can be said. */
  readonly leftMs: number | undefined;
}

/** The rate is measured over so many milliseconds. */
const RATE_MS = 10_000;
/** Figures kept for it. */
const MAX_MARKS = 50;

/** Counts what a recovery does. Whoever shows it reads it when it likes. */
export class Meter {
  readonly #clock: Clock;
  #phase: Progress["phase"] = "comparing";
  #startedAt: number;
  #marks: { readonly at: number; readonly points: number }[] = [];
  done = 0;
  total = 0;
  place = "";
  pointsToCopy = 0;
  #points = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  begin(phase: Progress["phase"], total: number): void {
    this.#phase = phase;
    this.#startedAt = this.#clock.monotonic();
    this.done = 0;
    this.total = total;
  }

  stored(points: number, bytes: number): void {
    this.#points += points;
    this.#bytes += bytes;
    const now = this.#clock.monotonic();
    const last = this.#marks.at(-1);
    if (last === undefined || now - last.at >= RATE_MS / MAX_MARKS) {
      this.#marks = [...this.#marks.slice(-MAX_MARKS), { at: now, points: this.#points }];
    }
  }

  read(): Progress {
    const now = this.#clock.monotonic();
    const first = this.#marks.find(({ at }) => now - at <= RATE_MS);
    const passedMs = first === undefined ? 0 : now - first.at;
    const pointsPerSecond = first && passedMs > 0 ? ((this.#points - first.points) * 1_000) / passedMs : 0;
    return {
      phase: this.#phase,
      done: this.done,
      total: this.total,
      place: this.place,
      points: this.#points,
      bytes: this.#bytes,
      pointsToCopy: this.pointsToCopy,
      pointsPerSecond,
      leftMs: this.#leftMs(now, pointsPerSecond),
    };
  }

  #leftMs(now: number, pointsPerSecond: number): number | undefined {
    if (this.#phase === "comparing") {
      if (this.done === 0) return undefined;
      return ((now - this.#startedAt) / this.done) * (this.total - this.done);
    }
    if (pointsPerSecond === 0) return undefined;
    return (Math.max(0, this.pointsToCopy - this.#points) / pointsPerSecond) * 1_000;
  }
}
