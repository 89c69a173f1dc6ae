// Writes docs/status.schema.json from the schema that the tests check every status with.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { statusSchema } from "../src/observe/status-schema.ts";

export const DOCUMENT = fileURLToPath(new URL("../docs/status.schema.json", import.meta.url));
export const COMMAND = "npx node .ci/status-schema.ts";

/** The parts of the valibot schemas that occur there. */
interface Node {
  readonly type: string;
  readonly pipe?: readonly Node[];
  readonly description?: string;
  readonly requirement?: unknown;
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly value?: Node;
  readonly wrapped?: Node;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

/** The text of the document: JSON Schema 2020-12. Keys that are not in it may come with a later version. */
export function statusDocument(): string {
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $comment: `Made by "${COMMAND}" from src/observe/status-schema.ts.`,
    title: "The answer of /status",
    ...jsonSchema(statusSchema as unknown as Node),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function jsonSchema(node: Node): object {
  if (node.pipe !== undefined) {
    const [base, ...actions] = node.pipe as [Node, ...Node[]];
    return Object.assign({}, jsonSchema(base), ...actions.map(keywordOf));
  }
  switch (node.type) {
    case "strict_object":
      return objectSchema(node.entries ?? {});
    case "array":
      return { type: "array", items: jsonSchema(node.item as Node) };
    case "record":
      return { type: "object", additionalProperties: jsonSchema(node.value as Node) };
    case "optional":
      return jsonSchema(node.wrapped as Node);
    case "picklist":
      return { type: "string", enum: node.options };
    case "literal":
      return { type: "string", const: node.literal };
    case "variant":
      return { oneOf: (node.options as Node[]).map(jsonSchema) };
    case "string":
    case "number":
    case "boolean":
      return { type: node.type };
  }
  throw new Error(`no JSON Schema for ${node.type}`);
}

function objectSchema(entries: Readonly<Record<string, Node>>): object {
  const names = Object.keys(entries);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, jsonSchema(entries[name] as Node)])),
    required: names.filter((name) => !isOptional(entries[name] as Node)),
  };
}

function isOptional({ type, pipe }: Node): boolean {
  return type === "optional" || (pipe?.[0] !== undefined && pipe[0].type === "optional");
}

function keywordOf({ type, description, requirement }: Node): object {
  switch (type) {
    case "description":
      return { description };
    case "integer":
      return { type: "integer" };
    case "min_value":
      return { minimum: requirement };
  }
  throw new Error(`no JSON Schema for ${type}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(DOCUMENT, statusDocument());
