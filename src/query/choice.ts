import type { Clock } from "../platform.ts";
import type { ReadReplica } from "./replica.ts";

/** How replicas that are equally up to date are chosen from. */
export type Policy = "spread" | "first";

/** The replicas that a query may go to, in the order in which it should. */
export interface Candidates {
  readonly inSync: readonly ReadReplica[];
  /** The least stale first; only for when no other answers. */
  readonly stale: readonly ReadReplica[];
}

/** Sorts a listener's replicas for one query. Those of weight 0 are asked nothing. */
export function candidatesFor(
  replicas: readonly ReadReplica[],
  databases: readonly string[] | undefined,
  policy: Policy,
  random: () => number,
): Candidates {
  const of = databases === undefined || databases.length === 0 ? [undefined] : databases;
  const asked = replicas.filter(({ queries }) => queries.weight > 0);
  const isInSync = (replica: ReadReplica) => of.every((db) => replica.isInSync(db));
  const staleMs = (replica: ReadReplica) => Math.max(...of.map((db) => replica.staleMs(db)));
  const inSync = asked.filter(isInSync);
  return {
    inSync: policy === "first" ? inSync : spread(inSync, random),
    stale: sortedBy(
      asked.filter((replica) => !inSync.includes(replica)),
      staleMs,
    ),
  };
}

/** Fewest running queries for its weight first; who is equal, by chance. */
function spread(replicas: readonly ReadReplica[], random: () => number): ReadReplica[] {
  // Exponentially distributed: each is the smallest as often as its weight says.
  const chance = new Map(
    replicas.map((replica) => [replica, -Math.log(1 - random()) / replica.queries.weight]),
  );
  const load = ({ queries }: ReadReplica) => queries.running / queries.weight;
  return sortedBy(
    sortedBy(replicas, (replica) => chance.get(replica) as number),
    load,
  );
}

/** Those with the fewest writes first that they have not answered; else in their order. */
export function byPending(replicas: readonly ReadReplica[], databases: readonly string[]): ReadReplica[] {
  return sortedBy(replicas, (replica) => pendingOf(replica, databases));
}

export function pendingOf(replica: ReadReplica, databases: readonly string[]): number {
  return databases.reduce((sum, db) => sum + replica.pending(db), 0);
}

/**
 * The first replica that has answered what was accepted for the databases before the call; undefined if none has after
 * so many milliseconds, or the signal aborts.
 */
export function firstUpToDate(
  replicas: readonly ReadReplica[],
  databases: readonly string[],
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<ReadReplica | undefined> {
  return within(ms, clock, signal, (over) =>
    Promise.race(
      replicas.map(async (replica) => {
        await Promise.all(databases.map((db) => replica.answered(db, over)));
        return over.aborted ? undefined : replica;
      }),
    ),
  );
}

/** Waits with a signal that aborts after so many milliseconds, when another one does, or once the wait has ended. */
export async function within<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  wait: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = clock.after(ms, end);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await wait(ending.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", end);
    end();
  }
}

/** Stable. */
function sortedBy<T>(items: readonly T[], key: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, at: key(item) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
