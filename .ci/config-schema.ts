// The JSON Schema of a config file, for editors.
import { parse } from "smol-toml";
import * as v from "valibot";
import type { OptionInfo } from "../src/config/options.ts";
import { first, type Node, writtenDefault } from "./config-options.ts";

/** A text may come from elsewhere, and then its value is not in the file. */
const REFERENCE = { type: "string", pattern: "\\$\\{" };

/** The text of the document: JSON Schema draft 7, which editors know best. */
export function configDocument(schema: Node, command: string): string {
  const tables = new Map<object, { readonly name: string; readonly schema: object }>();
  const document = {
    $schema: "http://json-schema.org/draft-07/schema#",
    $comment: `Made by "${command}" from src/config/schema.ts.`,
    title: "The config of InfluxDB Relay",
    ...schemaOf(schema, "", tables),
  };
  const definitions = Object.fromEntries([...tables.values()].map(({ name, schema }) => [name, schema]));
  return `${JSON.stringify({ ...document, definitions }, undefined, 2)}\n`;
}

type Tables = Map<object, { readonly name: string; readonly schema: object }>;

/** @param path the keys that lead there, with dots between them; empty for the file as a whole */
function schemaOf(node: Node, path: string, tables: Tables): object {
  const parts = node.pipe?.filter(({ kind }) => kind === "schema") ?? [];
  const table = [node, ...parts].find(({ entries }) => entries !== undefined);
  if (table?.entries !== undefined) return tableSchema(table.entries, path, tables);
  const checked = { ...node, ...parts[0] };
  const minItems = node.pipe?.some(({ type }) => type === "non_empty") ? { minItems: 1 } : {};
  switch (checked.type) {
    case "optional":
      return schemaOf(checked.wrapped as Node, path, tables);
    case "string":
    case "boolean":
      return { type: checked.type };
    case "number":
      return { type: "integer" };
    case "picklist":
      return { anyOf: [{ type: "string", enum: checked.options }, REFERENCE] };
    case "literal":
      return { const: checked.literal };
    case "array":
      return { type: "array", items: schemaOf(checked.item as Node, path, tables), ...minItems };
    case "lazy":
      return { anyOf: ["", []].map((input) => schemaOf(checked.getter?.(input) as Node, path, tables)) };
  }
  // What only the relay itself can check.
  return {};
}

/** Each table is defined once, by the first path that leads to it. */
function tableSchema(entries: Readonly<Record<string, Node>>, path: string, tables: Tables): object {
  const known = tables.get(entries);
  if (known !== undefined) return { $ref: `#/definitions/${known.name}` };
  const keys = Object.keys(entries);
  const property = (key: string) =>
    keySchema(path === "" ? key : `${path}.${key}`, entries[key] as Node, tables);
  const schema = {
    type: "object",
    properties: Object.fromEntries(keys.map((key) => [key, property(key)])),
    required: keys.filter((key) => first(entries[key] as Node).type !== "optional"),
    additionalProperties: false,
  };
  if (path === "") return schema;
  tables.set(entries, { name: path, schema });
  return { $ref: `#/definitions/${path}` };
}

function keySchema(path: string, node: Node, tables: Tables): object {
  const { about, form, fallback, unit, min, max } = v.getMetadata(
    node as unknown as v.GenericSchema,
  ) as OptionInfo;
  const schema = schemaOf(node, path, tables);
  const description = `${about} Must be ${form}.${fallback === undefined ? "" : ` Default: ${fallback}.`}`;
  // Beside $ref nothing else counts in draft 7.
  if ("$ref" in schema) return { description, allOf: [schema] };
  // In the original relay's keys 0 means the default, and is allowed below the bound.
  const zero = v.safeParse(node as unknown as v.GenericSchema, 0).success;
  const bounds =
    unit === undefined || typeof min === "string" ? {} : { minimum: zero ? 0 : min, maximum: max };
  const written = writtenDefault(fallback);
  return { description, ...schema, ...bounds, ...(written && { default: parse(`key = ${written}`)["key"] }) };
}
