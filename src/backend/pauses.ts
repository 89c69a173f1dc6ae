import type { Clock, Timer } from "../platform.ts";

interface Pause {
  readonly db: string;
  /** Undefined for all policies. */
  readonly rp: string | undefined;
}

/** Of which databases and policies nothing is sent for a while, because somebody else works on them. */
export class Pauses {
  readonly #clock: Clock;
  /** The name of a database's default policy, as far as it is known. */
  readonly #defaultPolicy: (db: string) => string | undefined;
  readonly #pauses = new Set<Pause>();
  readonly #waits = new Map<Timer, () => void>();

  constructor(clock: Clock, defaultPolicy: (db: string) => string | undefined) {
    this.#clock = clock;
    this.#defaultPolicy = defaultPolicy;
  }

  /** What it returns ends the pause, once. Several may overlap. */
  add(db: string, rp: string | undefined): () => void {
    const pause = { db, rp };
    this.#pauses.add(pause);
    return () => void this.#pauses.delete(pause);
  }

  has(db: string, rp: string): boolean {
    if (this.#pauses.size === 0) return false;
    for (const pause of this.#pauses) if (pause.db === db && this.#isSame(pause, rp)) return true;
    return false;
  }

  /** True if one of these databases is paused, or a policy of it; undefined: if any is. */
  within(scope: readonly string[] | undefined): boolean {
    for (const { db } of this.#pauses) if (scope === undefined || scope.includes(db)) return true;
    return false;
  }

  /** For a lane, by the keys of its destinations: database, policy and user. */
  hasAny(keys: Iterable<string>): boolean {
    if (this.#pauses.size === 0) return false;
    for (const key of keys) {
      const [db = "", rp = ""] = key.split("\0");
      if (this.has(db, rp)) return true;
    }
    return false;
  }

  /** Resolves after so many milliseconds, or when it is stopped. */
  wait(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(ms, () => {
        this.#waits.delete(timer);
        resolve();
      });
      this.#waits.set(timer, resolve);
    });
  }

  stop(): void {
    for (const [timer, resolve] of this.#waits) {
      timer.cancel();
      resolve();
    }
    this.#waits.clear();
  }

  /** As long as the default policy is not known, no name and any name may be the same one. */
  #isSame(pause: Pause, rp: string): boolean {
    if (pause.rp === undefined || pause.rp === rp) return true;
    if (pause.rp !== "" && rp !== "") return false;
    const policy = this.#defaultPolicy(pause.db);
    return policy === undefined || policy === (rp === "" ? pause.rp : rp);
  }
}
