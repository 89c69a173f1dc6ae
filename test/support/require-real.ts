import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * For tests that need a real server: `test("...", { skip: requireReal("influxd") }, ...)`. Says why the test is
 * skipped if a program is missing.
 * @throws in that case if REQUIRE_REAL=1 is set, so that no run that must be complete skips anything.
 */
export function requireReal(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  return missing.length === 0 ? false : skipOrThrow(`${missing.join(" and ")} not installed`);
}

/** The same for a Python that has a module: the system's, or another one that comes first in PATH. */
export function requirePython(module: string): { readonly program: string; readonly skip: string | false } {
  const candidates = ["/usr/bin/python3", findProgram("python3") ?? ""].filter(isExecutable);
  const has = (program: string) => spawnSync(program, ["-c", `import ${module}`]).status === 0;
  const program = candidates.find(has);
  if (program !== undefined) return { program, skip: false };
  return { program: "", skip: skipOrThrow(`Python's ${module} not installed`) };
}

/** The reason, for a test to be skipped with. @throws if REQUIRE_REAL=1 is set. */
export function skipOrThrow(reason: string): string {
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`REQUIRE_REAL=1, but ${reason}`);
  return reason;
}

/** The path of a program: from PATH, or from where servers are that only root has in its PATH. */
export function findProgram(program: string): string | undefined {
  const dirs = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/sbin", "/usr/local/sbin"];
  return dirs
    .filter((dir) => dir !== "")
    .map((dir) => join(dir, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
