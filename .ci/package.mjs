// What `npm pack` does before it (`build`) and after it (`restore`): JavaScript and types go to dist/, and for as long as
// npm packs, package.json is without what only a checkout needs. Above all without the Node that npm brings to
// a checkout: it would become the `node` of every project that installs the relay.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = join(root, "package.json");
/** The checkout's package.json while that of the package is in its place. */
const kept = join(root, "package.json.kept");
const ONLY_IN_A_CHECKOUT = ["scripts", "devDependencies", "optionalDependencies"];

/** @param {string} project */
function compile(project) {
  const emit = ["--noEmit", "false", "--declaration", "--rewriteRelativeImportExtensions"];
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "-p", project, ...emit, "--rootDir", ".", "--outDir", "dist"];
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
}

function build() {
  restore();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  // What both have is written twice, the second time with the types that Node's users see.
  compile("tsconfig.worker.json");
  compile("tsconfig.package.json");
  const entries = Object.entries(JSON.parse(readFileSync(manifest, "utf8")));
  const published = Object.fromEntries(entries.filter(([key]) => !ONLY_IN_A_CHECKOUT.includes(key)));
  // The relay reads its version at the same place beside adapters/ as in a checkout.
  const { name, version, type } = published;
  writeFileSync(join(root, "dist", "package.json"), `${JSON.stringify({ name, version, type })}\n`);
  renameSync(manifest, kept);
  writeFileSync(manifest, `${JSON.stringify(published, undefined, 2)}\n`);
}

function restore() {
  if (existsSync(kept)) renameSync(kept, manifest);
}

if (process.argv[2] === "restore") restore();
else build();
