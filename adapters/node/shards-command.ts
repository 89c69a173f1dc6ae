import type {
  Config,
  HttpListenerConfig,
  OutputConfig,
  ShardConfig,
  ShardingConfig,
} from "../../src/config/config.ts";
import { formatPin, formatShardKeyPart } from "../../src/config/shard-key.ts";
import { fromReadable } from "../../src/recovery/bytes.ts";
import { RecoveryError } from "../../src/recovery/errors.ts";
import type { KeyScope } from "../../src/recovery/key-counts.ts";
import { Server } from "../../src/recovery/server.ts";
import { checkShards, planShards, previewShards } from "../../src/recovery/shard-reports.ts";
import { ALL_TIME } from "../../src/recovery/windows.ts";
import { namedOutputs, namedSets } from "../../src/relay/replicas.ts";
import { checkTlsFiles } from "../../src/relay/tls-files.ts";
import type { ShardMapConfig } from "../../src/shard/map.ts";
import { commandLog } from "./admin-connection.ts";
import { UsageError } from "./arguments.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Host, Output } from "./host.ts";
import { withSignals } from "./recovery-command.ts";
import { type MapChange, readShardsArguments, type ShardsRequest } from "./shards-arguments.ts";
import { checkText, planText, previewText } from "./shards-tables.ts";

const EXIT_MISPLACED = 1;

type Preview = Extract<ShardsRequest, { action: "preview" }>;
type Plan = Extract<ShardsRequest, { action: "plan" }>;
type Check = Extract<ShardsRequest, { action: "check" }>;
type ShardedListener = HttpListenerConfig & { readonly sharding: ShardingConfig };

/** Runs `shards ...` and returns the exit code. Rejects with a RelayError. */
export async function runShardsCommand(
  args: readonly string[],
  host: Pick<Host, "runtime" | "platform">,
  { stdout, stderr }: Output,
): Promise<number> {
  const platform = host.platform(commandLog(stderr));
  const request = readShardsArguments(args, platform.clock.nowNs());
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const config = loadConfigFile(request.config, host.runtime);
  checkTlsFiles(config, platform);
  const opened: Server[] = [];
  const open = (output: OutputConfig): Server => {
    const server = new Server(output, platform);
    opened.push(server);
    return server;
  };
  try {
    const result = await withSignals("interrupted: nothing was changed", (signal) => {
      if (request.action === "preview") return preview(request, config, open, signal);
      if (request.action === "plan") return plan(request, config, host, open, signal);
      return check(request, config, open, signal);
    });
    stdout.write(request.json ? `${JSON.stringify(result.json, undefined, 2)}\n` : result.text);
    return result.ok ? 0 : EXIT_MISPLACED;
  } finally {
    await Promise.all(opened.map((server) => server.close()));
  }
}

interface Result {
  readonly ok: boolean;
  readonly json: object;
  readonly text: string;
}

type Open = (output: OutputConfig) => Server;

async function preview(request: Preview, config: Config, open: Open, signal: AbortSignal): Promise<Result> {
  const named = request.from === undefined ? undefined : namedOutput(config, request.from);
  const listener = chooseListener(named?.listeners ?? config.http, request.listener);
  const map = previewMap(request, listener);
  const servers = named === undefined ? await oneOfEach(config, listener, open) : [open(named.output)];
  const report = await previewShards(servers, map, scopeOf(request), signal);
  needDatabase(request, report.databases);
  return { ok: true, json: report, text: previewText(report) };
}

async function plan(
  request: Plan,
  config: Config,
  { runtime }: Pick<Host, "runtime">,
  open: Open,
  signal: AbortSignal,
): Promise<Result> {
  const listener = chooseSharded(config, request.listener);
  const { change } = request;
  const after =
    "to" in change
      ? chooseSharded(loadConfigFile(change.to, runtime), listener.name).sharding
      : changedMap(listener.sharding, change);
  const servers = await oneOfEach(config, listener, open);
  const report = await planShards(servers, [listener.sharding, after], scopeOf(request), signal);
  needDatabase(request, report.databases);
  return { ok: true, json: report, text: planText(report) };
}

async function check(request: Check, config: Config, open: Open, signal: AbortSignal): Promise<Result> {
  const listener = chooseSharded(config, request.listener);
  const { sharding } = listener;
  const servers = askableSets(config, listener).flatMap((outputs, i) =>
    outputs.map((output) => ({ server: open(output), shard: sharding.shards[i]?.name ?? "" })),
  );
  const report = await checkShards(servers, sharding, scopeOf(request).db, signal);
  return { ok: report.ok, json: report, text: checkText(report) };
}

function scopeOf(request: Preview | Plan | Check): KeyScope {
  const db = request.db === undefined ? undefined : fromReadable(request.db);
  if (request.action === "check" || request.seriesOnly) return { db, points: undefined };
  const { since } = request;
  return { db, points: since === undefined ? ALL_TIME : { start: since, end: ALL_TIME.end } };
}

function needDatabase({ db }: Preview | Plan, databases: readonly string[]): void {
  if (db !== undefined && databases.length === 0) throw new UsageError(`--db ${db}: no server has it`);
}

