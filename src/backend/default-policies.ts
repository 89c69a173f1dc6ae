import * as v from "valibot";
import type { Clock } from "../platform.ts";
import type { SpoolFacts } from "../spool/log.ts";
import type { Credentials } from "../writer.ts";

/** How long an answer is believed, in milliseconds: an operator may make another policy the default. */
const FRESH_MS = 60_000;
/** Databases remembered at a time; beyond it the longest unused is forgotten. */
const MAX_DATABASES = 10_000;

/** The name of what is known among the facts. */
const POLICIES = "policies";

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
  readonly #facts: SpoolFacts;
  readonly #ask: (db: string, credentials: Credentials | undefined) => Promise<string | undefined>;
  readonly #known = new Map<string, Known>();

  /** `ask` never rejects. What was known before a restart is in `facts`. */
  constructor(
    clock: Clock,
    facts: SpoolFacts,
    ask: (db: string, credentials: Credentials | undefined) => Promise<string | undefined>,
  ) {
    this.#clock = clock;
    this.#facts = facts;
    this.#ask = ask;
    const stored = v.safeParse(v.array(v.tuple([v.string(), v.string()])), facts.get(POLICIES));
    for (const [db, policy] of stored.success ? stored.output : []) {
      this.#known.set(db, { policy, askedAt: Number.NEGATIVE_INFINITY });
    }
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

  /** The default policy of `db` if it is known. */
  known(db: string): string | undefined {
    return this.#known.get(db)?.policy;
  }

  /** A statement may have made another policy the default: what is known is asked for again when it is needed. */
  doubt(scope: readonly string[] | undefined): void {
    for (const [db, known] of this.#known) {
      if (scope === undefined || scope.includes(db)) known.askedAt = Number.NEGATIVE_INFINITY;
    }
  }

  async #refresh(db: string, known: Known, credentials: Credentials | undefined): Promise<void> {
    const policy = await this.#ask(db, credentials);
    if (policy === undefined || policy === known.policy) return;
    known.policy = policy;
    const policies = [...this.#known].flatMap(([name, { policy }]) =>
      policy === undefined ? [] : [[name, policy]],
    );
    // Lost, it is asked for again: until then writes with and without the policy's name have separate orders.
    await this.#facts.set(POLICIES, policies).catch(() => {});
  }

  #remember(db: string, known: Known): Known {
    this.#known.delete(db);
    if (this.#known.size >= MAX_DATABASES) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(db, known);
    return known;
  }
}
