// The test files of `npm test`: which run in one process, in which order, and how long each took.
import { once } from "node:events";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { pathToFileURL } from "node:url";

/** What waits for servers begins first, so that what only computes fills the gaps and the end. */
const ORDER = ["test/real/", "test/conformance/", "test/adapters/", "test/"];

/** @param {string} file */
const rank = (file) => ORDER.findIndex((start) => file.startsWith(start));

/** @param {string} pattern @param {string} root */
export function findTests(pattern, root) {
  const files = globSync(pattern, { cwd: root }).sort();
  return files.sort((a, b) => rank(a) - rank(b));
}

/**
 * Files that import the tests of src/, one for each of the folders of test/ that mirror its folders: most tests need less
 * time than a process and its imports. They need no permission at all.
 * @param {string} root
 * @returns what they import, and by file the folder. They are gone when this process has ended.
 */
export function groupMirrored(root) {
  const directory = mkdtempSync(join(tmpdir(), "relay-tests-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  /** @type {Map<string, string>} */
  const groups = new Map();
  const mirrored = new Set();
  for (const source of globSync("src/*/", { cwd: root }).sort()) {
    const folder = join("test", basename(source));
    const files = globSync(`${folder}/**/*.test.ts`, { cwd: root }).sort();
    if (files.length === 0) continue;
    const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)).href)};\n`);
    const group = join(directory, `${basename(folder)}.test.mjs`);
    writeFileSync(group, imports.join(""));
    groups.set(group, folder);
    for (const file of files) mirrored.add(file);
  }
  return { groups, mirrored };
}

/**
 * Runs the files in their order, each in a process of its own, and prints what comes of them.
 * @param {readonly string[]} files
 * @param {{ limit: number, concurrency: number, nameOf: (file: string) => string }} options the limit of a test in ms
 * @returns {Promise<boolean>} whether all passed
 */
export async function runOnNode(files, { limit, concurrency, nameOf }) {
  /** @type {[seconds: number, file: string][]} */
  const times = [];
  let passed = true;
  const stream = run({ files: [...files], concurrency, timeout: limit });
  stream.on("test:fail", () => {
    passed = false;
  });
  stream.on("test:complete", ({ name, file, details }) => {
    if (name === file) times.push([details.duration_ms / 1000, nameOf(file)]);
  });
  const report = stream.compose(spec);
  report.pipe(process.stdout);
  await once(report, "end");
  times.sort(([a], [b]) => b - a);
  console.log("The slowest, in seconds:");
  for (const [seconds, name] of times.slice(0, 12))
    console.log(`  ${seconds.toFixed(1).padStart(6)} ${name}`);
  return passed;
}
