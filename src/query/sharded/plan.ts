import type { Select } from "../../influxql/ast-select.ts";
import type { Show } from "../../influxql/ast-show.ts";

/** What becomes of a statement on a listener with shards. Shards are indexes of the map's. */
export type Plan = Route | ConcatRows | MergeRows | MergeAggregates | MergeList | Broadcast | Refuse;

/** One shard has all that it is about. */
export interface Route {
  readonly kind: "route";
  readonly shard: number;
}

/** Each series of the answer lies in one shard: the shards run the query as it is, their series are put in order. */
export interface ConcatRows {
  readonly kind: "concat-rows";
  readonly shards: readonly number[];
  readonly select: Select;
}

/** A row for each point: the shards' rows are merged by time, and cut afterwards. */
export interface MergeRows {
  readonly kind: "merge-rows";
  readonly shards: readonly number[];
  readonly select: Select;
}

/** Computed here, from partial results or from the points. */
export interface MergeAggregates {
  readonly kind: "merge-aggregates";
  readonly shards: readonly number[];
  readonly select: Select;
}

/** What SHOW lists, united and sorted. */
export interface MergeList {
  readonly kind: "merge-list";
  readonly shards: readonly number[];
  readonly show: Show;
}

/** Changes something: runs on every replica of these shards. */
export interface Broadcast {
  readonly kind: "broadcast";
  readonly shards: readonly number[];
}

/** No shard could answer as one server would that has everything. */
export interface Refuse {
  readonly kind: "refuse";
  /** Says what is in the way, and the way out. */
  readonly reason: string;
}

/** Statements by what became of them. */
export type PlanCounters = Record<Plan["kind"], number>;

export function createPlanCounters(): PlanCounters {
  return {
    route: 0,
    "concat-rows": 0,
    "merge-rows": 0,
    "merge-aggregates": 0,
    "merge-list": 0,
    broadcast: 0,
    refuse: 0,
  };
}

export const refuse = (reason: string): Refuse => ({ kind: "refuse", reason });
