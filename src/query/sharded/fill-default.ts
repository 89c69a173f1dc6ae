import type { CastType, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { columnNames, shownFields } from "./column-names.ts";
import { castFill } from "./fill.ts";
import { asCall } from "./functions.ts";
import type { Value } from "./value.ts";

/**
 * What fill() says that a column has in a row for which it has no value; undefined for what it had in the row before.
 * Measured on InfluxDB 1.6.7: a number becomes one of the column's type if that is one of numbers, and stays as it is
 * for others. A call of a field that nobody knows has nothing.
 * @param column a call of many rows or a reference, of a query whose references have their types
 */
export function defaultOf(column: Expression, select: Select): Value | undefined {
  const { fill } = select;
  if (fill?.kind === "previous") return undefined;
  if (fill?.kind !== "value") return null;
  const type = typeOf(column, select);
  if (type === undefined && asCall(column) !== undefined) return null;
  if (type === "integer") return castFill(fill.value.value, 0n);
  return type === "float" ? Number(fill.value.value) : fill.value.value;
}

const ALWAYS: ReadonlyMap<string, CastType> = new Map([
  ["count", "integer"],
  ["elapsed", "integer"],
  ["mean", "float"],
  ["median", "float"],
  ["stddev", "float"],
  ["integral", "float"],
  ["derivative", "float"],
  ["non_negative_derivative", "float"],
  ["moving_average", "float"],
]);

/** The type of a column; undefined if nobody knows a field or tag of that name. */
function typeOf(expression: Expression, select: Select): CastType | undefined {
  switch (expression.kind) {
    case "reference":
      return expression.type === undefined || expression.type === "field"
        ? typeInSubqueries(expression.name, select)
        : expression.type;
    case "paren":
      return typeOf(expression.expression, select);
    case "binary":
      return widest(typeOf(expression.left, select), typeOf(expression.right, select));
    case "number":
      return "float";
    case "integer":
    case "string":
    case "boolean":
      return expression.kind;
    default: {
      const call = asCall(expression);
      return call && (ALWAYS.get(call.name) ?? typeOf(call.args[0] as Expression, select));
    }
  }
}

/** Of several subqueries each may have a column of the name. */
function typeInSubqueries(name: string, { from }: Select): CastType | undefined {
  let type: CastType | undefined;
  for (const source of from) {
    if (source.kind !== "subquery") continue;
    const { select } = source;
    const at = columnNames(select).slice(1).indexOf(name);
    const field = shownFields(select)[at];
    const isTag = select.groupBy.some(
      (dimension) => dimension.kind === "reference" && dimension.name === name,
    );
    type = widest(type, field === undefined ? (isTag ? "tag" : undefined) : typeOf(field.expression, select));
  }
  return type;
}

const widest = (a: CastType | undefined, b: CastType | undefined): CastType | undefined =>
  a === undefined || b === "float" ? (b ?? a) : a;
