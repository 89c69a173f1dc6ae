import type { Expression } from "./ast-expression.ts";
import type { Field, Select } from "./ast-select.ts";
import {
  parseCount,
  parseFill,
  parseGroupBy,
  parseOrder,
  parseTimeZone,
  parseWhere,
} from "./parse-clauses.ts";
import { parseRegexOrExpression } from "./parse-expression.ts";
import { parseSource, parseTarget } from "./parse-source.ts";
import type { TokenReader } from "./token-reader.ts";
import { walk } from "./walk.ts";

const CONDITIONAL: readonly string[] = ["=", "!=", "=~", "!~", "<", "<=", ">", ">=", "AND", "OR"];

/** From behind SELECT on. */
export function parseSelect(reader: TokenReader, into: "INTO required" | "INTO allowed"): Select {
  const fields = reader.list(() => parseField(reader));
  const target = reader.accept("INTO") ? parseTarget(reader) : undefined;
  if (target === undefined && into === "INTO required") reader.unexpected("INTO");
  reader.expect("FROM");
  return {
    kind: "select",
    fields,
    into: target,
    from: reader.list(() => parseSource(reader, () => parseSelect(reader, "INTO allowed"))),
    where: parseWhere(reader),
    groupBy: parseGroupBy(reader),
    fill: parseFill(reader),
    order: parseOrder(reader),
    limit: parseCount(reader, "LIMIT"),
    offset: parseCount(reader, "OFFSET"),
    seriesLimit: parseCount(reader, "SLIMIT"),
    seriesOffset: parseCount(reader, "SOFFSET"),
    timeZone: parseTimeZone(reader),
  };
}

function parseField(reader: TokenReader): Field {
  const at = reader.errorAt;
  const expression = parseRegexOrExpression(reader);
  const operator = conditionalOperator(expression);
  if (operator !== undefined) {
    reader.fail(
      `invalid operator ${operator} in SELECT clause ${reader.place(at)}; operator is intended for WHERE clause`,
    );
  }
  const alias = reader.accept("AS") ? reader.identifier() : "";
  return { expression, alias: alias || undefined };
}

function conditionalOperator(expression: Expression): string | undefined {
  let found: string | undefined;
  walk(expression, (node) => {
    if (found === undefined && node.kind === "binary" && CONDITIONAL.includes(node.operator)) {
      found = node.operator;
    }
    return found === undefined;
  });
  return found;
}
