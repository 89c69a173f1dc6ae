import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";

/** The commands `compare` and `recover`, as people run them. */
export interface RecoveryCommand {
  /** Where a recovery keeps how far it is. */
  readonly stateDirectory: string;
  run(...args: readonly string[]): Promise<Ended>;
  /** `--config` is added. */
  start(...args: readonly string[]): Running;
  close(): void;
}

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  readonly stderr: () => string;
  kill(signal: NodeJS.Signals): void;
}

export function createRecoveryCommand(config: string): RecoveryCommand {
  const dir = temporaryDirectory("recovery");
  const configFile = join(dir, "relay.toml");
  writeFileSync(configFile, config);
  const running = new Set<ChildProcess>();
  const start = (...args: readonly string[]): Running => {
    const entry = fileURLToPath(new URL("../../adapters/node.ts", import.meta.url));
    const child = spawn(process.execPath, [entry, ...args, "--config", configFile], {
      env: { ...process.env, XDG_STATE_HOME: dir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (code, signal) => {
        running.delete(child);
        resolve({ code: code ?? signal ?? "unknown", stdout, stderr });
      });
    });
    return { ended, stderr: () => stderr, kill: (signal) => void child.kill(signal) };
  };
  return {
    stateDirectory: join(dir, "influxdb-relay"),
    start,
    run: (...args) => start(...args).ended,
    close: () => {
      for (const child of running) child.kill("SIGKILL");
      removeDirectory(dir);
    },
  };
}
