import type { Node } from "./ast.ts";
import { printExpression } from "./print-expression.ts";
import { printManage } from "./print-manage.ts";
import { printSelect, printSource } from "./print-select.ts";
import { printShow } from "./print-show.ts";

/** Text that the parser reads as the same tree and influxd as the same query, in one line. */
export function print(node: Node): string {
  switch (node.kind) {
    case "select":
      return printSelect(node);
    case "explain":
      return `EXPLAIN ${node.analyze ? "ANALYZE " : ""}${printSelect(node.select)}`;
    case "subquery":
    case "measurement":
    case "measurement-regex":
      return printSource(node);
    case "binary":
    case "paren":
    case "call":
    case "reference":
    case "wildcard":
    case "distinct":
    case "string":
    case "number":
    case "integer":
    case "unsigned":
    case "boolean":
    case "duration":
    case "regex":
      return printExpression(node);
    case "show-continuous-queries":
    case "show-databases":
    case "show-queries":
    case "show-shard-groups":
    case "show-shards":
    case "show-subscriptions":
    case "show-users":
    case "show-stats":
    case "show-diagnostics":
    case "show-grants":
    case "show-retention-policies":
    case "show-measurements":
    case "show-series":
    case "show-field-keys":
    case "show-tag-keys":
    case "show-tag-values":
    case "show-cardinality":
      return printShow(node);
    default:
      return printManage(node);
  }
}
