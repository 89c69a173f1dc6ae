import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeDirectory, temporaryDirectory } from "../test/support/child.ts";
import type { RealInfluxdb } from "../test/support/real-influxdb.ts";

/** `more` is what stands before the listener. */
export function configText(a: RealInfluxdb, b: RealInfluxdb, more = ""): string {
  const output = (name: string, { url }: RealInfluxdb) => `{ name = "${name}", location = "${url}/write" }`;
  const outputs = `[${output("a", a)}, ${output("b", b)}]`;
  return `${more}[[http]]\nname = "bench"\nbind-addr = "127.0.0.1:0"\noutput = ${outputs}\n`;
}

export function startCommand(config: string, args: readonly string[]) {
  const dir = temporaryDirectory("bench-recovery");
  const configFile = join(dir, "relay.toml");
  writeFileSync(configFile, config);
  const entry = fileURLToPath(new URL("../adapters/node.ts", import.meta.url));
  const child = spawn(process.execPath, [entry, ...args, "--config", configFile], {
    env: { ...process.env, XDG_STATE_HOME: dir },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const ended = new Promise<{ readonly code: number | null; readonly stdout: string }>((resolve) => {
    child.on("close", (code) => {
      removeDirectory(dir);
      resolve({ code, stdout });
    });
  });
  return { pid: child.pid ?? -1, ended, kill: () => void child.kill("SIGKILL") };
}
