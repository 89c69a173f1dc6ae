import type { Expression } from "../../influxql/ast-expression.ts";
import { evaluate } from "./evaluate.ts";
import type { Point } from "./points.ts";
import type { Value } from "./value.ts";

/** A row of the answer. */
export interface OutputRow {
  readonly at: bigint;
  readonly values: readonly Value[];
}

/** A call, or a column that the points of a call bring along. */
interface Column {
  readonly symbol: string;
  /** What it has at a time without a value; undefined for what it had before. */
  readonly missing: Value | undefined;
}

export interface Join {
  /** Of one series. */
  readonly calls: readonly (Column & { readonly points: readonly Point[] })[];
  readonly others: readonly Column[];
  readonly fields: readonly Expression[];
  readonly ascending: boolean;
}

/**
 * Puts the points of several calls together to rows, one for each time that any of them has, as influxd does: a call
 * without a point of that time has what fill says, and with `previous` what the row before had.
 */
export function* rowsOf({ calls, others, fields, ascending }: Join): Generator<OutputRow> {
  const symbols = new Map<string, Value>();
  const at = calls.map(() => 0);
  for (;;) {
    const time = nextTime(calls, at, ascending);
    if (time === undefined) return;
    calls.forEach(({ symbol, points, missing }, index) => {
      const point = points[at[index] as number];
      const isHere = point?.time === time;
      if (isHere) at[index] = (at[index] as number) + 1;
      const value = isHere ? (point.value ?? missing) : missing;
      if (value !== undefined) symbols.set(symbol, value);
      others.forEach((other, column) => {
        const brought = (isHere ? point.others?.[column] : null) ?? other.missing;
        if (brought !== undefined) symbols.set(other.symbol, brought);
      });
    });
    yield { at: time, values: fields.map((field) => withoutNan(evaluate(field, symbols))) };
  }
}

function nextTime(calls: Join["calls"], at: readonly number[], ascending: boolean): bigint | undefined {
  let next: bigint | undefined;
  calls.forEach(({ points }, index) => {
    const time = points[at[index] as number]?.time;
    if (time === undefined) return;
    if (next === undefined || (ascending ? time < next : time > next)) next = time;
  });
  return next;
}

const withoutNan = (value: Value): Value => (typeof value === "number" && Number.isNaN(value) ? null : value);
