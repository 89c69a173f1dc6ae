import type { Binary, Expression } from "../../influxql/ast-expression.ts";

/**
 * The values that a tag may have in what a condition lets through; undefined if that is not bounded. Only `=` bounds
 * it, under AND and OR: what a regular expression or `!=` matches is not looked for. A name without a type is taken
 * for a tag; one that has the type of a field is none.
 */
export function pinnedValues(
  condition: Expression | undefined,
  tag: string,
): ReadonlySet<string> | undefined {
  if (condition === undefined) return undefined;
  switch (condition.kind) {
    case "paren":
      return pinnedValues(condition.expression, tag);
    case "binary":
      return ofBinary(condition, tag);
    default:
      return undefined;
  }
}

/**
 * A condition of a statement that is no SELECT, as far as it can be relied on: undefined if a value stands before its
 * tag. InfluxDB ignores such a comparison in some SHOW statements, and refuses it in others (measured with 1.6.7).
 */
export function tagsFirst(condition: Expression | undefined): Expression | undefined {
  return condition === undefined || hasValueFirst(condition) ? undefined : condition;
}

function hasValueFirst(root: Expression): boolean {
  let node = root;
  for (; node.kind === "binary" && isLogical(node); node = node.left)
    if (hasValueFirst(node.right)) return true;
  if (node.kind === "paren") return hasValueFirst(node.expression);
  return node.kind === "binary" && node.left.kind === "string";
}

/** Goes down the left side in a loop, for that may be as deep as a query is long. */
function ofBinary(root: Binary, tag: string): ReadonlySet<string> | undefined {
  const spine: Binary[] = [];
  let node: Expression = root;
  for (; node.kind === "binary" && isLogical(node); node = node.left) spine.push(node);
  let values = node.kind === "binary" ? ofComparison(node, tag) : pinnedValues(node, tag);
  for (let at = spine.length - 1; at >= 0; at -= 1) {
    const { operator, right } = spine[at] as Binary;
    const others = pinnedValues(right, tag);
    values = operator === "AND" ? both(values, others) : either(values, others);
  }
  return values;
}

const isLogical = ({ operator }: Binary) => operator === "AND" || operator === "OR";

function ofComparison({ operator, left, right }: Binary, tag: string): ReadonlySet<string> | undefined {
  if (operator !== "=") return undefined;
  const [reference, value] = left.kind === "reference" ? [left, right] : [right, left];
  if (reference.kind !== "reference" || reference.name !== tag || value.kind !== "string") return undefined;
  return reference.type === undefined || reference.type === "tag" ? new Set([value.value]) : undefined;
}

type Values = ReadonlySet<string> | undefined;

function both(a: Values, b: Values): Values {
  if (a === undefined || b === undefined) return a ?? b;
  return new Set([...a].filter((value) => b.has(value)));
}

const either = (a: Values, b: Values): Values =>
  a === undefined || b === undefined ? undefined : new Set([...a, ...b]);
