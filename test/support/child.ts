import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { withLimit } from "./wait.ts";

/** A server of a test that runs as a process of its own. */
export interface Child {
  readonly pid: number;
  /** What it wrote to standard output and standard error so far. */
  readonly output: string;
  /** Settles when it ended: the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Undefined while it runs. */
  readonly end: number | string | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals, limitMs?: number): Promise<number | string>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gets each line of standard output and standard error, without its line feed. */
  readonly onLine?: (line: string) => void;
  readonly onEnd?: () => void;
}

/** Runs a command. It dies with this process, if not before. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let end: number | string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      output += `${line}\n`;
      options.onLine?.(line);
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    const finish = (how: number | string) => {
      running.delete(child);
      end = how;
      resolve(how);
      options.onEnd?.();
    };
    child.on("error", (error) => finish(error.message));
    // `close` comes after the last output, `exit` may come before.
    child.on("close", (code, signal) => finish(code ?? signal ?? "unknown"));
  });
  running.add(child);
  cleanUpAtExit();

  return {
    pid: child.pid ?? -1,
    get output() {
      return output;
    },
    get end() {
      return end;
    },
    ended,
    signal: (signal) => void child.kill(signal),
    stop: (signal = "SIGTERM", limitMs) => {
      child.kill(signal);
      return withLimit(ended, `the end of ${command} after ${signal}`, limitMs, () => `\n${output}`);
    },
  };
}

/** A directory that is gone when this process has ended. */
export function temporaryDirectory(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `relay-test-${name}-`));
  directories.add(dir);
  cleanUpAtExit();
  return dir;
}

export function removeDirectory(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  directories.delete(dir);
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();
let registered = false;

function cleanUpAtExit(): void {
  if (registered) return;
  registered = true;
  process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL");
    for (const dir of directories) removeDirectory(dir);
  });
  // The test runner ends a file that takes too long with a signal, and a signal alone runs no exit handler.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));
}
