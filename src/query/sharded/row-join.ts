import type { Expression } from "../../influxql/ast-expression.ts";
import type { Fill } from "../../influxql/ast-select.ts";
import { evaluate } from "./evaluate.ts";
import { castFill } from "./fill.ts";
import type { Point } from "./points.ts";
import type { Value } from "./value.ts";

/** A row of the answer. */
export interface OutputRow {
  readonly at: bigint;
  readonly values: readonly Value[];
}

export interface Join {
  /** Of one series. */
  readonly calls: readonly { readonly symbol: string; readonly points: readonly Point[] }[];
  /** The symbols of the columns that the points of a call bring along. */
  readonly others: readonly string[];
  readonly fields: readonly Expression[];
  readonly fill: Fill;
  readonly ascending: boolean;
}

/**
 * Puts the points of several calls together to rows, one for each time that any of them has, as influxd does: a call
 * without a point of that time has what fill says, and with `previous` what the row before had.
 */
export function* rowsOf({ calls, others, fields, fill, ascending }: Join): Generator<OutputRow> {
  const symbols = new Map<string, Value>();
  const at = calls.map(() => 0);
  const missing = calls.map(({ points }) => defaultOf(fill, points));
  for (;;) {
    const time = nextTime(calls, at, ascending);
    if (time === undefined) return;
    calls.forEach(({ symbol, points }, index) => {
      const point = points[at[index] as number];
      const isHere = point?.time === time;
      if (isHere) at[index] = (at[index] as number) + 1;
      const value = isHere ? (point.value ?? missing[index]) : missing[index];
      if (value !== undefined) symbols.set(symbol, value);
      others.forEach((other, column) => {
        const brought = (isHere ? point.others?.[column] : null) ?? numberOf(fill);
        if (brought !== undefined) symbols.set(other, brought);
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

/** What a call has at a time without a point; undefined for what it had before. */
function defaultOf(fill: Fill, points: readonly Point[]): Value | undefined {
  if (fill.kind !== "value") return numberOf(fill);
  const like = points.find(({ value }) => value !== null)?.value ?? null;
  return castFill(fill.value.value, like);
}

function numberOf(fill: Fill): Value | undefined {
  if (fill.kind === "previous") return undefined;
  return fill.kind === "value" ? fill.value.value : null;
}

const withoutNan = (value: Value): Value => (typeof value === "number" && Number.isNaN(value) ? null : value);
