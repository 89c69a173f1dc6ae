import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs that `runInNamespace` needs. */
export const NAMESPACE_PROGRAMS = ["unshare", "ip", "bash", "curl"] as const;

/**
 * Runs the commands of a page in bash, in the checkout, and gives what they print. Pages name fixed ports: here they belong to nobody else.
 * `in_background CMD` starts a server, and `wait_for TEXT` waits until one has printed it; `directory` holds their log.
 * @throws with everything printed, if the script fails or takes longer than 100 s.
 */
export function runInNamespace(directory: string, script: string): string {
  const prelude = `
    set -eu
    ip link set lo up
    cd "${root}"
    export PATH="${dirname(process.execPath)}:$PATH"
    exec 2>&1
    pids=""
    trap 'kill -- $pids $(jobs -p) 2>/dev/null || true; wait' EXIT
    in_background() { setsid "$@" >>"${directory}/log" 2>&1 & pids="$pids -$!"; }
    wait_for() { for _ in $(seq 200); do grep -q "$1" "${directory}/log" && return; sleep 0.05; done; cat "${directory}/log"; exit 1; }
  `;
  writeFileSync(join(directory, "log"), "");
  try {
    return execFileSync("unshare", ["-rn", "bash", "-c", `${prelude}\n${script}`], {
      encoding: "utf8",
      timeout: 100_000,
    });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    throw new Error(`${error}\n${stdout}\n${readFileSync(join(directory, "log"), "utf8")}`);
  }
}
