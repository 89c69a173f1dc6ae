import { RelayError } from "../errors.ts";

/** Where a server may differ from its replicas; both ends belong to it. */
export interface SuspectRange {
  /** "*" for any. */
  readonly db: string;
  /** Empty for the database's default policy, "*" for any. */
  readonly rp: string;
  /** Nanoseconds since 1970. */
  readonly min: bigint;
  readonly max: bigint;
  /** Another one whenever something was added to it, also of what it covers; undefined if that cannot be told. */
  readonly revision?: string;
}

/** Undefined if it may stay the same although something was added. */
export const suspectsText = (suspects: readonly SuspectRange[]): string | undefined =>
  suspects.some(({ revision }) => revision === undefined)
    ? undefined
    : JSON.stringify(
        suspects.map(({ db, rp, min, max, revision }) => [db, rp, `${min}`, `${max}`, revision]),
      );

/** Writes that were to be held were perhaps not held all the time: what was done meanwhile has to be done again. */
export class HoldLostError extends RelayError {
  constructor(backend: string, options?: ErrorOptions) {
    super("HOLD_LOST", `the relay does not hold the writes for ${backend} any more`, options);
  }
}

/** What a recovery asks of the relay that writes to both servers. Names are those of outputs, and plain text. */
export interface RelayControl {
  /** Takes the server out of queries. */
  drain(backend: string): Promise<void>;
  resume(backend: string): Promise<void>;
  /**
   * Keeps writes for this database and policy, or for all of its policies, from the server until the returned function is called. Resolves when none
   * is in flight there. The returned function rejects with a {@link HoldLostError} if they were not kept all the time.
   */
  hold(
    backend: string,
    db: string,
    rp: string | undefined,
    signal: AbortSignal,
  ): Promise<() => Promise<void>>;
  /** Resolves when the server has answered everything for the database that was accepted before. */
  answered(backend: string, db: string, signal: AbortSignal): Promise<void>;
  suspects(backend: string): Promise<readonly SuspectRange[]>;
  /** The server is the same as its replicas in these. */
  repaired(backend: string, ranges: readonly SuspectRange[]): Promise<void>;
}

/** No relay runs, so nobody writes through one. */
export const NO_RELAY: RelayControl = {
  drain: async () => {},
  resume: async () => {},
  hold: async () => async () => {},
  answered: async () => {},
  suspects: async () => [],
  repaired: async () => {},
};
