import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { codeOf, type Import, importsOf, resolveImport } from "./support/source-code.ts";

/** From top to bottom. A file imports its own layer's folder and lower layers; of one row nobody imports the other. */
const LAYERS: readonly (readonly string[])[] = [
  ["adapters/"],
  ["src/index.ts"],
  ["src/app.ts", "src/admin/", "src/doctor/"],
  ["src/relay.ts"],
  ["src/relay/"],
  ["src/http/", "src/udp/", "src/peers/"],
  ["src/recovery/"],
  ["src/query/"],
  ["src/shard/"],
  ["src/write/"],
  ["src/backend/"],
  ["src/spool/"],
];

/** Anybody imports them. They import each other's types, and BASE. */
const LEAVES: readonly string[] = ["src/config/", "src/influxql/", "src/observe/", "src/write/ lines"];

/** The files of src/write/ that are its layer; all others know line protocol and nothing of writers, and are leaves. */
const WRITERS = /^src\/write\/(body|fan-out)(-[a-z]+)*\.ts$/;

/** Anybody imports them; they import each other. */
const BASE: readonly string[] = ["src/platform.ts", "src/errors.ts", "src/writer.ts"];

/** Imported by adapters only; imports leaves and BASE. */
const DEMO = "src/demo/";

/** Whose files an adapter may import beside its own. */
const ADAPTERS: Readonly<Record<string, readonly string[]>> = {
  common: [],
  node: ["common"],
  deno: ["node", "common"],
  worker: ["common"],
};

/** Packages that run everywhere. */
const PACKAGES = ["hono", "valibot", "smol-toml"];

