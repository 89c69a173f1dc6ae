import type { SpoolError } from "../errors.ts";
import type { Change, Reply, Write } from "../writer.ts";

/** Learns what became of a write at one replica. */
export interface ReplyObserver {
  /** Once, at the first answer or when it is clear that none will come soon. */
  answered(replica: number, reply: Reply): void;
  /** The write is kept for the replica, as safely as it can keep anything; or it could not be stored. */
  kept(replica: number, error: SpoolError | undefined): void;
}

/** A write that a replica has accepted into its order. Either `keep` or `drop` is called, any time later. */
export interface Acceptance {
  /** True if it cannot be delivered soon, because much comes before it or the replica takes nothing. */
  readonly behind: boolean;
  /** Stores it, so that no time is lost if it is to be kept. */
  place(): void;
  /** The client has been answered: unless the write is just being sent, its turn need not be waited for. */
  expire(): void;
  /** The replica must get this write sooner or later: it is kept until it has. */
  keep(): void;
  /** Nobody was told that the write succeeded: forget it, unless it is just being sent. */
  drop(): void;
  /** The replica rejected what another one stored. */
  diverged(reply: Reply): void;
}

/** What a fan-out of changes needs of a backend. */
export interface ChangeReplica {
  readonly name: string;
  /** False when a change accepted now would not be sent soon, because the backend is down or behind. */
  takesChange(change: Change): boolean;
  /** True if a change that it does not take can be kept for it as safely as it keeps anything. */
  keepsChange(change: Change): boolean;
  /** Puts a change into its place in the order of its databases. The observer may be called before this returns. */
  acceptChange(change: Change, observer: ReplyObserver, index: number): Acceptance;
}

/**
 * What a fan-out needs of a backend. It is more than a `Writer`, because whether a write is kept for one replica
 * depends on what the others and the client were told.
 */
export interface Replica {
  readonly name: string;
  /** False when a write accepted now would be answered without being tried, because the backend is down. */
  takes(write: Write): boolean;
  /** True if keeping the write for it would cost an older one. */
  isFull(write: Write): boolean;
  /** True if what is kept for it survives the process. */
  keepsSafely(write: Write): boolean;
  /** Puts a write into its place in the order. The observer may be called before this returns. */
  accept(write: Write, observer: ReplyObserver, index: number): Acceptance;
}
