import { StatementError } from "./shard-answer.ts";
import { compareValues, type Value, wrap } from "./value.ts";

/** Puts together what two shards say of one call; neither is null. */
export type Combine = (a: Value, b: Value) => Value;

/** Integers as InfluxDB adds them, in 64 bits; a float makes a float. */
export const add: Combine = (a, b) =>
  typeof a === "bigint" && typeof b === "bigint" ? wrap(a + b) : Number(a) + Number(b);

export const least: Combine = (a, b) => (compareValues(b, a) < 0 ? b : a);
export const greatest: Combine = (a, b) => (compareValues(b, a) > 0 ? b : a);

export const subtract: Combine = (a, b) =>
  typeof a === "bigint" && typeof b === "bigint" ? wrap(a - b) : Number(a) - Number(b);

/** A partial result that a shard is asked for. */
export interface Partial {
  readonly name: "count" | "sum" | "min" | "max";
  readonly combine: Combine;
}

const COUNT: Partial = { name: "count", combine: add };
const SUM: Partial = { name: "sum", combine: add };
const MIN: Partial = { name: "min", combine: least };
const MAX: Partial = { name: "max", combine: greatest };

/** How a function of many points is computed from partial results. */
export interface Merging {
  readonly partials: readonly Partial[];
  /** Of the combined partial results, of which none is null. */
  readonly finish: (values: readonly Value[]) => Value;
}

const itself = ([value = null]: readonly Value[]): Value => value;

/** Booleans have a least and a greatest, but no difference. */
function spread([max = 0, min = 0]: readonly Value[]): Value {
  if (typeof max !== "boolean") return subtract(max, min);
  throw new StatementError("unsupported spread iterator type: *query.booleanInterruptIterator");
}

/** Functions that need no more than partial results. */
export const MERGINGS: ReadonlyMap<string, Merging> = new Map<string, Merging>([
  ["count", { partials: [COUNT], finish: itself }],
  ["sum", { partials: [SUM], finish: itself }],
  ["min", { partials: [MIN], finish: itself }],
  ["max", { partials: [MAX], finish: itself }],
  ["mean", { partials: [SUM, COUNT], finish: ([sum = 0, count = 1]) => Number(sum) / Number(count) }],
  ["spread", { partials: [MAX, MIN], finish: spread }],
]);
