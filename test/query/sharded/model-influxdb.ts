import type { Call, Expression } from "../../../src/influxql/ast-expression.ts";
import type { Select } from "../../../src/influxql/ast-select.ts";
import { parseStatement } from "../../../src/influxql/parse.ts";
import { splitCondition } from "../../../src/query/sharded/time-range.ts";
import type { Value } from "../../../src/query/sharded/value.ts";
import type { PackedSeries } from "./msgpack.ts";

export interface ModelPoint {
  readonly time: bigint;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number | bigint>>;
}

/** One field of a point. */
type Cell = readonly [time: bigint, value: number | bigint];

/**
 * A little of InfluxDB, written from its documentation: aggregates and raw fields of the measurement `m`, GROUP BY tags
 * and time, fill. Times of an answer are nanoseconds.
 */
export class ModelInfluxdb {
  readonly #points: readonly ModelPoint[];

  constructor(points: readonly ModelPoint[]) {
    this.#points = points.toSorted((a, b) => Number(a.time - b.time));
  }

  query(q: string): readonly PackedSeries[] {
    if (q.startsWith("EXPLAIN")) return [];
    const select = parseStatement(q) as Select;
    const { min, max } = splitCondition(select.where, undefined) ?? {};
    const inRange = this.#points.filter(({ time }) => time >= (min ?? time) && time <= (max ?? time));
    const tags = select.groupBy
      .flatMap((dimension) => (dimension.kind === "reference" ? [dimension.name] : []))
      .sort();
    const groups = Map.groupBy(inRange, (point) => tags.map((tag) => point.tags[tag] ?? "").join("\0"));
    return [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, points]) => {
        const values = rowsOf(select, points, min, max);
        const names = ["time", ...select.fields.map(({ expression }, at) => `${nameOf(expression)}${at}`)];
        const shown = Object.fromEntries(tags.map((tag) => [tag, points[0]?.tags[tag] ?? ""]));
        if (values.length === 0) return [];
        return [{ name: "m", columns: names, values, ...(tags.length > 0 ? { tags: shown } : {}) }];
      });
  }
}

const nameOf = (expression: Expression): string =>
  expression.kind === "call" || expression.kind === "reference" ? expression.name : "";

function rowsOf(
  select: Select,
  points: readonly ModelPoint[],
  min: bigint | undefined,
  max: bigint | undefined,
): Value[][] {
  const fields = select.fields.map(({ expression }) => expression);
  if (fields.every(({ kind }) => kind === "reference")) {
    const rows = points.map(({ time, fields: of }): Value[] => [
      time,
      ...fields.map((field) => of[nameOf(field)] ?? null),
    ]);
    return rows.filter(([, ...values]) => values.some((value) => value !== null));
  }
  const calls = fields as readonly Call[];
  const interval = select.groupBy.find((dimension) => dimension.kind === "call")?.args[0];
  if (calls[0]?.name === "distinct") {
    const length = interval?.kind === "duration" ? interval.nanoseconds : undefined;
    return distinct(cellsOf(calls[0], points), (time) =>
      length === undefined ? (min ?? 0n) : time - (time % length),
    );
  }
  if (interval?.kind !== "duration") return [whole(calls, points, min)].flatMap((row) => row ?? []);
  return windows(select, calls, points, interval.nanoseconds, min, max);
}

const cellsOf = (call: Call, points: readonly ModelPoint[]): Cell[] =>
  points.flatMap(({ time, fields }) => {
    const inner = call.args[0]?.kind === "call" ? call.args[0].args[0] : call.args[0];
    const value = inner && fields[nameOf(inner)];
    return value === undefined ? [] : [[time, value] as const];
  });

function distinct(cells: readonly Cell[], start: (time: bigint) => bigint): Value[][] {
  const seen = new Map(cells.map(([time, value]) => [`${start(time)} ${value}`, [start(time), value]]));
  return [...seen.values()];
}

