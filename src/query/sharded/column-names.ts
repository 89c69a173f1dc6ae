import type { Expression } from "../../influxql/ast-expression.ts";
import type { Field, Select } from "../../influxql/ast-select.ts";
import { asCall } from "./functions.ts";

const isTime = ({ expression }: Field): boolean =>
  expression.kind === "reference" && expression.name === "time";

/** The columns that a query asks for beside the time. */
export const shownFields = ({ fields }: Select): readonly Field[] => fields.filter((field) => !isTime(field));

/** The names of a query's columns, that of the time first, as influxd gives them. */
export function columnNames(select: Select): readonly string[] {
  const time = select.fields.filter(isTime).at(-1)?.alias ?? "time";
  const fields = shownFields(select);
  const names: (string | undefined)[] = fields.map(({ alias }) => alias);
  const seen = new Map<string, number>();
  for (const alias of names) if (alias !== undefined) seen.set(alias, 1);
  fields.forEach(({ expression }, at) => {
    names[at] ??= unique(nameOf(expression), seen);
  });
  return [time, ...(names as string[])];
}

function unique(name: string, seen: Map<string, number>): string {
  let count = seen.get(name);
  if (count === undefined) {
    seen.set(name, 1);
    return name;
  }
  while (seen.has(`${name}_${count}`)) count++;
  seen.set(name, count + 1);
  const resolved = `${name}_${count}`;
  seen.set(resolved, (seen.get(resolved) ?? 0) + 1);
  return resolved;
}

function nameOf(expression: Expression): string {
  switch (expression.kind) {
    case "paren":
      return nameOf(expression.expression);
    case "binary":
      return namesIn(expression).join("_");
    case "reference":
      return expression.name;
    default:
      return asCall(expression)?.name ?? "";
  }
}

/** Of a calculation: the calls and references in it. */
function namesIn(expression: Expression): readonly string[] {
  const names: string[] = [];
  const waiting: Expression[] = [expression];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "binary") waiting.push(node.right, node.left);
    else if (node.kind === "paren") waiting.push(node.expression);
    else if (node.kind === "reference") names.push(node.name);
    else {
      const call = asCall(node);
      if (call !== undefined) names.push(call.name);
    }
  }
  return names;
}
