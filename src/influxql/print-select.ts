import type { Field, Select, Source, Target } from "./ast-select.ts";
import {
  clause,
  joined,
  printCounts,
  printFill,
  printGroupBy,
  printMeasurement,
  printPlace,
  printTimeZone,
  printWhere,
} from "./print-clauses.ts";
import { printExpression } from "./print-expression.ts";
import { quoteIdentifier } from "./quote.ts";

export function printSelect(select: Select): string {
  const { fill, timeZone } = select;
  return joined(
    `SELECT ${select.fields.map(printField).join(", ")}`,
    clause("INTO", select.into, printTarget),
    `FROM ${select.from.map(printSource).join(", ")}`,
    printWhere(select.where),
    printGroupBy(select.groupBy),
    fill && printFill(fill),
    printCounts(select),
    timeZone === undefined ? undefined : printTimeZone(timeZone),
  );
}

export function printSource(source: Source): string {
  return source.kind === "subquery" ? `(${printSelect(source.select)})` : printMeasurement(source);
}

function printField({ expression, alias }: Field): string {
  return joined(printExpression(expression), clause("AS", alias, quoteIdentifier));
}

function printTarget(target: Target): string {
  const place = printPlace(target);
  if (target.name !== undefined) return place + quoteIdentifier(target.name);
  return place === "" ? '""' : `${place}:MEASUREMENT`;
}
