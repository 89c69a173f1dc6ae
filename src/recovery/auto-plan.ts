import type { TimeRange, TimeRanges } from "../spool/time-ranges.ts";
import { mayOverlap, outside, shared } from "./ranges.ts";

/** A backend as far as it matters to what is to be done about it. */
export interface Member {
  readonly name: string;
  readonly health: { readonly up: boolean };
  readonly drainedBy: readonly string[];
  isBehind(db?: string): boolean;
  isCatchingUp(db?: string): boolean;
  readonly handoff: { readonly lost: TimeRanges; readonly suspect: TimeRanges };
}

/** Ranges and the state of knowledge that they are of: what is added after it is not in them. */
interface Known {
  readonly ranges: readonly TimeRange[];
  readonly revisions: { readonly lost: number; readonly suspect: number };
}

/** What to do about the ranges of one database. */
export interface Task<T extends Member = Member> {
  /** `repair`: the other one is a good replica. `compare`: it may differ there as well, so nothing is copied. */
  readonly kind: "repair" | "compare";
  /** `*` for ranges of which the database is not known. */
  readonly db: string;
  readonly target: T;
  readonly other: T;
  readonly known: Known;
  /** The other one's, of a comparison; forgotten, too, if there is no difference. */
  readonly othersKnown: Known;
}

/** Where a backend is known to differ, or may. */
export const rangesOf = ({ handoff: { lost, suspect } }: Member): TimeRange[] => [
  ...lost.list(),
  ...suspect.list(),
];

const revisionsOf = ({ handoff: { lost, suspect } }: Member): Known["revisions"] => ({
  lost: lost.revision,
  suspect: suspect.revision,
});

/** A task, or in words what has to happen first. */
export type Plan<T extends Member = Member> = Task<T> | { readonly kind: "wait"; readonly why: string };

/** What can be done about the ranges that a backend has in one database, with one of its replicas. */
export function planFor<T extends Member>(target: T, db: string, replicas: readonly T[]): Plan<T> {
  const only = db === "*" ? undefined : db;
  const [by] = target.drainedBy;
  if (!target.health.up) return wait("it is down");
  if (by !== undefined) return wait(`it is drained by ${by}`);
  if (target.isCatchingUp(only)) return wait("it gets what was kept for it first");
  const there = replicas.filter(
    (other) => other.health.up && other.drainedBy.length === 0 && !other.isBehind(only),
  );
  const ranges = rangesOf(target).filter((range) => range.db === db);
  for (const other of there) {
    const others = rangesOf(other);
    const good = ranges.flatMap((range) => outside(range, others));
    if (good.length > 0) return task("repair", target, other, db, good, []);
  }
  const [other] = there;
  if (other === undefined) return wait("no replica of it is up, has everything and is not drained");
  const pairs = ranges.flatMap((range) =>
    rangesOf(other)
      .filter((theirs) => mayOverlap(range, theirs))
      .map((theirs) => ({ ours: shared(range, theirs), theirs: shared(theirs, range) })),
  );
  const ours = pairs.map((pair) => pair.ours);
  return task(
    "compare",
    target,
    other,
    db,
    ours,
    pairs.map((pair) => pair.theirs),
  );
}

const wait = (why: string) => ({ kind: "wait", why }) as const;

function task<T extends Member>(
  kind: Task["kind"],
  target: T,
  other: T,
  db: string,
  ranges: readonly TimeRange[],
  others: readonly TimeRange[],
): Task<T> {
  return {
    ...{ kind, db, target, other },
    known: { ranges, revisions: revisionsOf(target) },
    othersKnown: { ranges: others, revisions: revisionsOf(other) },
  };
}