/** That of the name; without one, the only one. */
function chooseListener<T extends HttpListenerConfig>(listeners: readonly T[], name: string | undefined): T {
  const found = listeners.filter((listener) => name === undefined || listener.name === name);
  const [listener, ...more] = found;
  if (listener !== undefined && more.length === 0) return listener;
  const known = listeners.map((one) => one.name).join(", ");
  if (listener === undefined)
    throw new UsageError(`--listener ${name}: there is no such one here, but ${known}`);
  throw new UsageError(`the config has several listeners: say which one with --listener, of ${known}`);
}

function chooseSharded({ http }: Config, name: string | undefined): ShardedListener {
  const sharded = http.filter((listener): listener is ShardedListener => listener.sharding !== undefined);
  if (sharded.length === 0) {
    throw new UsageError("the config has no listener with shards: see influxdb-relay shards preview");
  }
  return chooseListener(sharded, name);
}

/** An output, and the listeners that have it. */
function namedOutput(config: Config, name: string) {
  const backends = namedOutputs(config);
  const output = backends.get(name)?.output;
  if (output === undefined) {
    const known = [...backends.keys()].join(", ");
    throw new UsageError(`--from ${name}: no output has this name; there are ${known}`);
  }
  if (output.v2 !== undefined)
    throw new UsageError(`--from ${name}: it is of kind "v2", which cannot be asked what it has`);
  const listeners = config.http.filter((listener) =>
    namedSets(config, listener).some((outputs) => outputs.some((one) => one.name === name)),
  );
  return { output, listeners };
}

/** The pins of the listener count where its shards and its key do. */
function previewMap({ by, shards }: Preview, { name, sharding }: HttpListenerConfig): ShardMapConfig {
  if (by === undefined && sharding === undefined)
    throw new UsageError(`listener ${name} has no shards: say what to try with --shard-by`);
  if (shards === undefined && sharding === undefined)
    throw new UsageError(`listener ${name} has no shards: say which ones to try with --shards s1,s2`);
  const sameKey = by === undefined || textOf(by) === (sharding && textOf(sharding.by));
  const pins = sharding !== undefined && shards === undefined && sameKey ? sharding : undefined;
  return {
    by: by ?? (sharding as ShardingConfig).by,
    shards: shards ?? (sharding as ShardingConfig).shards,
    pins: pins?.pins ?? [],
    prefixPins: pins?.prefixPins ?? [],
  };
}

const textOf = (by: ShardingConfig["by"]): string => JSON.stringify(by.map(formatShardKeyPart));

function changedMap(sharding: ShardingConfig, change: Exclude<MapChange, { to: string }>): ShardMapConfig {
  const known = sharding.shards.map(({ name }) => name);
  for (const name of [...change.remove, ...change.weights.map((one) => one.name)]) {
    if (!known.includes(name))
      throw new UsageError(`there is no shard ${name} in the config; there are ${known.join(", ")}`);
  }
  for (const { name } of change.add) {
    if (known.includes(name)) throw new UsageError(`--add ${name}: the config has it already`);
  }
  const weightOf = ({ name, weight }: ShardConfig) =>
    change.weights.find((one) => one.name === name)?.weight ?? weight;
  const kept = sharding.shards.filter(({ name }) => !change.remove.includes(name));
  const shards = [...kept.map((shard) => ({ name: shard.name, weight: weightOf(shard) })), ...change.add];
  if (shards.length === 0) throw new UsageError("no shard would be left");
  const lost = [...sharding.pins, ...sharding.prefixPins].find(({ shard }) => change.remove.includes(shard));
  if (lost !== undefined) {
    const key = formatPin(lost.values, sharding.by.length);
    throw new UsageError(
      `${JSON.stringify(key)} is pinned to ${lost.shard}: write a config that pins it elsewhere, and give it with --to`,
    );
  }
  return { by: sharding.by, shards, pins: sharding.pins, prefixPins: sharding.prefixPins };
}

/** The sets of replicas of a listener, without those that are only written to. */
function askableSets(config: Config, listener: HttpListenerConfig): OutputConfig[][] {
  return namedSets(config, listener).map((outputs, i) => {
    const askable = outputs.filter(({ v2 }) => v2 === undefined);
    if (askable.length > 0) return askable;
    const whose = setName(listener, i);
    throw new UsageError(`all outputs of ${whose} are of kind "v2", which cannot be asked what they have`);
  });
}

function setName({ name, sharding }: HttpListenerConfig, set: number): string {
  const shard = sharding?.shards[set]?.name;
  return shard === undefined ? `listener ${name}` : `shard ${shard}`;
}

/** Of each set of replicas the first server that answers. */
async function oneOfEach(config: Config, listener: HttpListenerConfig, open: Open): Promise<Server[]> {
  return await Promise.all(
    askableSets(config, listener).map(async (outputs, i) => {
      for (const output of outputs) {
        const server = open(output);
        if (await server.ping()) return server;
      }
      throw new RecoveryError("NO_SOURCE", `no server of ${setName(listener, i)} answers`);
    }),
  );
}
