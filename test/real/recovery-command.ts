import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { combinedPem } from "../../adapters/node/combined-pem.ts";
import { runCommand } from "../../adapters/node/command.ts";
import { startHttpListener } from "../../adapters/node/http-listener.ts";
import { nodePlatform } from "../../adapters/node/platform.ts";
import { clientAddress, readBody } from "../../adapters/node/request-body.ts";
import { stream } from "../../adapters/node/response-stream.ts";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { RELAY_ENTRY } from "../support/relay-entry.ts";

/** The commands `compare` and `recover`, as people run them. */
export interface RecoveryCommand {
  /** Where a recovery keeps how far it is. */
  readonly stateDirectory: string;
  /** In this process: a new one takes longer than most of what it does. `--config` is added. */
  run(...args: readonly string[]): Promise<Ended>;
  /** In a process of its own, which can be killed. */
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

const HOST = {
  runtime: "node" as const,
  platform: nodePlatform,
  http: { start: startHttpListener, readBody, clientAddress, stream, checkTls: combinedPem },
};

function collector() {
  const pieces: string[] = [];
  return { write: (text: string) => void pieces.push(text), text: () => pieces.join("") };
}

export function createRecoveryCommand(config: string): RecoveryCommand {
  const dir = temporaryDirectory("recovery");
  const configFile = join(dir, "relay.toml");
  writeFileSync(configFile, config);
  const running = new Set<ChildProcess>();
  const start = (...args: readonly string[]): Running => {
    const child = spawn(process.execPath, [RELAY_ENTRY, ...args, "--config", configFile], {
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
    run: async (...args) => {
      const [stdout, stderr] = [collector(), collector()];
      process.env["XDG_STATE_HOME"] = dir;
      const code = await runCommand([...args, "--config", configFile], HOST, { stdout, stderr });
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
    close: () => {
      for (const child of running) child.kill("SIGKILL");
      removeDirectory(dir);
    },
  };
}
