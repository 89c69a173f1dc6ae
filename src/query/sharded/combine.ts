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
  readonly name: "count" | "sum" | "min" | "max" | "mean";
  readonly combine: Combine;
}

const COUNT: Partial = { name: "count", combine: add };
const SUM: Partial = { name: "sum", combine: add };
const MIN: Partial = { name: "min", combine: least };
const MAX: Partial = { name: "max", combine: greatest };
/** {@link sumOf} comes in its place. */
const MEAN: Partial = { name: "mean", combine: add };

/**
 * What so many values came to, by their mean. influxd adds the integers of each series by themselves: together they may
 * come to more than 64 bits hold, which the mean of a shard does not show and its sum would. A sum that has few digits
 * is the one that the mean was made of.
 */
export function sumOf(mean: number, count: number): number {
  const sum = mean * count;
  const short = Number(sum.toPrecision(15));
  return Math.abs(short - sum) <= Math.abs(sum) * 2 ** -51 ? short : sum;
}

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
  ["mean", { partials: [MEAN, COUNT], finish: ([sum = 0, count = 1]) => Number(sum) / Number(count) }],
  ["spread", { partials: [MAX, MIN], finish: spread }],
]);
