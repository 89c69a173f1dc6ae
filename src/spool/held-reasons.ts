import * as v from "valibot";

/** Why writes of one database and policy are held, in the backend's words. */
export interface HeldReason {
  readonly db: string;
  /** Empty for the database's default policy. */
  readonly rp: string;
  readonly status: number;
  readonly error: string;
  /** When the backend said it last, in milliseconds since 1970; exact to {@link RENEW_MS}. */
  readonly atMs: number;
}

/** The name of the reasons among the facts. */
export const HELD = "held";
/** Reasons remembered; beyond it the oldest is forgotten. */
const MAX_REASONS = 1_000;
const MAX_ERROR_LENGTH = 300;
/** The same words again are worth remembering after so many milliseconds. */
const RENEW_MS = 60_000;

const rowsSchema = v.array(v.tuple([v.string(), v.string(), v.number(), v.string(), v.number()]));

/** What a backend said last of each destination that it is not ready for. */
export class HeldReasons {
  readonly #reasons = new Map<string, HeldReason>();

  /** True if the backend had not just said the same. */
  add(reason: HeldReason): boolean {
    const { db, rp, status } = reason;
    const error = reason.error.slice(0, MAX_ERROR_LENGTH);
    const key = keyOf(db, rp);
    const known = this.#reasons.get(key);
    const same = known?.status === status && known.error === error;
    if (same && Math.abs(reason.atMs - known.atMs) < RENEW_MS) return false;
    this.#reasons.delete(key);
    if (this.#reasons.size >= MAX_REASONS) this.#reasons.delete(this.#reasons.keys().next().value as string);
    this.#reasons.set(key, { ...reason, error });
    return true;
  }

  /** The reason for a destination. Those that name no policy may be held together with those that name the default one. */
  of(db: string, rp: string): HeldReason | undefined {
    const exact = this.#reasons.get(keyOf(db, rp));
    if (exact !== undefined || rp !== "") return exact ?? this.#reasons.get(keyOf(db, ""));
    return [...this.#reasons.values()].findLast((reason) => reason.db === db);
  }

  /** As rows of database, policy, status, words and time. */
  toJSON(): (string | number)[][] {
    return [...this.#reasons.values()].map(({ db, rp, status, error, atMs }) => [
      db,
      rp,
      status,
      error,
      atMs,
    ]);
  }

  /** Adds the rows of a fact; one that is not of their form adds nothing. */
  restore(fact: unknown): void {
    const stored = v.safeParse(rowsSchema, fact);
    for (const [db, rp, status, error, atMs] of stored.success ? stored.output : []) {
      this.add({ db, rp, status, error, atMs });
    }
  }
}

function keyOf(db: string, rp: string): string {
  return `${db}\0${rp}`;
}
