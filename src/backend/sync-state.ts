import { SpoolError } from "../errors.ts";
import type { Clock, Timer } from "../platform.ts";
import type { SpoolFacts } from "../spool/log.ts";
import { type Kept, pendingOf } from "../spool/undelivered.ts";
import { Drains } from "./drains.ts";
import type { Handoff } from "./handoff.ts";
import { HealthCheck } from "./health-check.ts";
import { Lag, type WatchedBacklog } from "./lag.ts";
import { Since } from "./since.ts";

/** How often it is looked whether something has been waiting for too long, in milliseconds. */
const LOOK_MS = 500;

interface SyncStateOptions {
  readonly clock: Clock;
  readonly facts: SpoolFacts;
  readonly handoff: Handoff;
  readonly health: Omit<ConstructorParameters<typeof HealthCheck>[0], "clock">;
  readonly watched: readonly WatchedBacklog[];
  /** How many writes it accepted. */
  readonly accepted: () => number;
  /** All that it lacks. */
  readonly backlog: () => { readonly records: number; readonly bytes: number };
  readonly heldRecords: () => number;
}

/**
 * Whether a backend has what its replicas have, so that queries should go to it: it is up, nobody drained it, it is not
 * behind, nothing is held or was lost, and it is not suspect. Asking costs a look into a few sets.
 */
export class SyncState {
  readonly health: HealthCheck;
  readonly drains: Drains;
  readonly #options: SyncStateOptions;
  readonly #lag: Lag;
  /** Of which databases there are ranges in which the backend may differ. */
  readonly #differing = new Since();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: SyncStateOptions) {
    const { clock, facts, watched, accepted, health } = options;
    this.#options = options;
    this.#lag = new Lag(watched, accepted, clock);
    this.health = new HealthCheck({ ...health, clock, cameBack: () => this.#lag.lookAfterOutage() });
    this.drains = new Drains(facts, clock);
    this.#lookAtRanges();
  }

  /** Of one database, or of all. */
  isInSync(db?: string): boolean {
    return this.#isServing && !this.isBehind(db) && !this.#differs(db);
  }

  /** True if it lacks, for longer than it takes to deliver it, what was written to a database, or to any. */
  isBehind(db?: string): boolean {
    return this.#lag.since.has(db);
  }

  /** The same, but for what is held until a person or a recovery does something. */
  isCatchingUp(db?: string): boolean {
    return this.#lag.sending.has(db);
  }

  /** Why it is not in sync, in words without names; empty if it is. */
  get reasons(): readonly string[] {
    const { handoff, backlog, heldRecords } = this.#options;
    const found: string[] = [];
    if (!this.health.up) found.push(`down: ${this.health.reason}`);
    for (const { by } of this.drains.list) found.push(`drained by ${by}`);
    if (this.#lag.since.has()) {
      const held = heldRecords();
      const waiting = backlog().records - held;
      if (waiting > 0) found.push(`behind: it lacks ${counted(waiting, "write")}`);
      if (held > 0) found.push(`held: it is not ready for the destination of ${counted(held, "write")}`);
      if (waiting + held === 0) found.push("behind: a write is on its way for long");
    }
    if (handoff.lost.size > 0)
      found.push(`lost: writes for it were dropped in ${counted(handoff.lost.size, "range")} of time`);
    if (handoff.suspect.size > 0)
      found.push(`suspect: it may differ in ${counted(handoff.suspect.size, "range")} of time`);
    return found;
  }

  /**
   * How long it has not been in sync, of one database or of all, in milliseconds, as far as this process knows: what it
   * kept before is as old as its oldest record, ranges and an outage count from the start. 0 while it is in sync.
   */
  staleMs(db?: string): number {
    if (this.isInSync(db)) return 0;
    const { clock } = this.#options;
    const now = clock.monotonic();
    const since = [
      this.health.up ? undefined : this.health.sinceMs,
      ...this.drains.list.map(({ atMs }) => now - (clock.now() - atMs)),
      this.#lag.since.of(db),
      this.#differing.of(db),
    ].filter((time) => time !== undefined);
    return Math.max(1, now - Math.min(now, ...since));
  }

  /** Watches from now on. `kept` is what was there at the start. */
  async start(kept: readonly Kept[]): Promise<void> {
    this.health.start();
    this.#lag.lookBack(await this.#oldestMs(kept));
    this.#lookLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.health.stop();
  }

  get #isServing(): boolean {
    return this.health.up && this.drains.list.length === 0;
  }

  #differs(db?: string): boolean {
    const { lost, suspect } = this.#options.handoff;
    return lost.has(db) || suspect.has(db);
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      this.#lag.look();
      this.#lookAtRanges();
      this.#lookLater();
    });
  }

  #lookAtRanges(): void {
    const { clock, handoff } = this.#options;
    this.#differing.update([...handoff.lost.databases, ...handoff.suspect.databases], clock.monotonic());
  }

  /** When (monotonic) the oldest record was accepted; now if there is none, or none can be read. */
  async #oldestMs(kept: readonly Kept[]): Promise<number> {
    const { clock } = this.#options;
    let oldestMs = clock.now();
    for (const part of kept) {
      if (part.records === 0) continue;
      try {
        for await (const { timeMs } of pendingOf(part)) {
          oldestMs = Math.min(oldestMs, timeMs);
          break;
        }
      } catch (error) {
        if (!(error instanceof SpoolError)) throw error;
      }
    }
    return clock.monotonic() - (clock.now() - oldestMs);
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
