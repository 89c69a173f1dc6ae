import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import * as v from "valibot";
import { allTables, type Option, type Table } from "../.ci/config-options.ts";
import { COMMAND, exampleLine, FILES, ROOT_TABLE } from "../.ci/config-reference.ts";
import { parseConfig } from "../src/config/parse.ts";
import { configSchema } from "../src/config/schema.ts";
import { unknownKeys } from "../src/config/unknown-keys.ts";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
const source = (name: string) => ({ name, env: () => undefined, readFile: () => "x" });
const TABLES = allTables(ROOT_TABLE);

for (const [path, text] of Object.entries(FILES)) {
  test(`${path} says what the schema says`, () => {
    assert.equal(read(path), text(), `it is out of date: run ${COMMAND}`);
  });
}

test("examples/relay.toml is a config as it is, of two servers with all defaults", () => {
  const { http } = parseConfig(read("examples/relay.toml"), source("examples/relay.toml"));
  assert.deepEqual(
    http.map(({ name, outputs }) => [name, outputs.map(({ name }) => name)]),
    [["main", ["a", "b"]]],
  );
});

test("examples/relay.toml with all comments removed has no key that is not known, and no wrong value", () => {
  const text = read("examples/relay.toml")
    .replace('#auth = "none"\n', "") // It is there as a list of tables, too.
    .replaceAll(/^#(?=[\w["])/gm, "")
    .replaceAll(`\${CREDENTIALS_KEY}`, `${"1".repeat(43)}=`);
  const values = parse(text);
  const { issues } = v.safeParse(configSchema, values);
  assert.deepEqual(issues, undefined);
  assert.deepEqual(unknownKeys(configSchema, values), []);
});

test("the reference names every key of the config that is printed with all its defaults", () => {
  const page = read("docs/config.md");
  const example = read("examples/relay.toml");
  for (const { options } of TABLES) {
    for (const { key } of options) {
      assert.ok(page.includes(`| \`${key}\` |`), key);
      assert.match(example, new RegExp(`^#?${key} = `, "m"));
    }
  }
});

/** The text of a config with these lines in a table, and elsewhere only what is needed. */
function small(table: Table, lines: readonly string[]): string {
  function textOf(part: Table): string[] {
    const below = part.tables.filter(
      ({ path, info }) => `${table.path}.`.startsWith(`${path}.`) || info?.fallback === undefined,
    );
    return [
      part.path === "" ? "" : part.many ? `[[${part.path}]]` : `[${part.path}]`,
      ...(part === table ? lines : linesOf(part, ({ needed }) => needed)),
      ...below.flatMap(textOf),
    ];
  }
  return textOf(ROOT_TABLE).join("\n");
}

const linesOf = (table: Table, which: (option: Option) => boolean) =>
  table.options.filter(which).map((option) => exampleLine(table, option));

test("a default that is told is the one in force", () => {
  for (const table of TABLES) {
    const needed = linesOf(table, ({ needed }) => needed);
    const written = linesOf(table, ({ needed, written }) => !needed && written !== undefined);
    const values = (lines: readonly string[]) => v.parse(configSchema, parse(small(table, lines)));
    const told = values([...needed, ...written]);
    const silent = values(needed);
    assert.deepEqual(withoutNone(told), withoutNone(silent), table.path);
  }
});

/** `auth = "none"` is what no auth means, and is taken for it later. */
function withoutNone(values: object): unknown {
  return JSON.parse(JSON.stringify(values, (key, value) => (key === "auth" ? undefined : value)));
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly default?: unknown;
  readonly definitions?: Readonly<Record<string, Schema>>;
}
const DOCUMENT: Schema = JSON.parse(read("docs/config.schema.json"));
const KNOWN = [
  "type",
  "$schema",
  "$comment",
  "title",
  "description",
  "definitions",
  "additionalProperties",
  "default",
];

/** What JSON Schema (draft 7) says against a value, of the keywords that are in the document. */
function problems(schema: Schema, value: unknown, at = ""): string[] {
  if (schema.type !== undefined && typeOf(value) !== schema.type) return [`${at} is no ${schema.type}`];
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    switch (keyword) {
      case "$ref":
        return problems(
          DOCUMENT.definitions?.[String(wanted).replace("#/definitions/", "")] as Schema,
          value,
          at,
        );
      case "properties":
        return Object.entries(value as object).flatMap(([key, inner]) => {
          const known = schema.properties?.[key];
          if (known === undefined && schema.additionalProperties !== false) return [];
          return known === undefined ? [`${at}.${key} is not known`] : problems(known, inner, `${at}.${key}`);
        });
      case "required":
        return (schema.required ?? [])
          .filter((key) => !Object.hasOwn(value as object, key))
          .map((key) => `${at}.${key} is missing`);
      case "items":
        return (value as unknown[]).flatMap((one, i) => problems(schema.items as Schema, one, `${at}[${i}]`));
      case "minItems":
        return (value as unknown[]).length >= Number(wanted) ? [] : [`${at} is too short`];
      case "minimum":
        return Number(value) >= Number(wanted) ? [] : [`${at} is too small`];
      case "maximum":
        return Number(value) <= Number(wanted) ? [] : [`${at} is too large`];
      case "const":
        return value === wanted ? [] : [`${at} is not ${wanted}`];
      case "enum":
        return (schema.enum ?? []).includes(value) ? [] : [`${at} is none of ${wanted}`];
      case "pattern":
        return new RegExp(String(wanted)).test(String(value)) ? [] : [`${at} is not ${wanted}`];
      case "allOf":
        return (schema.allOf ?? []).flatMap((one) => problems(one, value, at));
      case "anyOf": {
        const each = (schema.anyOf ?? []).map((one) => problems(one, value, at));
        return each.some((found) => found.length === 0) ? [] : (each[0] ?? []);
      }
    }
    assert.ok(KNOWN.includes(keyword), keyword);
    return [];
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

test("the JSON schema takes every example config, and every default that it names", () => {
  const files = globSync("examples/**/*.toml", { cwd: fileURLToPath(new URL("..", import.meta.url)) });
  assert.ok(files.length >= 3);
  for (const file of files) assert.deepEqual(problems(DOCUMENT, parse(read(file))), [], file);
  for (const table of TABLES)
    assert.deepEqual(
      problems(
        DOCUMENT,
        parse(
          small(
            table,
            linesOf(table, () => true),
          ),
        ),
      ),
      [],
      table.path,
    );
});

test("the JSON schema refuses a key that is not known, a missing one, and what is out of bounds", () => {
  const http = (more: string) => parse(`[[http]]\nbind-addr = ":1"\n${more}`);
  for (const [value, problem] of [
    [parse("shutdown-timout = '1s'"), ".shutdown-timout is not known"],
    [http('bind_addr = ":1"'), ".http[0].bind_addr is not known"],
    [http("[[http.shard.output]]\n"), ".http[0].shard"],
    [http('[[http.output]]\nname = "a"'), ".http[0].output[0].location is missing"],
    [http("max-connections = 0"), ".http[0].max-connections is too small"],
    [http('consistency = "most"'), ".http[0].consistency is none of any,one,quorum,all"],
    [http('auth = "some"'), ".http[0].auth is not none"],
    [parse("[[http]]"), ".http[0].bind-addr is missing"],
  ] as const) {
    const found = problems(DOCUMENT, value);
    assert.ok(
      found.some((one) => one.startsWith(problem)),
      `${problem}: ${found}`,
    );
  }
  assert.deepEqual(problems(DOCUMENT, http(`consistency = "\${CONSISTENCY}"`)), []);
});
