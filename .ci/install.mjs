// Every npm script begins with this (pre-scripts do not run where scripts are ignored, as .npmrc says), and goes on with
// `exec env`, because the shell would remember the machine's own Node.
//
// Installs the locked dependencies when node_modules is missing or older than the lock file. Runs on the
// machine's own Node, before the project's is there: plain JavaScript, no dependencies.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, "package-lock.json");
const installed = join(root, "node_modules", ".package-lock.json");

if (existsSync(lock) && !(existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs)) {
  console.error("Installing the dependencies named in package-lock.json ...");
  execFileSync("npm", ["ci", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
}