function whole(
  calls: readonly Call[],
  points: readonly ModelPoint[],
  min: bigint | undefined,
): Value[][] | undefined {
  const results = calls.map((call) => reduce(call, cellsOf(call, points)));
  if (results.every((result) => result === undefined)) return undefined;
  const alone =
    calls.length === 1 && ["min", "max", "first", "last", "percentile"].includes(calls[0]?.name ?? "");
  const time = alone ? (results[0]?.[0] ?? 0n) : (min ?? 0n);
  return [[time, ...results.map((result) => result?.[1] ?? null)]];
}

function windows(
  { fill }: Select,
  calls: readonly Call[],
  points: readonly ModelPoint[],
  duration: bigint,
  min: bigint | undefined,
  max: bigint | undefined,
): Value[][] {
  const start = (time: bigint) => time - (time % duration);
  const of = Map.groupBy(points, ({ time }) => start(time));
  const results = calls.map((call) => {
    const known = new Map<bigint, Value>();
    for (const [at, list] of of) {
      const result = reduce(call, cellsOf(call, list));
      if (result !== undefined) known.set(at, result[1]);
    }
    if (fill?.kind === "none" || known.size === 0) return known;
    const first =
      min === undefined ? ([...known.keys()].toSorted((a, b) => Number(a - b))[0] ?? 0n) : start(min);
    const filled = new Map<bigint, Value>();
    let previous: Value = null;
    for (let at = first; at <= start(max ?? 0n); at += duration) {
      const value = known.get(at);
      filled.set(at, value ?? substitute(call, fill, previous));
      previous = filled.get(at) ?? null;
    }
    return filled;
  });
  const times = [...new Set(results.flatMap((result) => [...result.keys()]))].sort((a, b) => Number(a - b));
  let before: Value[] = calls.map(() => null);
  return times.map((time) => {
    before = results.map((result, at) => {
      const value = result.get(time);
      if (value !== undefined) return value;
      if (fill?.kind === "previous") return before[at] ?? null;
      return fill?.kind === "value" ? fill.value.value : null;
    });
    return [time, ...before];
  });
}

function substitute(call: Call, fill: Select["fill"], previous: Value): Value {
  if (fill === undefined || fill.kind === "null") return call.name === "count" ? 0n : null;
  if (fill.kind === "previous") return previous;
  return fill.kind === "value" ? fill.value.value : null;
}

const sum = (values: readonly (number | bigint)[]): number | bigint =>
  typeof values[0] === "bigint"
    ? values.reduce((a, b) => (a as bigint) + (b as bigint))
    : values.reduce((a, b) => Number(a) + Number(b), 0);

/** The time of the point that is chosen, and the value. */
function reduce(call: Call, cells: readonly Cell[]): readonly [bigint, Value] | undefined {
  const [first] = cells;
  if (first === undefined) return undefined;
  const values = cells.map(([, value]) => value);
  const sorted = values.toSorted((a, b) => Number(a) - Number(b));
  const best = (better: (a: Cell, b: Cell) => boolean) => cells.reduce((a, b) => (better(b, a) ? b : a));
  switch (call.name) {
    case "count":
      return [0n, BigInt(call.args[0]?.kind === "call" ? new Set(values).size : values.length)];
    case "sum":
      return [0n, sum(values)];
    case "mean":
      return [0n, Number(sum(values)) / values.length];
    case "min":
      return best((a, b) => a[1] < b[1]);
    case "max":
      return best((a, b) => a[1] > b[1]);
    case "spread": {
      const [low, high] = [sorted[0] as number, sorted.at(-1) as number];
      return [0n, high - low];
    }
    case "first":
      return best((a, b) => a[0] === b[0] && a[1] > b[1]);
    case "last":
      return best((a, b) => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]));
    case "median": {
      const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
      return [0n, (Number(low) + Number(high)) / 2];
    }
    default: {
      const percent = call.args[1]?.kind === "integer" ? Number(call.args[1].value) : 50;
      const at = Math.floor((sorted.length * percent) / 100 + 0.5) - 1;
      return cells.find(([, value]) => value === sorted[at]);
    }
  }
}
