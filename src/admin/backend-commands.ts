import type { RangeStatus } from "../backend/backend-status.ts";
import type { PeerAnswer } from "../peers/peer-answer.ts";
import type { Held } from "../peers/remote-lease.ts";

/** The ranges of time in which a backend lacks something, or may differ from its replicas. */
export interface Ranges {
  readonly lost: readonly RangeStatus[];
  readonly suspect: readonly RangeStatus[];
  /** To be given back with what was repaired: what was added since then is not forgotten. */
  readonly revision: string;
}

/** What can be done with the backends of a running relay. Everything rejects with a RelayError. */
export interface BackendCommands {
  /** What `/status` answers. */
  status(): Promise<object>;
  /** Takes it out of queries. `by` says for whom, in a word. */
  drain(backend: string, by: string): Promise<void>;
  /** The end of that; without `by`, for all. */
  resume(backend: string, by?: string): Promise<void>;
  /**
   * Sends it nothing for a database and policy (empty for the default one, undefined for all) until the lease ends.
   * Resolves when nothing is in flight there.
   */
  hold(backend: string, db: string, rp: string | undefined): Promise<Held>;
  renew(lease: string): Promise<void>;
  release(lease: string): Promise<void>;
  /** True once everything that was accepted for a database before was answered; false if that takes too long. */
  answered(backend: string, db: string): Promise<boolean>;
  ranges(backend: string): Promise<Ranges>;
  /** It has what its replicas have in these. Returns how many of them were forgotten. */
  repaired(backend: string, ranges: readonly RangeStatus[], revision: string): Promise<number>;
  /** What a relay that names this one as a peer wants to know of it. */
  peer(): Promise<PeerAnswer>;
  /**
   * `holder` is going to repair it, and says that it lacks these databases. Rejects while this relay is repairing it, or knows
   * of another one that is.
   */
  recoveryLease(backend: string, holder: string, lacking: readonly string[]): Promise<Held>;
}
