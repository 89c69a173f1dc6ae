import type { Call, CastType, Expression } from "../../influxql/ast-expression.ts";
import type { Field, Select } from "../../influxql/ast-select.ts";
import type { FieldSet } from "./field-set.ts";
import { asCall, hasDimensionWildcard, hasFieldWildcard } from "./functions.ts";
import { goRegex } from "./go-regex.ts";
import { StatementError } from "./shard-answer.ts";
import { compareText } from "./value.ts";

/** A column that `*` stands for. */
type Column = readonly [name: string, type: CastType];

/**
 * The query with the columns and dimensions that `*` and regular expressions stand for, as influxd puts them, so that
 * every shard answers with the same.
 * @throws StatementError for a regular expression that may mean something else here
 */
export function expandWildcards(select: Select, known: FieldSet): Select {
  const grouped = hasDimensionWildcard(select);
  const named = new Set(
    select.groupBy.flatMap((dimension) => (dimension.kind === "reference" ? [dimension.name] : [])),
  );
  const tags = known.tags().filter((tag) => grouped || !named.has(tag));
  const fields = hasFieldWildcard(select)
    ? expandFields(select.fields, columnsOf(known, grouped ? [] : tags))
    : select.fields;
  return {
    ...select,
    fields,
    groupBy: select.groupBy.flatMap((dimension) => expandDimension(dimension, tags)),
  };
}

/** Without fields there are none of the tags either. */
function columnsOf(known: FieldSet, tags: readonly string[]): readonly Column[] {
  const fields = known.fields();
  if (fields.length === 0) return [];
  return [...fields, ...tags.map((tag): Column => [tag, "tag"])].sort(([a], [b]) => compareText(a, b));
}

function expandFields(fields: readonly Field[], columns: readonly Column[]): readonly Field[] {
  return fields.flatMap((field) => {
    const { expression } = field;
    if (expression.kind === "wildcard") {
      const wanted = columns.filter(
        ([, type]) => expression.type === undefined || (type === "tag") === (expression.type === "tag"),
      );
      return wanted.map(plainField);
    }
    if (expression.kind === "regex")
      return columns.filter(([name]) => matcher(expression.pattern)(name)).map(plainField);
    const call = asCall(expression);
    return call === undefined ? [field] : expandCall(call, field, columns);
  });
}

const plainField = ([name, type]: Column): Field => ({
  expression: { kind: "reference", name, type },
  alias: undefined,
});

/** Which types a function takes beside numbers, where it is given all fields. */
const OTHER_TYPES: Readonly<Record<string, readonly CastType[]>> = {
  count: ["string", "boolean"],
  first: ["string", "boolean"],
  last: ["string", "boolean"],
  distinct: ["string", "boolean"],
  elapsed: ["string", "boolean"],
  mode: ["string", "boolean"],
  sample: ["string", "boolean"],
  min: ["boolean"],
  max: ["boolean"],
};
const NUMBERS: readonly CastType[] = ["float", "integer", "unsigned"];

function expandCall(call: Call, field: Field, columns: readonly Column[]): readonly Field[] {
  let innermost = call;
  for (let next = call.args[0]; next?.kind === "call"; next = next.args[0]) innermost = next;
  const argument = innermost.args[0];
  if (argument?.kind !== "wildcard" && argument?.kind !== "regex") return [field];
  const matches = argument.kind === "regex" ? matcher(argument.pattern) : () => true;
  const types = [...NUMBERS, ...(OTHER_TYPES[innermost.name] ?? [])];
  return columns
    .filter(([name, type]) => types.includes(type) && matches(name))
    .map(([name, type]) => ({
      expression: withArgument(call, { kind: "reference", name, type }),
      alias: `${field.alias ?? call.name}_${name}`,
    }));
}

function withArgument(call: Call, argument: Expression): Call {
  const [first, ...others] = call.args;
  const inner = first?.kind === "call" ? withArgument(first, argument) : argument;
  return { ...call, args: [inner, ...others] };
}

function expandDimension(dimension: Expression, tags: readonly string[]): readonly Expression[] {
  if (dimension.kind !== "wildcard" && dimension.kind !== "regex") return [dimension];
  const matches = dimension.kind === "regex" ? matcher(dimension.pattern) : () => true;
  return tags.filter(matches).map((name): Expression => ({ kind: "reference", name, type: undefined }));
}

function matcher(pattern: string): (name: string) => boolean {
  const regex = goRegex(pattern);
  if (regex === undefined) {
    throw new StatementError(
      `/${pattern}/ for columns of several shards uses syntax that is not supported: name the columns`,
    );
  }
  return (name) => regex.test(name);
}
