import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { combinedPem } from "../../adapters/node/combined-pem.ts";
import { runCommand } from "../../adapters/node/command.ts";
import type { Host } from "../../adapters/node/host.ts";
import { startHttpListener } from "../../adapters/node/http-listener.ts";
import { nodePlatform } from "../../adapters/node/platform.ts";
import { clientAddress, readBody } from "../../adapters/node/request-body.ts";
import { stream } from "../../adapters/node/response-stream.ts";
import { startChild, temporaryDirectory } from "./child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "./faulty-influxdb.ts";
import { RELAY_ENTRY } from "./relay-entry.ts";
import { type RelayProcess, startRelay } from "./relay-process.ts";
import { readStatus } from "./status.ts";
import { poll } from "./wait.ts";

const HOST: Host = {
  runtime: "node",
  platform: nodePlatform,
  http: { start: startHttpListener, readBody, clientAddress, stream, checkTls: combinedPem },
};

/** What one run of a command printed, and its exit code. */
export interface Run {
  readonly code: number | string;
  readonly output: string;
}

/** A relay with a spool, in which the server `b` lacks something in each of the ways there are. */
export interface SpoolScene {
  readonly dir: string;
  readonly a: FaultyInfluxdb;
  readonly b: FaultyInfluxdb;
  /** Undefined while it is stopped. */
  readonly relay: RelayProcess | undefined;
  /** Runs a command with the config file of the relay, in this process. */
  run(...args: readonly string[]): Promise<Run>;
  /** The same in a process of its own, as people do. */
  runProcess(...args: readonly string[]): Promise<Run>;
  /** Runs `spool COMMAND --json`, and reads what it prints. */
  json<T>(command: string, ...args: readonly string[]): Promise<T>;
  start(): Promise<void>;
  stop(): Promise<void>;
  write(db: string, body: string, headers?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

export interface SpoolSceneOptions {
  /** Of the `[admin]` table; without it there is none. */
  readonly admin?: string;
}

/**
 * Two servers. `b` has no database `other`, so that one write is held; before that it rejected one to `demo`, which is
 * among the dead letters; then it went, and three writes to `demo` and `more` are in its backlog.
 */
export async function startSpoolScene(options: SpoolSceneOptions = {}): Promise<SpoolScene> {
  const dir = temporaryDirectory("spool");
  const [a, b] = await Promise.all([
    startFaultyInfluxdb({ databases: ["demo", "more", "other"] }),
    startFaultyInfluxdb({ databases: ["demo", "more"] }),
  ]);
  const configFile = join(dir, "relay.toml");
  let relay: RelayProcess | undefined;
  const { admin } = options;
  const config = (adminAddress: string) => `
${admin === undefined ? "" : `[admin]\nbind-addr = "${adminAddress}"\n${admin}\n`}
[recovery]
mode = "manual"
[spool]
dir = "${dir}/spool"
fsync = "never"
grace = "1s"
[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [
  { name = "a", location = "${a.url}/write" },
  { name = "b", location = "${b.url}/write", max-delay-interval = "100ms" },
]
`;

  /** The port of the relay's admin listener is known only while it runs. */
  function withConfig(args: readonly string[]): string[] {
    const address = relay && admin !== undefined ? new URL(relay.url("[admin]")).host : "127.0.0.1:1";
    writeFileSync(configFile, config(address));
    return [...args, "--config", configFile];
  }

  async function runProcess(...args: readonly string[]): Promise<Run> {
    const child = startChild(process.execPath, [RELAY_ENTRY, ...withConfig(args)]);
    return { code: await child.ended, output: child.output };
  }

  async function run(...args: readonly string[]): Promise<Run> {
    let output = "";
    const stream = { write: (text: string) => (output += text) };
    const code = await runCommand(withConfig(args), HOST, { stdout: stream, stderr: stream });
    return { code, output };
  }

  async function write(db: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${relay?.url("main")}/write?db=${db}`, { method: "POST", body, headers });
    if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`);
  }

  async function start(): Promise<void> {
    relay = await startRelay({ config: config("127.0.0.1:0") });
  }

  async function backend(): Promise<Status> {
    const response = await fetch(`${relay?.url("main")}/status`);
    const { backends } = readStatus<{ backends: (Status & { name: string })[] }>(await response.text());
    return backends.find(({ name }) => name === "b") as Status;
  }

  async function close(): Promise<void> {
    await relay?.kill();
    await Promise.all([a.close(), b.close()]);
  }

  try {
    await start();
    const error = "field type conflict: as was tried";
    const headers = { "content-type": "application/json", "x-influxdb-error": error };
    b.setFault({ kind: "status", status: 400, headers, body: JSON.stringify({ error }), path: "/write" });
    await write("demo", "rejected v=1 2");
    await poll(async () => (await backend()).deadLetters.records === 1, "the dead letter");
    b.setFault();
    await write("other", "held v=1 1");
    await poll(async () => (await backend()).held[0]?.status === 404, "the held write");
    // It goes behind an answer to the held write: one whose answer is lost is suspect.
    b.setFault({ kind: "answer-then-die", path: "/write" });
    await poll(() => isRefused(b.port), "the server to go");
    b.setFault();
    for (const [db, line] of [
      ["demo", "late v=1 3"],
      ["more", "late v=2 4"],
      ["demo", "late v=3 5"],
    ] as const)
      await write(db, line);
    await poll(async () => (await backend()).backlog.records === 4, "the backlog");
  } catch (failure) {
    await close();
    throw failure;
  }
  return {
    ...{ dir, a, b, run, runProcess, start, write, close },
    get relay() {
      return relay;
    },
    json: async (command, ...args) => {
      const { output, code } = await run("spool", command, "--json", ...args);
      if (code !== 0) throw new Error(`spool ${command}: ${code}\n${output}`);
      return JSON.parse(output);
    },
    stop: async () => {
      await relay?.stop();
      relay = undefined;
    },
  };
}

/** By a connection of its own: one that is kept alive outlives the listener. */
async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

interface Status {
  readonly held: readonly { readonly status?: number }[];
  readonly backlog: { readonly records: number };
  readonly deadLetters: { readonly records: number };
}
