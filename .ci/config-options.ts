// Reads the tables and keys of a config file out of the schema that configs are checked with.
import { parse } from "smol-toml";
import * as v from "valibot";
import type { OptionInfo } from "../src/config/options.ts";

/** The parts of the valibot schemas that occur there. */
export interface Node {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly Node[];
  readonly wrapped?: Node;
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly getter?: (input: unknown) => Node;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

export interface Option {
  readonly key: string;
  readonly info: OptionInfo;
  readonly node: Node;
  /** It must be given wherever its table is. */
  readonly needed: boolean;
  /** Its default as it would be written; undefined if there is none, or only in words. */
  readonly written: string | undefined;
}

export interface Table {
  /** `http.output`; empty for the file as a whole. */
  readonly path: string;
  /** There may be several. */
  readonly many: boolean;
  readonly info: OptionInfo | undefined;
  /** What is not a table of its own, or may be something else than one. */
  readonly options: readonly Option[];
  readonly tables: readonly Table[];
  /** The entries of its schema: the same object where the schema is the same. */
  readonly entries: Readonly<Record<string, Node>>;
}

/** The table that a schema is for, with all below it. */
export function tableOf(node: Node, path = "", many = false, info?: OptionInfo): Table {
  const { entries } = tableNode(node) as { entries: Readonly<Record<string, Node>> };
  const options = Object.entries(entries).map(([key, inner]) => optionOf(key, inner));
  const below = options.map((option) => {
    const table = tableNode(option.node);
    const name = path === "" ? option.key : `${path}.${option.key}`;
    return { option, table: table && tableOf(option.node, name, listNode(option.node), option.info) };
  });
  return {
    ...{ path, many, info, entries },
    options: below.filter(({ option, table }) => !table || option.written).map(({ option }) => option),
    tables: below.flatMap(({ table }) => table ?? []),
  };
}

/** All tables from this one on, each before those in it. */
export function allTables(table: Table): readonly Table[] {
  return [table, ...table.tables.flatMap(allTables)];
}

function optionOf(key: string, node: Node): Option {
  const info = v.getMetadata(node as unknown as v.GenericSchema) as OptionInfo;
  const needed = first(node).type !== "optional";
  return { key, info, node, needed, written: writtenDefault(info.fallback) };
}

/** A default is told as it would be written, or in words: words are no TOML. */
export function writtenDefault(fallback: string | undefined): string | undefined {
  try {
    parse(`key = ${fallback}`);
    return fallback;
  } catch {
    return undefined;
  }
}

/** What the first part of a pipe checks. */
export function first(node: Node): Node {
  return node.pipe?.[0] ?? node;
}

/** The node with the keys of a table, or of each table of a list. */
export function tableNode(node: Node): Node | undefined {
  if (node.entries !== undefined) return node;
  const inner = [node.wrapped, node.item, node.getter?.([]), ...(node.pipe?.slice(1) ?? [])];
  const found = [...inner, node.pipe?.[0]].filter((part) => part !== undefined && part !== node);
  for (const part of found) {
    const table = part?.kind === "schema" ? tableNode(part) : undefined;
    if (table !== undefined) return table;
  }
  return undefined;
}

function listNode(node: Node): boolean {
  if (first(node).type === "array") return true;
  const inner = node.wrapped ?? node.getter?.([]) ?? (node.pipe && first(node).wrapped);
  return inner === undefined ? false : listNode(inner);
}
