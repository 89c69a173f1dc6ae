import type * as v from "valibot";
import { nearest } from "./nearest.ts";
import type { Finding, Keys } from "./problems.ts";

/** The parts of a valibot schema that lead to tables: at most a few of them are there. */
interface Shape {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly getter?: (input: unknown) => v.GenericSchema;
  readonly pipe?: readonly v.GenericSchema[];
}

/** Every key in `value` that `schema` does not know, at any depth, with the known key that was probably meant. */
export function unknownKeys(schema: v.GenericSchema, value: unknown, keys: Keys = []): Finding[] {
  if (typeof value !== "object" || value === null) return [];
  const { entries, item } = shapeOf(schema, value);
  if (Array.isArray(value)) {
    return item === undefined ? [] : value.flatMap((one, index) => unknownKeys(item, one, [...keys, index]));
  }
  if (entries === undefined) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    return known === undefined
      ? [{ keys, message: unknownKey(key, Object.keys(entries)) }]
      : unknownKeys(known, inner, [...keys, key]);
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const hint =
    meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${JSON.stringify(meant)}?`;
  return `unknown key ${JSON.stringify(key)}; ${hint}`;
}

/** What a schema says of tables and lists, through pipes, optional and lazy schemas. */
function shapeOf(schema: v.GenericSchema, value: unknown): Shape {
  const { entries, item, wrapped, getter, pipe } = schema as Shape;
  if (entries !== undefined || item !== undefined)
    return { ...(entries && { entries }), ...(item && { item }) };
  if (wrapped !== undefined) return shapeOf(wrapped, value);
  if (getter !== undefined) return shapeOf(getter(value), value);
  for (const part of pipe?.slice(1) ?? []) {
    const shape = shapeOf(part, value);
    if (shape.entries !== undefined || shape.item !== undefined) return shape;
  }
  return {};
}
