import type { Clock } from "../platform.ts";
import type { Backlog } from "./backlog.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import { ANY, Since } from "./since.ts";

/** A log of what a backend lacks. */
export interface WatchedBacklog {
  readonly backlog: Backlog;
  /** What is in it waits until a person does something. */
  readonly held: boolean;
}

/**
 * Which databases of a backend are behind: what is kept for one was kept at the look before already. What only waits
 * for its turn among live writes is not behind, and looking costs the writes nothing.
 */
export class Lag {
  readonly since = new Since();
  readonly #watched: readonly WatchedBacklog[];
  readonly #clock: Clock;
  /** By log: places below were given away at the last look. */
  #marks: readonly number[];
  /** When (monotonic) that was. */
  #lookedAtMs: number;

  constructor(watched: readonly WatchedBacklog[], clock: Clock) {
    this.#watched = watched;
    this.#clock = clock;
    // What is there at the start is late by any measure.
    this.#marks = watched.map(({ backlog }) => backlog.log.next);
    this.#lookedAtMs = clock.monotonic();
    this.look();
  }

  look(): void {
    const late = this.#watched.flatMap((watched, i) => [...lateIn(watched, this.#marks[i] as number)]);
    this.since.update(late, this.#lookedAtMs);
    this.#marks = this.#watched.map(({ backlog }) => backlog.log.next);
    this.#lookedAtMs = this.#clock.monotonic();
  }

  /** The same; what was there at the start has been waiting since then (monotonic milliseconds). */
  lookBack(startedMs: number): void {
    this.since.forget();
    this.#lookedAtMs = startedMs;
    this.look();
  }
}

function* lateIn({ backlog, held }: WatchedBacklog, mark: number): Generator<string> {
  if (backlog.records === 0) return;
  if (backlog.reader.discovering) yield ANY;
  for (const lane of backlog.distinctLanes()) {
    if (lane.records === 0 || (!held && !isLate(lane, mark))) continue;
    for (const destination of lane.destinations) yield destination.slice(0, destination.indexOf("\0"));
  }
}

function isLate({ firstPlace }: BacklogLane, mark: number): boolean {
  return firstPlace !== undefined && firstPlace < mark;
}
