import type { Clock } from "../platform.ts";
import type { Backlog } from "./backlog.ts";
import { ANY, Since } from "./since.ts";

/** A log of what a backend lacks. */
export interface WatchedBacklog {
  readonly backlog: Backlog;
  /** What is in it waits until a person does something. */
  readonly held: boolean;
}

/**
 * Which databases of a backend are behind: something that waits or is in flight for one did so at the look before
 * already. What only waits for its turn among live writes is not behind, and looking costs the writes nothing.
 */
export class Lag {
  readonly since = new Since();
  /** The same without what is held. */
  readonly sending = new Since();
  readonly #watched: readonly WatchedBacklog[];
  /** How many writes the backend accepted. */
  readonly #accepted: () => number;
  readonly #clock: Clock;
  /** That number at the last look. */
  #mark = 0;
  /** When (monotonic) that was. */
  #lookedAtMs: number;

  constructor(watched: readonly WatchedBacklog[], accepted: () => number, clock: Clock) {
    this.#watched = watched;
    this.#accepted = accepted;
    this.#clock = clock;
    this.#lookedAtMs = clock.monotonic();
    this.look();
  }

  look(): void {
    const late = (watched: readonly WatchedBacklog[]) =>
      watched.flatMap((each) => [...lateIn(each, this.#mark)]);
    this.since.update(late(this.#watched), this.#lookedAtMs);
    this.sending.update(late(this.#watched.filter(({ held }) => !held)), this.#lookedAtMs);
    this.#mark = this.#accepted();
    this.#lookedAtMs = this.#clock.monotonic();
  }

  /** The same, when it was away: whatever it has not answered yet is late, however short that was. */
  lookAfterOutage(): void {
    this.#mark = this.#accepted();
    this.look();
  }

  /** The same; what was there at the start has been waiting since then (monotonic milliseconds). */
  lookBack(startedMs: number): void {
    this.since.forget();
    this.sending.forget();
    this.#lookedAtMs = startedMs;
    this.look();
  }
}

function* lateIn({ backlog, held }: WatchedBacklog, mark: number): Generator<string> {
  if (backlog.reader.discovering) yield ANY;
  for (const lane of backlog.distinctLanes()) {
    if (held ? lane.records === 0 : lane.hasPassed(mark)) continue;
    for (const destination of lane.destinations) yield destination.slice(0, destination.indexOf("\0"));
  }
}
