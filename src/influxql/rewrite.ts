import type { Statement } from "./ast.ts";
import type { Expression } from "./ast-expression.ts";
import type { MeasurementSource, Select, Source } from "./ast-select.ts";

export type Clause = "field" | "where" | "group by";

export interface Rewriting {
  /** Of an expression whose parts are rewritten already. Not called for a field's alias or the keys of WITH KEY. */
  readonly expression?: (expression: Expression, clause: Clause) => Expression;
  /** Of each measurement, also in subqueries. */
  readonly measurement?: (source: MeasurementSource) => MeasurementSource;
  /** Of a query whose parts, its subqueries among them, are rewritten already. */
  readonly select?: (select: Select) => Select;
}

/**
 * The expression with `rewrite` applied to each part and then to itself. Parts that stay keep their identity, and a
 * tree in which nothing changes is returned as it is.
 */
export function mapExpression(
  expression: Expression,
  rewrite: (expression: Expression) => Expression,
): Expression {
  switch (expression.kind) {
    case "binary":
      return mapBinary(expression, rewrite);
    case "paren": {
      const inner = mapExpression(expression.expression, rewrite);
      return rewrite(inner === expression.expression ? expression : { kind: "paren", expression: inner });
    }
    case "call": {
      const args = mapList(expression.args, (arg) => mapExpression(arg, rewrite));
      return rewrite(args === expression.args ? expression : { ...expression, args });
    }
    default:
      return rewrite(expression);
  }
}

/** Goes down the left side in a loop, for that may be as deep as a query is long. */
function mapBinary(root: Expression, rewrite: (expression: Expression) => Expression): Expression {
  const spine = [];
  let leftmost = root;
  for (; leftmost.kind === "binary"; leftmost = leftmost.left) spine.push(leftmost);
  return spine.reduceRight(
    (left, node) => {
      const right = mapExpression(node.right, rewrite);
      return rewrite(left === node.left && right === node.right ? node : { ...node, left, right });
    },
    mapExpression(leftmost, rewrite),
  );
}

/** Of all that a statement holds, subqueries and the queries of EXPLAIN and CREATE CONTINUOUS QUERY included. */
export function rewriteStatement(statement: Statement, rewriting: Rewriting): Statement {
  const where = (expression: Expression | undefined) => expression && map(expression, "where", rewriting);
  const from = (sources: readonly MeasurementSource[]) => mapList(sources, rewriting.measurement ?? same);
  switch (statement.kind) {
    case "select":
      return rewriteSelect(statement, rewriting);
    case "explain":
    case "create-continuous-query":
      return { ...statement, select: rewriteSelect(statement.select, rewriting) };
    case "show-measurements":
      return {
        ...statement,
        measurement: statement.measurement && (rewriting.measurement ?? same)(statement.measurement),
        where: where(statement.where),
      };
    case "show-field-keys":
      return { ...statement, from: from(statement.from) };
    case "show-series":
    case "show-tag-keys":
    case "show-tag-values":
    case "delete":
    case "drop-series":
      return { ...statement, from: from(statement.from), where: where(statement.where) };
    case "show-cardinality": {
      const groupBy = mapList(statement.groupBy, (dimension) => map(dimension, "group by", rewriting));
      return { ...statement, from: from(statement.from), where: where(statement.where), groupBy };
    }
    default:
      return statement;
  }
}

export function rewriteSelect(select: Select, rewriting: Rewriting): Select {
  const rewritten: Select = {
    ...select,
    fields: mapList(select.fields, (field) => {
      const expression = map(field.expression, "field", rewriting);
      return expression === field.expression ? field : { ...field, expression };
    }),
    from: mapList(select.from, (source) => rewriteSource(source, rewriting)),
    where: select.where && map(select.where, "where", rewriting),
    groupBy: mapList(select.groupBy, (dimension) => map(dimension, "group by", rewriting)),
  };
  return rewriting.select?.(rewritten) ?? rewritten;
}

function rewriteSource(source: Source, rewriting: Rewriting): Source {
  if (source.kind === "subquery")
    return { kind: "subquery", select: rewriteSelect(source.select, rewriting) };
  return rewriting.measurement?.(source) ?? source;
}

function map(expression: Expression, clause: Clause, { expression: rewrite }: Rewriting): Expression {
  return rewrite === undefined ? expression : mapExpression(expression, (part) => rewrite(part, clause));
}

const same = <T>(value: T): T => value;

/** The list itself if no item changes. */
function mapList<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = items.map(change);
  return changed.every((item, at) => item === items[at]) ? items : changed;
}
