import type { QueryClient } from "../backend/query-client.ts";

/** What the router of reads needs of a backend. */
export interface ReadReplica {
  readonly name: string;
  readonly queries: QueryClient;
  /** True if it has all that its replicas have, of a database or of all. */
  isInSync(db?: string): boolean;
  /** How long it has not been in sync, in milliseconds; 0 while it is. */
  staleMs(db?: string): number;
  /** Writes and changes for a database that were accepted and that it has not answered. */
  pending(db: string): number;
  /** Resolves once it has answered what was accepted for a database before the call, or when the signal aborts. */
  answered(db: string, signal: AbortSignal): Promise<void>;
}
