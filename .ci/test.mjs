// `npm test`: format and lint, types, then the tests. `--long` runs the long ones instead of the usual ones.
// Further arguments name the test files to run.
import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { denoBinary } from "../test/support/deno.ts";
import { findTests, groupMirrored, runOnNode } from "./tests.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const long = process.argv.includes("--long");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

// Each test file, and each relay that a test starts, reads hundreds of TypeScript files: compiled ones are kept.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules", ".cache", "compiled");

/**
 * Runs a command beside others; what it prints is kept until the returned function is called, which waits for its end,
 * prints it, and ends the whole where it failed.
 * @param {string} title @param {string} command @param {string[]} args
 * @param {Record<string, string>} env
 */
function begin(title, command, args, env = {}) {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.once("exit", () => child.kill());
  /** @type {Uint8Array[]} */
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => printed.push(bytes));
  /** @type {Promise<{ passed: boolean, seconds: number }>} */
  const ended = new Promise((resolve) => {
    const end = (/** @type {boolean} */ passed) =>
      resolve({ passed, seconds: (performance.now() - started) / 1000 });
    child.on("error", ({ message }) => {
      printed.push(Buffer.from(`${message}\n`));
      end(false);
    });
    child.on("close", (status) => end(status === 0));
  });
  return async () => {
    const { passed, seconds } = await ended;
    console.log(`\n== ${title}`);
    process.stdout.write(Buffer.concat(printed));
    finish(title, passed, seconds);
  };
}

/** @param {string} title @param {boolean} passed @param {number} seconds */
function finish(title, passed, seconds) {
  if (!passed) {
    console.error(`\nFailed: ${title}`);
    process.exit(1);
  }
  console.log(`-- ${title}: ${seconds.toFixed(1)} s`);
}

// Most tests that start relays start this: in one file a relay needs half the CPU time until it is ready.
const bundle = join(root, "node_modules", ".cache", "relay.mjs");
process.env["RELAY_BUNDLE"] = bundle;
const require =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const bundling = begin("the relay in one file", "esbuild", [
  "adapters/node.ts",
  ...["--bundle", "--platform=node", "--format=esm", "--keep-names", "--log-level=warning"],
  ...[`--banner:js=${require}`, `--outfile=${bundle}`],
]);
const worker = join(root, "node_modules", ".cache", "worker");
process.env["RELAY_WORKER"] = join(worker, "worker.js");
const bundlingWorker = begin(
  "the relay as a Worker",
  "wrangler",
  ["deploy", "adapters/worker.ts", "--dry-run", "--outdir", worker],
  { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: worker, NO_COLOR: "1" },
);

if (!long) {
  const projects = ["tsconfig.json", "tsconfig.node.json", "tsconfig.worker.json"];
  const checks = [
    begin("format and lint", "biome", ["check", "."]),
    ...projects.map((project) => begin(`types: ${project}`, "tsc", ["-p", project])),
    begin("types: adapters/deno.ts", denoBinary(), ["check", "--quiet", "--cached-only", "adapters/deno.ts"]),
  ];
  for (const check of checks) await check();
}
await bundling();
await bundlingWorker();

const whole = !long && named.length === 0;
const { groups, mirrored } = whole ? groupMirrored(root) : { groups: new Map(), mirrored: new Set() };

/** The tests of src/ need one core here, while those on Node also wait for servers. */
const onDeno = whole
  ? begin("tests of src/ on Deno", denoBinary(), [
      "test",
      ...["--quiet", "--no-prompt", "--no-check", "--cached-only", "--config", "deno.json"],
      "test/app.test.ts",
      ...groups.keys(),
    ])
  : undefined;

const title = "tests on Node";
const found = named.length > 0 ? named : findTests(long ? "test/**/*.long.ts" : "test/**/*.test.ts", root);
const started = performance.now();
console.log(`\n== ${title}`);
const passed = await runOnNode(
  [...found.filter((file) => !mirrored.has(file)).map((file) => resolve(root, file)), ...groups.keys()],
  {
    limit: long ? 45 * 60_000 : 120_000,
    concurrency: long ? 2 : 3,
    nameOf: (file) => groups.get(file) ?? file.slice(root.length + 1),
  },
);
finish(title, passed, (performance.now() - started) / 1000);
await onDeno?.();
