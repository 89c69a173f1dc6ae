import type { Expression } from "./ast-expression.ts";
import type { Fill, MeasurementSource, Order } from "./ast-select.ts";
import type { KeyCondition } from "./ast-show.ts";
import { printExpression } from "./print-expression.ts";
import { quoteIdentifier, quoteRegex, quoteString } from "./quote.ts";

/** Joins the clauses that there are. */
export const joined = (...clauses: readonly (string | undefined)[]): string =>
  clauses.filter((clause) => clause !== undefined && clause !== "").join(" ");

/** `keyword value`; undefined without a value. */
export function clause<T>(keyword: string, value: T | undefined, print: (value: T) => string = String) {
  return value === undefined ? undefined : `${keyword} ${print(value)}`;
}

export const printOn = (database: string | undefined) => clause("ON", database, quoteIdentifier);
export const printWhere = (where: Expression | undefined) => clause("WHERE", where, printExpression);

export const printGroupBy = (groupBy: readonly Expression[]) =>
  groupBy.length === 0 ? undefined : `GROUP BY ${groupBy.map(printExpression).join(", ")}`;

export const printFrom = (from: readonly MeasurementSource[]) =>
  from.length === 0 ? undefined : `FROM ${from.map(printMeasurement).join(", ")}`;

export const printFill = (fill: Fill) =>
  `fill(${fill.kind === "value" ? printExpression(fill.value) : fill.kind})`;

export interface Counts {
  readonly order?: Order | undefined;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly seriesLimit?: number | undefined;
  readonly seriesOffset?: number | undefined;
}

export function printCounts({ order, limit, offset, seriesLimit, seriesOffset }: Counts): string {
  return joined(
    clause("ORDER BY time", order, (order) => order.toUpperCase()),
    clause("LIMIT", limit),
    clause("OFFSET", offset),
    clause("SLIMIT", seriesLimit),
    clause("SOFFSET", seriesOffset),
  );
}

export function printMeasurement(source: MeasurementSource): string {
  const last = source.kind === "measurement" ? quoteIdentifier(source.name) : quoteRegex(source.pattern);
  return printPlace(source) + last;
}

/** `db.rp.`, `db..`, `rp.` or nothing. */
export function printPlace(place: {
  readonly database: string | undefined;
  readonly retentionPolicy: string | undefined;
}): string {
  const { database, retentionPolicy } = place;
  const policy = retentionPolicy === undefined ? "" : quoteIdentifier(retentionPolicy);
  if (database === undefined) return policy === "" ? "" : `${policy}.`;
  return `${quoteIdentifier(database)}.${policy}.`;
}

export function printWithKey(condition: KeyCondition): string {
  switch (condition.kind) {
    case "in":
      return `WITH KEY IN (${condition.keys.map(quoteIdentifier).join(", ")})`;
    case "=":
    case "!=":
      return `WITH KEY ${condition.kind} ${quoteIdentifier(condition.key)}`;
    default:
      return `WITH KEY ${condition.kind} ${quoteRegex(condition.pattern)}`;
  }
}

export const printTimeZone = (zone: string) => `tz(${quoteString(zone)})`;
