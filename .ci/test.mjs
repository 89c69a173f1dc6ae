// `npm test`: format and lint, types, then the tests. `--long` runs the long ones instead of the usual ones.
// Further arguments name the test files to run.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { denoBinary } from "../test/support/deno.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const long = process.argv.includes("--long");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

// Each test file, and each relay that a test starts, reads hundreds of TypeScript files: compiled ones are kept.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules", ".cache", "compiled");

/** @param {string} title @param {string} command @param {string[]} args */
function step(title, command, args) {
  const started = performance.now();
  console.log(`\n== ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) console.error(error.message);
  if (status !== 0) {
    console.error(`\nFailed: ${title}`);
    process.exit(status ?? 1);
  }
  console.log(`-- ${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

if (!long) {
  step("format and lint", "biome", ["check", "."]);
  for (const project of ["tsconfig.json", "tsconfig.node.json", "tsconfig.worker.json"]) {
    step(`types: ${project}`, "tsc", ["-p", project]);
  }
  step("types: adapters/deno.ts", denoBinary(), ["check", "--quiet", "--cached-only", "adapters/deno.ts"]);
}

const pattern = long ? "test/**/*.long.ts" : "test/**/*.test.ts";
const files = named.length > 0 ? named : globSync(pattern, { cwd: root }).sort();
const limit = long ? 45 * 60_000 : 120_000;
step("tests on Node", process.execPath, [
  "--test",
  `--test-timeout=${limit}`,
  "--test-concurrency=2",
  ...files,
]);

if (!long && named.length === 0) {
  // The tests of src/, in the folders that mirror its folders, need no permission at all.
  const folders = globSync("src/*/", { cwd: root }).map((folder) => folder.replace(/^src/, "test"));
  const mirrored = folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: root }));
  const flags = ["--quiet", "--no-prompt", "--no-check", "--cached-only"];
  step("tests of src/ on Deno", denoBinary(), ["test", ...flags, "test/app.test.ts", ...mirrored.sort()]);
}
