// Every npm script begins with this (pre-scripts do not run where somebody has npm ignore scripts), and goes on with
// `exec env`, because the shell would remember the machine's own Node.
//
// Installs the locked dependencies when they are not those of package-lock.json. Runs on the machine's own Node, before
// the project's is there: plain JavaScript, no dependencies.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
/** Says which lock file the installed dependencies are of. */
const stamp = join(root, "node_modules", ".installed");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  console.error("Installing the dependencies named in package-lock.json ...");
  execFileSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  writeFileSync(stamp, wanted);
}
