import type { Log } from "../observe/log.ts";
import type { Changes } from "./changes.ts";

interface Skipped {
  readonly name: string;
  readonly counters: { changesSkipped: number };
}

/**
 * Changes of a replica set of which some execute no statements: what the others executed is counted as skipped there, and
 * told, because a DELETE or DROP leaves there what it takes from the others.
 */
export function withSkipped(changes: Changes, skipped: readonly Skipped[], log: Log): Changes {
  if (skipped.length === 0) return changes;
  return {
    async post(change, signal) {
      const reply = await changes.post(change, signal);
      if (reply.kind !== "stored") return reply;
      for (const { name: backend, counters } of skipped) {
        counters.changesSkipped++;
        const db = change.scope?.join(" ") ?? "*";
        const next = "it was executed on the others only: do the same there by the 2.x API if it matters";
        log.throttled("warn", "change-skipped", { backend, db, next }, `change-skipped ${backend}`);
      }
      return reply;
    },
  };
}
