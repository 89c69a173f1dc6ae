import type { Clock } from "../platform.ts";
import type { Credentials } from "../writer.ts";

/** How long an answer is believed, in milliseconds: an operator may make another policy the default. */
const FRESH_MS = 60_000;
/** Databases remembered at a time; beyond it the longest unused is forgotten. */
const MAX_DATABASES = 10_000;

interface Known {
  policy: string | undefined;
  askedAt: number;
}

/**
 * The default retention policy of each database of a backend, so that a write that names no policy and one that
 * names the default one share a lane. Asked in the background; as long as there is no answer, none is assumed.
 */
export class DefaultPolicies {
  readonly #clock: Clock;
  readonly #ask: (db: string, credentials: Credentials | undefined) => Promise<string | undefined>;
  readonly #known = new Map<string, Known>();

  /** `ask` never rejects. */
  constructor(
    clock: Clock,
    ask: (db: string, credentials: Credentials | undefined) => Promise<string | undefined>,
  ) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** The default policy of `db` if it is known; else, and when the answer is old, it is asked for. */
  of(db: string, credentials: Credentials | undefined): string | undefined {
    const now = this.#clock.monotonic();
    let known = this.#known.get(db);
    if (known === undefined || now - known.askedAt >= FRESH_MS) {
      known = this.#remember(db, { policy: known?.policy, askedAt: now });
      void this.#refresh(db, known, credentials);
    }
    return known.policy;
  }

  async #refresh(db: string, known: Known, credentials: Credentials | undefined): Promise<void> {
    known.policy = (await this.#ask(db, credentials)) ?? known.policy;
  }

  #remember(db: string, known: Known): Known {
    this.#known.delete(db);
    if (this.#known.size >= MAX_DATABASES) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(db, known);
    return known;
  }
}
