import type { Reply, Write } from "../writer.ts";

/**
 * Where writes for one backend are kept when the runtime lets a request keep nothing itself. Everything here may reject,
 * with any error: the keeper is reached over a network.
 */
export interface Keeper {
  ask(): Promise<KeeperState>;
  /** Its figures for `/status`. */
  status(): Promise<object>;
  /** Resolves when the write is stored there: the backend gets it in its turn. */
  keep(write: Write): Promise<KeeperState>;
  /** Resolves when a write that is just being sent is stored there, in case that nobody says what became of it. */
  park(write: Write): Promise<ParkedWrite>;
  /** Puts a write into its place behind what is kept. */
  accept(write: Write): KeeperSession;
  /** The backend rejected what another one stored. */
  diverged(write: Write, reply: Reply): Promise<void>;
}

/** What waits at a keeper. */
export interface KeeperState {
  readonly records: number;
  readonly bytes: number;
  /** A write to any database has something before it. */
  readonly behind: boolean;
  /** A write to one of these databases has something before it: the backend is not ready for them. */
  readonly held: readonly string[];
  /** False while the backend does not answer the keeper. */
  readonly up: boolean;
  /** One write more would cost the oldest. */
  readonly full: boolean;
  /** The backend lacks something for good, or may differ from its replicas. */
  readonly differs: boolean;
}

export const NOTHING_KEPT: KeeperState = {
  records: 0,
  bytes: 0,
  behind: false,
  held: [],
  up: true,
  full: false,
  differs: false,
};

/** If neither is called, the write counts as released. */
export interface ParkedWrite {
  /** The backend took it, or never will. */
  taken(): Promise<void>;
  /** The backend did not take it: it is kept. */
  release(): Promise<KeeperState>;
}

/** A write that waits for its turn at a keeper. If nothing is decided before it is closed, it is kept. */
export interface KeeperSession {
  /** The backend's answer, or that none will come soon. */
  answered(): Promise<{ readonly reply: Reply; readonly state: KeeperState }>;
  /** Resolves when it is stored there, whatever is decided later. */
  place(): Promise<void>;
  /** Resolves when it is stored there, for good. */
  keep(): Promise<void>;
  drop(): Promise<void>;
  close(): Promise<void>;
}
