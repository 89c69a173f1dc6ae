import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadJob, LoadResult } from "./load.ts";
import type { SinkKind } from "./sinks.ts";

/** A process that the benchmark forked for itself. It ends when the benchmark does. */
export interface Helper {
  readonly pid: number;
  close(): void;
}

export interface Sinks extends Helper {
  readonly ports: readonly number[];
}

export interface LoadGenerator extends Helper {
  /** One job at a time. */
  run(job: LoadJob): Promise<LoadResult>;
}

/** One process with one server for each kind. */
export async function startSinks(...kinds: readonly SinkKind[]): Promise<Sinks> {
  const child = forkFile("./sinks.ts", kinds);
  return { ...helper(child), ports: await message<number[]>(child) };
}

export function startLoad(): LoadGenerator {
  const child = forkFile("./load.ts", []);
  return {
    ...helper(child),
    run: (job) => {
      child.send(job);
      return message<LoadResult>(child);
    },
  };
}

const forkFile = (name: string, args: readonly string[]) =>
  fork(fileURLToPath(new URL(name, import.meta.url)), args);

const helper = (child: ChildProcess): Helper => ({ pid: child.pid ?? -1, close: () => void child.kill() });

/** The next message; rejects if the process ends instead. */
function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (value: unknown) => {
      child.off("exit", onExit);
      resolve(value as T);
    };
    const onExit = (code: number | null, signal: string | null) => {
      child.off("message", onMessage);
      reject(new Error(`a helper process ended: ${code ?? signal}`));
    };
    child.once("message", onMessage).once("exit", onExit);
  });
}
