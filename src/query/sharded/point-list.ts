import type { Point } from "./points.ts";
import { compareValues, type Value } from "./value.ts";

type Column = Float64Array | BigInt64Array | Value[];

/** So many values of 8 bytes V8 keeps in its heap: most lists are short. */
const FIRST_SIZE = 8;
/** Never written to: a list grows before. */
const NO_INTEGERS = new BigInt64Array(0);
const NO_FLOATS = new Float64Array(0);

/** The points of a series in columns: of a million, objects would need some hundred megabytes. */
export class PointList {
  length = 0;
  #times: BigInt64Array = NO_INTEGERS;
  #values: Column = [];
  #others: (readonly Value[])[] | undefined;

  push(time: bigint, value: Value, others?: readonly Value[]): void {
    const at = this.length++;
    if (at === 0) this.#values = columnOf(value);
    else if (!fits(this.#values, value)) this.#values = Array.from<Value>(this.#values).slice(0, at);
    if (at === this.#times.length) this.#grow();
    this.#times[at] = time;
    this.#values[at] = value as never;
    if (others === undefined) return;
    this.#others ??= [];
    this.#others[at] = others;
  }

  time(at: number): bigint {
    return this.#times[at] as bigint;
  }

  value(at: number): Value {
    return this.#values[at] as Value;
  }

  point(at: number): Point {
    const point = { time: this.time(at), value: this.value(at) };
    const others = this.#others?.[at];
    return others === undefined ? point : { ...point, others };
  }

  points(): readonly Point[] {
    return Array.from({ length: this.length }, (_, at) => this.point(at));
  }

  /** A list of its own of the points in `[from, to)`, which shares their memory: nothing can be added to it. */
  part(from: number, to: number): PointList {
    const part = new PointList();
    part.length = to - from;
    part.#times = this.#times.subarray(from, to);
    part.#values = partOf(this.#values, from, to);
    part.#others = this.#others?.slice(from, to);
    return part;
  }

  /** In an order of their own. */
  sortedValues(): ArrayLike<Value> {
    const values = this.#values.slice(0, this.length);
    return Array.isArray(values) ? values.sort(compareValues) : values.sort();
  }

  /** A text or a boolean, if there is one. */
  get notNumber(): Value | undefined {
    return Array.isArray(this.#values) ? this.#values.find(isNoNumber) : undefined;
  }

  #grow(): void {
    const times = new BigInt64Array(Math.max(FIRST_SIZE, 2 * this.#times.length));
    times.set(this.#times);
    this.#times = times;
    const values = this.#values;
    if (Array.isArray(values)) return;
    this.#values =
      values instanceof Float64Array ? new Float64Array(times.length) : new BigInt64Array(times.length);
    this.#values.set(values as never);
  }
}

export const isNoNumber = (value: Value): boolean => typeof value === "string" || typeof value === "boolean";

/** Points in the order of time, those of one time in the order in which they are. */
export function inTimeOrder(list: PointList, ascending: boolean): PointList {
  const sign = ascending ? 1 : -1;
  const compare = (a: number, b: number) => sign * compareTimes(list.time(a), list.time(b));
  let at = 1;
  while (at < list.length && compare(at - 1, at) <= 0) at++;
  if (at >= list.length) return list;
  const sorted = new PointList();
  for (const from of Uint32Array.from({ length: list.length }, (_, i) => i).sort(compare)) {
    const { time, value, others } = list.point(from);
    sorted.push(time, value, others);
  }
  return sorted;
}

/** Of lists that are in the order of time, each; those of one time in the order of the lists. */
export function mergeLists(lists: readonly PointList[], ascending: boolean): PointList {
  const [only, ...more] = lists;
  if (only !== undefined && more.length === 0) return only;
  const sign = ascending ? 1 : -1;
  const merged = new PointList();
  const at = lists.map(() => 0);
  const heads = lists.map((list) => (list.length > 0 ? list.time(0) : undefined));
  for (;;) {
    let first = -1;
    let least: bigint | undefined;
    for (let i = 0; i < heads.length; i++) {
      const time = heads[i];
      if (time === undefined || (least !== undefined && sign * compareTimes(time, least) >= 0)) continue;
      least = time;
      first = i;
    }
    if (first < 0) return merged;
    const list = lists[first] as PointList;
    const from = at[first] as number;
    const { time, value, others } = list.point(from);
    merged.push(time, value, others);
    at[first] = from + 1;
    heads[first] = from + 1 < list.length ? list.time(from + 1) : undefined;
  }
}

const compareTimes = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function columnOf(value: Value): Column {
  if (typeof value === "number") return NO_FLOATS;
  return fits(NO_INTEGERS, value) ? NO_INTEGERS : [];
}

function fits(column: Column, value: Value): boolean {
  if (column instanceof Float64Array) return typeof value === "number";
  if (column instanceof BigInt64Array) return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
  return true;
}

function partOf(column: Column, from: number, to: number): Column {
  return Array.isArray(column) ? column.slice(from, to) : column.subarray(from, to);
}
