import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeDirectory, startChild, temporaryDirectory } from "./child.ts";
import { DENO_RUN, denoBinary } from "./deno.ts";
import { RELAY_ENTRY } from "./relay-entry.ts";
import { createWatch } from "./wait.ts";

/** One line of the relay's log. */
export interface RelayLogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A relay in a process of its own, as people run it. */
export interface RelayProcess {
  readonly pid: number;
  /** Everything that it logged so far; lines that are not JSON are left out, see `output`. */
  readonly log: readonly RelayLogLine[];
  /** Everything that it printed. */
  readonly output: string;
  readonly configFile: string;
  /** `http://127.0.0.1:PORT` of a listener. */
  url(listener: string): string;
  port(listener: string): number;
  /** The first line, from the start of the log, for which `matches` is true. */
  waitForLog(matches: (line: RelayLogLine) => boolean, limitMs?: number): Promise<RelayLogLine>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it with a signal; its exit code, or the name of the signal if that killed it. */
  stop(signal?: NodeJS.Signals, limitMs?: number): Promise<number | string>;
  kill(): Promise<void>;
}

export interface RelayProcessOptions {
  /** The text of the config file; addresses like `127.0.0.1:0` let the system choose the port. */
  readonly config: string;
  /** After `--config FILE`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Node if absent. */
  readonly runtime?: "node" | "deno";
  /** Another Node than the one that runs the tests. */
  readonly node?: string;
  /** Another program than the runtime's file in adapters/. */
  readonly entry?: string;
  /** How long it may take until it is ready, in milliseconds; longer than usual where the machine has much else to do. */
  readonly readyWithinMs?: number;
}

/** The command line of a runtime, up to the program that it runs, and that program. */
const RUNTIMES = {
  node: { command: () => [process.execPath], program: RELAY_ENTRY },
  deno: {
    command: () => [denoBinary(), ...DENO_RUN],
    program: fileURLToPath(new URL("../../adapters/deno.ts", import.meta.url)),
  },
};

/** Starts a relay and waits until it is ready. */
export async function startRelay(options: RelayProcessOptions): Promise<RelayProcess> {
  const dir = temporaryDirectory("relay");
  const configFile = join(dir, "relay.toml");
  writeFileSync(configFile, options.config);
  const watch = createWatch();
  const log: RelayLogLine[] = [];

  const runtime = RUNTIMES[options.runtime ?? "node"];
  const [program = "", ...flags] = runtime.command();
  const command = options.node ?? program;
  const entry = options.entry ?? runtime.program;
  const child = startChild(command, [...flags, entry, "--config", configFile, ...(options.args ?? [])], {
    ...(options.env === undefined ? {} : { env: options.env }),
    onLine: (line) => {
      if (line.startsWith("{")) log.push(JSON.parse(line));
      watch.changed();
    },
    onEnd: watch.changed,
  });
  void child.ended.then(() => removeDirectory(dir));

  async function waitForLog(
    matches: (line: RelayLogLine) => boolean,
    limitMs?: number,
  ): Promise<RelayLogLine> {
    const found = () => log.find(matches);
    const printed = () => `\n${child.output}`;
    await watch.until(
      () => found() !== undefined || child.end !== undefined,
      `a log line for which ${matches}`,
      limitMs,
      printed,
    );
    const line = found();
    if (line === undefined)
      throw new Error(`the relay ended (${child.end}) before it logged that${printed()}`);
    return line;
  }

  function listening(listener: string): RelayLogLine {
    // The last one: a reload may have moved the listener.
    const line = log.findLast((entry) => entry.event === "listening" && entry["listener"] === listener);
    if (line === undefined) throw new Error(`no listener ${listener} is listening\n${child.output}`);
    return line;
  }

  try {
    await waitForLog(({ event }) => event === "ready", options.readyWithinMs);
  } catch (error) {
    child.signal("SIGKILL");
    throw error;
  }

  return {
    pid: child.pid,
    log,
    get output() {
      return child.output;
    },
    configFile,
    url: (listener) => `${listening(listener)["protocol"]}://${listening(listener)["address"]}`,
    port: (listener) => Number(String(listening(listener)["address"]).split(":").at(-1)),
    waitForLog,
    signal: child.signal,
    stop: child.stop,
    kill: async () => {
      await child.stop("SIGKILL");
    },
  };
}
