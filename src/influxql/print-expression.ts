import type { Binary, Call, Expression } from "./ast-expression.ts";
import { formatDuration } from "./duration.ts";
import { plainDecimal } from "./plain-decimal.ts";
import { precedenceOf } from "./precedence.ts";
import { quoteIdentifier, quoteRegex, quoteString } from "./quote.ts";

/** Where a tree that no parser made needs parentheses to be read as it is, they are added. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "binary":
      return printBinary(expression);
    case "paren":
      return `(${printExpression(expression.expression)})`;
    case "call":
      return printCall(expression);
    case "reference":
    case "wildcard": {
      const name = expression.kind === "wildcard" ? "*" : quoteIdentifier(expression.name);
      return expression.type === undefined ? name : `${name}::${expression.type}`;
    }
    case "distinct":
      return `DISTINCT ${quoteIdentifier(expression.name)}`;
    case "string":
      return quoteString(expression.value);
    case "number":
      return plainDecimal(expression.value);
    case "integer":
    case "unsigned":
    case "boolean":
      return String(expression.value);
    case "duration":
      return formatDuration(expression.nanoseconds);
    case "regex":
      return quoteRegex(expression.pattern);
  }
}

/** Goes down the left side in a loop, for that may be as deep as a query is long. */
function printBinary(root: Binary): string {
  const pieces: string[] = [];
  let node = root;
  for (;;) {
    const precedence = precedenceOf(node.operator);
    pieces.push(` ${node.operator} ${printRight(node.right, precedence)}`);
    const { left } = node;
    if (left.kind !== "binary" || precedenceOf(left.operator) < precedence) {
      const first = printExpression(left);
      pieces.push(left.kind === "binary" ? `(${first})` : first);
      return pieces.reverse().join("");
    }
    node = left;
  }
}

function printRight(right: Expression, precedence: number): string {
  if (right.kind !== "binary" || precedenceOf(right.operator) > precedence) return printExpression(right);
  return printSigned(right) ?? `(${printBinary(right)})`;
}

/** `a / -b` is the one way to have a multiplication on the right of a division without parentheses. */
function printSigned({ operator, left, right }: Binary): string | undefined {
  if (operator !== "*" || left.kind !== "integer" || (left.value !== 1n && left.value !== -1n)) {
    return undefined;
  }
  const isOperand =
    right.kind === "reference" ||
    right.kind === "paren" ||
    (right.kind === "call" && right.name !== "distinct");
  return isOperand ? `${left.value === 1n ? "+" : "-"}${printExpression(right)}` : undefined;
}

function printCall({ name, args }: Call): string {
  const printed = name === "distinct" ? name : quoteIdentifier(name);
  return `${printed}(${args.map(printExpression).join(", ")})`;
}
