import type { Backend } from "../backend/backend.ts";
import type { ReadReplica } from "../query/replica.ts";

/** A backend as the router of reads sees it. */
export function readReplica(backend: Backend): ReadReplica {
  const isInSync = () => backend.up && backend.backlog.records === 0;
  return {
    name: backend.name,
    queries: backend.queries,
    isInSync,
    staleMs: () => (isInSync() ? 0 : 1_000),
    pending: (db) => backend.pending(db),
    answered: (db, signal) => backend.answered(db, signal),
  };
}
