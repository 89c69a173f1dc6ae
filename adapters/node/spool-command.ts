import { RemoteSpool } from "../../src/admin/remote-spool.ts";
import type { SpoolCommands } from "../../src/admin/spool-commands.ts";
import { StoppedSpool } from "../../src/admin/stopped-spool.ts";
import type { AdminConfig, Config, SpoolConfig } from "../../src/config/config.ts";
import { RelayError, SpoolError } from "../../src/errors.ts";
import type { Platform, SpoolRoot } from "../../src/platform.ts";
import { namedOutputs } from "../../src/relay/replicas.ts";
import { commandLog, connectAdmin } from "./admin-connection.ts";
import { UsageError } from "./arguments.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Host, Output } from "./host.ts";
import { readSpoolArguments, type SpoolRequest } from "./spool-arguments.ts";
import { listText, recordsText, showText, verifyText } from "./spool-tables.ts";
import { currentUser, ownerOf, storedNames } from "./stored-names.ts";

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;

/** What a command prints, and its exit code. */
interface Result {
  readonly text: string;
  readonly json: object;
  readonly code?: number;
  /** For standard error. */
  readonly advice?: string;
}

/** Runs `spool ...` and returns the exit code. Rejects with a RelayError. */
export async function runSpoolCommand(
  args: readonly string[],
  host: Pick<Host, "runtime" | "platform">,
  { stdout, stderr }: Output,
): Promise<number> {
  const request = readSpoolArguments(args);
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const config = loadConfigFile(request.config, host.runtime);
  const platform = host.platform(commandLog(stderr));
  const { spool, close } = await open(config, platform);
  try {
    const { text, json, code = 0, advice } = await run(request, spool, platform.clock.now());
    stdout.write(request.json ? `${JSON.stringify(json, undefined, 2)}\n` : text);
    if (advice !== undefined) stderr.write(`${advice}\n`);
    return code;
  } finally {
    await close();
  }
}

async function run(
  request: Exclude<SpoolRequest, { action: "help" }>,
  spool: SpoolCommands,
  nowMs: number,
): Promise<Result> {
  switch (request.action) {
    case "list": {
      const backends = await spool.list();
      return { text: listText(backends, nowMs), json: { backends } };
    }
    case "show": {
      const shown = await spool.show(request.backend, request.part, request.limit);
      return { text: showText(shown), json: shown };
    }
    case "verify":
      return verify(request.backend, spool);
    case "drop":
      return drop(request, spool);
    case "replay": {
      const records = await spool.replay(request.backend, request.where);
      const text = `replayed ${recordsText(records, "dead", request.backend)}\n`;
      return { text, json: { backend: request.backend, records } };
    }
  }
}

async function verify(only: string | undefined, spool: SpoolCommands): Promise<Result> {
  const names = only === undefined ? await verifiable(spool) : [only];
  const checks = [];
  for (const backend of names) checks.push({ backend, ...(await spool.verify(backend)) });
  const damaged = checks.some(
    ({ parts, factsIntact }) =>
      !factsIntact || parts.some(({ damaged, error }) => damaged > 0 || error !== undefined),
  );
  const text = verifyText(checks);
  if (!damaged) return { text, json: { checks } };
  const advice = "damage was found: what is intact is still delivered; see lost in `spool list`";
  return { text, json: { checks }, code: EXIT_FAILED, advice };
}

/** A running relay does not open what is stored for orphans. */
async function verifiable(spool: SpoolCommands): Promise<string[]> {
  const backends = await spool.list();
  return backends
    .filter(({ backlog, error }) => backlog !== undefined || error !== undefined)
    .map(({ name }) => name);
}

async function drop(
  { backend, part, where, yes }: Extract<SpoolRequest, { action: "drop" }>,
  spool: SpoolCommands,
): Promise<Result> {
  const records = yes ? await spool.drop(backend, part, where) : await spool.count(backend, part, where);
  const what = recordsText(records, part, backend);
  const json = { backend, part, ...where, records, dropped: yes };
  if (yes) return { text: `dropped ${what}\n`, json };
  const advice = "nothing was dropped: add --yes to do it";
  return { text: `would drop ${what}\n`, json, code: EXIT_WRONG_USE, advice };
}

interface Opened {
  readonly spool: SpoolCommands;
  close(): Promise<void>;
}

/** The spool itself if no relay has it, else the relay. */
async function open(config: Config, platform: Platform): Promise<Opened> {
  const { spool, admin } = config;
  if (spool === undefined) {
    if (admin !== undefined) return remote(admin, platform);
    throw new UsageError(
      "the config has no [spool]: nothing is stored (and no [admin] to ask a running relay)",
    );
  }
  try {
    const stopped = await openStopped(config, spool, platform);
    return { spool: stopped, close: () => stopped.close() };
  } catch (error) {
    if (!(error instanceof SpoolError) || error.failure !== "locked") throw error;
    if (admin !== undefined) return remote(admin, platform);
    const advice = "if that is the relay, stop it, or add [admin] to its config so that it takes commands";
    throw new RelayError("LOCKED", `${error.message}\n${advice}`, { cause: error });
  }
}

/** The spool itself. @throws {SpoolError} `locked` when a relay has it. */
export async function openStopped(
  config: Config,
  spool: SpoolConfig,
  platform: Platform,
): Promise<StoppedSpool> {
  const { clock, log, openSpool } = platform;
  if (openSpool === undefined) throw new RelayError("NO_FILES", "[spool]: this runtime has no files");
  const exists = (await storedNames(spool.dir)) !== undefined;
  if (exists) await checkUser(spool.dir);
  const root = exists ? await openSpool(spool.dir) : NO_SPOOL;
  return StoppedSpool.open({ root, config: spool, outputs: [...namedOutputs(config).keys()], clock, log });
}

/** Of a directory that does not exist: looking into it makes none. */
const NO_SPOOL: SpoolRoot = {
  lastEnd: "closed",
  list: async () => [],
  directory: () => Promise.reject(new SpoolError("io", "there is no spool")),
  freeBytes: async () => undefined,
  close: async () => {},
};

/** What root makes in the directory of another user, that user's relay cannot open. */
async function checkUser(dir: string): Promise<void> {
  const [owner, user] = [await ownerOf(dir), currentUser()];
  if (owner === undefined || user === undefined || owner === user) return;
  throw new RelayError(
    "USER",
    `${dir} is used by a relay of user ${owner}: run this command as that user, as with sudo -u '#${owner}'`,
  );
}

function remote(admin: AdminConfig, platform: Platform): Opened {
  const { client, close } = connectAdmin(admin, platform);
  return { spool: new RemoteSpool(client), close };
}
