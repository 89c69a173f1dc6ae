import type { Node } from "./ast.ts";

/**
 * Calls `visit` with a node and all below it: statements, sources, subqueries and expressions, each before its
 * parts and in the order of the text. `false` leaves out the parts. As deep as a tree may be, the stack is not.
 */
export function walk(root: Node, visit: (node: Node) => unknown): void {
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (visit(node) === false) continue;
    const parts = partsOf(node);
    for (let at = parts.length - 1; at >= 0; at -= 1) waiting.push(parts[at] as Node);
  }
}

const present = (...nodes: readonly (Node | undefined)[]): readonly Node[] =>
  nodes.filter((node) => node !== undefined);

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "binary":
      return [node.left, node.right];
    case "paren":
      return [node.expression];
    case "call":
      return node.args;
    case "subquery":
    case "explain":
    case "create-continuous-query":
      return [node.select];
    case "select": {
      const fields = node.fields.map(({ expression }) => expression);
      return [...fields, ...node.from, ...present(node.where), ...node.groupBy];
    }
    case "show-measurements":
      return present(node.measurement, node.where);
    case "show-field-keys":
      return node.from;
    case "show-series":
    case "show-tag-keys":
    case "show-tag-values":
    case "delete":
    case "drop-series":
      return [...node.from, ...present(node.where)];
    case "show-cardinality":
      return [...node.from, ...present(node.where), ...node.groupBy];
    default:
      return [];
  }
}
