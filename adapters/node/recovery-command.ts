import type { Config, OutputConfig } from "../../src/config/config.ts";
import type { LogSink, Platform } from "../../src/platform.ts";
import { compareServers, type RecoveryPorts } from "../../src/recovery/compare.ts";
import { NO_RELAY } from "../../src/recovery/control.ts";
import { RecoveryError } from "../../src/recovery/errors.ts";
import { Meter } from "../../src/recovery/progress.ts";
import { Recovery } from "../../src/recovery/recover.ts";
import { Server } from "../../src/recovery/server.ts";
import type { Pair } from "../../src/recovery/unit.ts";
import { nameOf, signatureOf } from "../../src/relay/names.ts";
import { UsageError } from "./arguments.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Host, Output } from "./host.ts";
import { createLogWriter } from "./log-writer.ts";
import { type RecoveryRequest, readRecoveryArguments } from "./recovery-arguments.ts";
import { showProgress } from "./recovery-progress.ts";
import { fileState, recoveryStateFile } from "./recovery-state.ts";
import { compareText, recoverText } from "./recovery-tables.ts";

const EXIT_DIFFERENT = 1;
/** A server that is away for longer, in milliseconds, ends the command. */
const PATIENCE_MS = 30_000;

type Compare = Extract<RecoveryRequest, { action: "compare" }>;
type Recover = Extract<RecoveryRequest, { action: "recover" }>;

/** Runs `compare ...` or `recover ...` and returns the exit code. Rejects with a RelayError. */
export async function runRecoveryCommand(
  action: "compare" | "recover",
  args: readonly string[],
  host: Pick<Host, "runtime" | "platform">,
  { stdout, stderr }: Output,
): Promise<number> {
  const platform = host.platform(log(stderr));
  const request = readRecoveryArguments(action, args, platform.clock.nowNs());
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const config = loadConfigFile(request.config, host.runtime);
  const backends = backendsOf(config);
  const pair = await openPair(request, backends, platform);
  const meter = new Meter(platform.clock);
  const progress = showProgress(() => meter.read(), stderr, process.stderr.isTTY === true);
  const { clock, random } = platform;
  const ports: RecoveryPorts = { clock, random, control: NO_RELAY, meter };
  try {
    const report = await withSignals((signal) =>
      request.action === "compare"
        ? compare(request, pair, ports, signal)
        : recover(request, config, pair, ports, signal),
    );
    progress.stop();
    stdout.write(request.json ? `${JSON.stringify(report.json, undefined, 2)}\n` : report.text);
    return report.equal ? 0 : EXIT_DIFFERENT;
  } finally {
    progress.stop();
    await Promise.all([pair.source.close(), pair.target.close()]);
  }
}

interface Result {
  readonly equal: boolean;
  readonly json: object;
  readonly text: string;
}

async function compare(
  { scope, deep }: Compare,
  pair: Pair,
  ports: RecoveryPorts,
  signal: AbortSignal,
): Promise<Result> {
  const report = await compareServers(pair, { scope, deep, patienceMs: PATIENCE_MS }, ports, signal);
  return { equal: report.equal, json: report, text: compareText(report) };
}

async function recover(
  { scope, deep, dryRun, prune, bytesPerSecond, backend }: Recover,
  config: Config,
  pair: Pair,
  ports: RecoveryPorts,
  signal: AbortSignal,
): Promise<Result> {
  const options = {
    ...{ scope, deep, dryRun, prune, patienceMs: PATIENCE_MS, suspectsOnly: false },
    limits: { bytesPerSecond },
  };
  const store = fileState(recoveryStateFile(config, backend));
  const report = await new Recovery(pair, options, ports, store).run(signal);
  return { equal: report.equal, json: report, text: recoverText(report) };
}

interface Backend {
  readonly output: OutputConfig;
  /** Names of the listeners that write to it. */
  readonly listeners: ReadonlySet<string>;
}

function backendsOf({ http }: Config): Map<string, Backend> {
  const taken = new Map<string, string>();
  const found = new Map<string, Backend & { readonly listeners: Set<string> }>();
  for (const listener of http) {
    for (const output of listener.outputs) {
      const name = nameOf(output, listener, taken);
      taken.set(name, signatureOf(output));
      const backend = found.get(name) ?? { output: { ...output, name }, listeners: new Set() };
      backend.listeners.add(listener.name);
      found.set(name, backend);
    }
  }
  return found;
}

async function openPair(
  request: Compare | Recover,
  backends: ReadonlyMap<string, Backend>,
  platform: Platform,
): Promise<Pair> {
  const open = (option: string, name: string) => {
    const backend = backends.get(name);
    if (backend !== undefined) return new Server(backend.output, platform);
    throw new UsageError(
      `--${option} ${name}: no output has this name; there are ${[...backends.keys()].join(", ")}`,
    );
  };
  if (request.action === "compare") {
    return { source: open("from", request.from), target: open("to", request.to) };
  }
  const target = open("backend", request.backend);
  if (request.from !== undefined) return { source: open("from", request.from), target };
  return { source: await firstReplica(request.backend, backends, platform), target };
}

/** The first other output of the same listener that answers. */
async function firstReplica(
  target: string,
  backends: ReadonlyMap<string, Backend>,
  platform: Platform,
): Promise<Server> {
  const own = backends.get(target)?.listeners ?? new Set();
  for (const [name, { output, listeners }] of backends) {
    if (name === target || [...listeners].every((listener) => !own.has(listener))) continue;
    const server = new Server(output, platform);
    if (await server.ping()) return server;
    await server.close();
  }
  throw new RecoveryError("NO_SOURCE", `no replica of ${target} answers that it could be copied from`);
}

/** Ends what runs when the process is told to stop. */
async function withSignals<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = () =>
    abort.abort(new RecoveryError("ABORTED", "interrupted: the same command goes on from here"));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await run(abort.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function log(stderr: Output["stderr"]): LogSink {
  return createLogWriter({
    level: "warn",
    format: process.stderr.isTTY ? "pretty" : "json",
    now: Date.now,
    write: (line) => void stderr.write(line),
  });
}