/** Names of one runtime, and of what src/ gets through the ports in src/platform.ts. */
const FORBIDDEN: readonly RegExp[] = [
  /\bDeno\b/,
  /\bBuffer\b/,
  /\bglobalThis\b/,
  /(?<![.\w])(process|performance|console)\./,
  /(?<![.\w])(fetch|setTimeout|setInterval|setImmediate|require)\s*\(/,
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bMath\.random\b/,
];

const MAX_LINES = 500;

/** Path -> source. */
type Tree = ReadonlyMap<string, string>;

test("no file of src/ depends on a runtime", () => assert.deepEqual(runtimeProblems(checkout()), []));
test("dependencies point one way", () => assert.deepEqual(directionProblems(checkout()), []));
test("no import cycles", () => assert.deepEqual(cycleProblems(checkout()), []));
test("no adapter imports another's files", () => assert.deepEqual(adapterProblems(checkout()), []));
test(`no source file is longer than ${MAX_LINES} lines`, () =>
  assert.deepEqual(lengthProblems(checkout()), []));

test("the checks find what they are there to find", () => {
  const cases: readonly [(tree: Tree) => string[], Record<string, string>, string[]][] = [
    [
      runtimeProblems,
      {
        "src/app.ts": `import { Hono } from "hono/tiny";\nimport fs from "node:fs";\nimport x from "undici";`,
        "src/a.ts": `// setTimeout(\nconst s = "Date.now()", r = /"/; const b = new ArrayBuffer(1); app.fetch(r);`,
        "src/b.ts": `const r = /['"]/; Math.random();\nreturn \`\${Date.now()}\``,
        "adapters/node.ts": `import fs from "node:fs"; setTimeout(f, 1);`,
      },
      [
        "src/app.ts imports node:fs",
        "src/app.ts imports undici",
        "src/b.ts uses Date.now",
        "src/b.ts uses Math.random",
      ],
    ],
    [
      directionProblems,
      {
        "src/write/fan-out.ts": `import { Lane } from "../backend/lane.ts";\nimport "./stamp.ts";`,
        "src/backend/lane.ts": `export type { F } from "../write/fan-out.ts";\nimport { s } from "../write/stamp.ts";`,
        "src/write/stamp.ts": `import type { Lane } from "../backend/lane.ts";`,
        "src/config/config.ts": `import { type Log } from "../observe/log.ts";\nimport { E } from "../errors.ts";`,
        "src/observe/log.ts": `import {\n  type Config,\n  load,\n} from "../config/config.ts";`,
        "src/udp/a.ts": `await import("../http/b.ts"); `,
        "src/demo/d.ts": `import "../write/points.ts";\nimport "../spool/store.ts";`,
        "src/http/b.ts": `import "../demo/d.ts";`,
        "src/errors.ts": `import type { Config } from "./config/config.ts";`,
        "src/relay.ts": `import "./new/x.ts"; `,
        "adapters/node/demo.ts": `import "../../src/demo/d.ts"; `,
      },
      [
        "src/backend/lane.ts imports src/write/fan-out.ts",
        "src/write/stamp.ts imports src/backend/lane.ts",
        "src/observe/log.ts imports src/config/config.ts",
        "src/udp/a.ts imports src/http/b.ts",
        "src/demo/d.ts imports src/spool/store.ts",
        "src/http/b.ts imports src/demo/d.ts",
        "src/errors.ts imports src/config/config.ts",
        "src/relay.ts imports src/new/x.ts",
      ],
    ],
    [
      cycleProblems,
      {
        "src/a.ts": `import "./b.ts";`,
        "src/b.ts": `import type { C } from "./c/d.ts";`,
        "src/c/d.ts": `import "../a.ts";`,
        "src/e.ts": `import "./a.ts";`,
      },
      ["src/a.ts -> src/b.ts -> src/c/d.ts -> src/a.ts"],
    ],
    [
      adapterProblems,
      {
        "adapters/worker.ts": `import "./node/platform.ts";`,
        "adapters/deno.ts": `import "./node/platform.ts"; `,
        "adapters/node/platform.ts": `import "../worker/spool.ts";`,
      },
      [
        "adapters/worker.ts imports adapters/node/platform.ts",
        "adapters/node/platform.ts imports adapters/worker/spool.ts",
      ],
    ],
    [
      lengthProblems,
      { "src/a.ts": "\n".repeat(500), "src/b.ts": "\n".repeat(501) },
      ["src/b.ts has 501 lines"],
    ],
  ];
  for (const [check, files, problems] of cases) {
    assert.deepEqual(check(new Map(Object.entries(files))), problems, check.name);
  }
});

function checkout(): Tree {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const files = globSync(["src/**/*.ts", "adapters/**/*.ts"], { cwd: root }).sort();
  assert.ok(files.length > 10, "the source files are not where this test looks");
  return new Map(files.map((file) => [file, readFileSync(`${root}/${file}`, "utf8")]));
}

function runtimeProblems(tree: Tree): string[] {
  return [...tree]
    .filter(([file]) => file.startsWith("src/"))
    .flatMap(([file, source]) => {
      const foreign = importsOf(source)
        .map(({ specifier }) => specifier)
        .filter((name) => !name.startsWith(".") && !PACKAGES.includes(name.split("/")[0] ?? ""));
      const code = codeOf(source);
      const names = FORBIDDEN.flatMap((pattern) => pattern.exec(code)?.[0].replace(/\s*[.(]$/, "") ?? []);
      return [
        ...foreign.map((name) => `${file} imports ${name}`),
        ...names.map((name) => `${file} uses ${name}`),
      ];
    });
}

function directionProblems(tree: Tree): string[] {
  return edges(tree)
    .filter((edge) => !mayImport(edge))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function mayImport({ from, to, typeOnly }: Edge): boolean {
  const [user, used] = [placeOf(from), placeOf(to)];
  if (user === undefined || used === undefined) return false;
  if (user === used || BASE.includes(used)) return true;
  if (BASE.includes(user)) return false;
  if (LEAVES.includes(user)) return LEAVES.includes(used) && typeOnly;
  if (LEAVES.includes(used)) return true;
  if (used === DEMO) return user === "adapters/";
  return user !== DEMO && rank(user) < rank(used);
}

const rank = (place: string) => LAYERS.findIndex((row) => row.includes(place));

/** The entry of the tables that a file belongs to; undefined for a file that has no place in them yet. */
function placeOf(file: string): string | undefined {
  if (file.startsWith("src/write/") && !WRITERS.test(file)) return "src/write/ lines";
  return [...BASE, ...LEAVES, DEMO, ...LAYERS.flat()].find((place) =>
    place.endsWith("/") ? file.startsWith(place) : file === place,
  );
}

/** Each cycle once, from its first file in the order of the tree. */
function cycleProblems(tree: Tree): string[] {
  const targets = Map.groupBy(edges(tree), ({ from }) => from);
  const done = new Set<string>();
  const found: string[] = [];
  function visit(file: string, path: readonly string[]): void {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(" -> "));
    if (at >= 0 || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  }
  for (const file of tree.keys()) visit(file, []);
  return found;
}

function adapterProblems(tree: Tree): string[] {
  const runtimeOf = (file: string) => /^adapters\/([a-z]+)/.exec(file)?.[1];
  return edges(tree)
    .filter(({ from, to }) => {
      const [user, used] = [runtimeOf(from), runtimeOf(to)];
      if (user === undefined || used === undefined || user === used) return false;
      return !(ADAPTERS[user] ?? []).includes(used);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

function lengthProblems(tree: Tree): string[] {
  return [...tree]
    .map(([file, source]) => ({ file, lines: source.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file} has ${lines} lines`);
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: Import["typeOnly"];
}

function edges(tree: Tree): Edge[] {
  return [...tree].flatMap(([from, source]) =>
    importsOf(source)
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier, typeOnly }) => ({ from, to: resolveImport(from, specifier), typeOnly })),
  );
}
