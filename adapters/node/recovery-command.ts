import type { Config } from "../../src/config/config.ts";
import type { Platform } from "../../src/platform.ts";
import { readable } from "../../src/recovery/bytes.ts";
import { compareServers, type RecoveryPorts } from "../../src/recovery/compare.ts";
import type { RelayControl } from "../../src/recovery/control.ts";
import { RecoveryError } from "../../src/recovery/errors.ts";
import { Meter } from "../../src/recovery/progress.ts";
import { Recovery } from "../../src/recovery/recover.ts";
import type { CompareReport } from "../../src/recovery/report.ts";
import { readSchema } from "../../src/recovery/schema.ts";
import { Server } from "../../src/recovery/server.ts";
import { shareOf } from "../../src/recovery/share.ts";
import type { Pair } from "../../src/recovery/unit.ts";
import { type NamedOutput, namedOutputs } from "../../src/relay/replicas.ts";
import { checkTlsFiles } from "../../src/relay/tls-files.ts";
import { commandLog } from "./admin-connection.ts";
import { UsageError } from "./arguments.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Host, Output } from "./host.ts";
import { type RecoveryRequest, readRecoveryArguments } from "./recovery-arguments.ts";
import { findRelay } from "./recovery-control.ts";
import { showProgress } from "./recovery-progress.ts";
import { fileState, recoveryStateFile } from "./recovery-state.ts";
import { compareText, recoverText } from "./recovery-tables.ts";
import { printable } from "./text-table.ts";

const EXIT_DIFFERENT = 1;
/** A server that is away for longer, in milliseconds, ends the command. */
const PATIENCE_MS = 30_000;

type Compare = Extract<RecoveryRequest, { action: "compare" }>;
type Recover = Extract<RecoveryRequest, { action: "recover" }>;

const INTERRUPTED = {
  compare: "interrupted: nothing was changed",
  recover: "interrupted: the same command goes on from here",
};

/** Runs `compare ...` or `recover ...` and returns the exit code. Rejects with a RelayError. */
export async function runRecoveryCommand(
  action: "compare" | "recover",
  args: readonly string[],
  host: Pick<Host, "runtime" | "platform">,
  { stdout, stderr }: Output,
): Promise<number> {
  const platform = host.platform(commandLog(stderr));
  const request = readRecoveryArguments(action, args, platform.clock.nowNs());
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const config = loadConfigFile(request.config, host.runtime);
  checkTlsFiles(config, platform);
  const backends = namedOutputs(config);
  const { clock, random } = platform;
  const meter = new Meter(clock);
  const progress = showProgress(() => meter.read(), stderr, process.stderr.isTTY === true);
  const opened: { close(): Promise<void> }[] = [];
  try {
    const relay = await findRelay(config, platform, request.action === "recover" && !request.dryRun);
    opened.push(relay);
    const servers = await openPair(request, backends, platform, relay.control);
    opened.push(servers.source, servers.target);
    await tellWhoIsAway(servers, stderr);
    const maxLoad = request.maxLoad ?? (relay.runs ? config.recovery.maxLoad : 100);
    const ports: RecoveryPorts = { clock, random, control: relay.control, meter };
    const report = await withSignals(INTERRUPTED[request.action], (signal) => {
      const pair = { ...servers, share: shareOf(maxLoad, clock, signal) };
      return request.action === "compare"
        ? compare(request, pair, ports, signal)
        : recover(request, config, pair, ports, signal);
    });
    progress.stop();
    if (report.json.units === 0) await needDatabase(request.scope.db, servers);
    stdout.write(request.json ? `${JSON.stringify(report.json, undefined, 2)}\n` : report.text);
    return report.equal ? 0 : EXIT_DIFFERENT;
  } finally {
    progress.stop();
    await Promise.all(opened.map((each) => each.close()));
  }
}

interface Result {
  readonly equal: boolean;
  readonly json: CompareReport;
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

async function openPair(
  request: Compare | Recover,
  backends: ReadonlyMap<string, NamedOutput>,
  platform: Platform,
  control: RelayControl,
): Promise<Pair> {
  const find = (option: string, name: string): NamedOutput => {
    const backend = backends.get(name);
    if (backend?.output.v2 !== undefined)
      throw new UsageError(
        `--${option} ${name}: it is of kind "v2", whose data cannot be compared or copied here`,
      );
    if (backend !== undefined) return backend;
    const known = [...backends.keys()].join(", ");
    throw new UsageError(`--${option} ${name}: no output has this name; there are ${known}`);
  };
  const open = (option: string, name: string) => new Server(find(option, name).output, platform);
  if (request.action === "compare") {
    return { source: open("from", request.from), target: open("to", request.to) };
  }
  const { backend: name, from } = request;
  const { sets } = find("backend", name);
  const replicas = new Map(
    [...backends].filter(([other, of]) => other !== name && [...of.sets].some((set) => sets.has(set))),
  );
  if (from !== undefined && !replicas.has(from)) {
    find("from", from);
    throw new UsageError(`--from ${from}: it is no replica of ${name}, so it holds other data`);
  }
  const source =
    from === undefined ? await chooseSource(name, replicas, platform, control) : open("from", from);
  return { source, target: open("backend", name) };
}

/** @throws {UsageError} when neither server has it: nothing was compared, which must not look like equal. */
async function needDatabase(db: string | undefined, { source, target }: Pair): Promise<void> {
  if (db === undefined) return;
  const has = async (server: Server) =>
    (await readSchema(server, { db }, new AbortController().signal)).databases.size > 0;
  if ((await has(source)) || (await has(target))) return;
  throw new UsageError(`--db ${printable(readable(db))}: neither ${source.name} nor ${target.name} has it`);
}

/** A server that has just been started is there in a moment; of one that never comes somebody wants to know at once. */
async function tellWhoIsAway({ source, target }: Pair, stderr: Output["stderr"]): Promise<void> {
  const tell = async (server: Server) => {
    if (!(await server.ping()))
      stderr.write(`${server.name} does not answer; it is waited for, ${PATIENCE_MS / 1_000} s at most\n`);
  };
  await Promise.all([tell(source), tell(target)]);
}

/** A replica that answers, best one that lacks nothing as far as the relay knows. */
async function chooseSource(
  target: string,
  replicas: ReadonlyMap<string, NamedOutput>,
  platform: Platform,
  control: RelayControl,
): Promise<Server> {
  let second: Server | undefined;
  for (const [name, { output }] of replicas) {
    if (output.v2 !== undefined) continue;
    const server = new Server(output, platform);
    if (!(await server.ping())) {
      await server.close();
    } else if ((await control.suspects(name)).length === 0) {
      await second?.close();
      return server;
    } else if (second === undefined) {
      second = server;
    } else {
      await server.close();
    }
  }
  if (second !== undefined) return second;
  throw new RecoveryError("NO_SOURCE", `no replica of ${target} answers that it could be copied from`);
}

/** Ends what runs when the process is told to stop. */
export async function withSignals<T>(message: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = () => abort.abort(new RecoveryError("ABORTED", message));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await run(abort.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
