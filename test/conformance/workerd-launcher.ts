import { readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "smol-toml";
import { startChild, temporaryDirectory } from "../support/child.ts";
import { readSettings, startWorkerd, type Workerd } from "../support/workerd.ts";
import type { Launcher, LogLine, RunningRelay } from "./launcher.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export type RunningWorker = RunningRelay & Workerd;

const RELAY = "adapters/worker.ts";

const bundles = new Map<string, Promise<string>>();

/**
 * The bundle of a Worker's main file, made by wrangler as for a deployment; once in a process. `npm test` has wrangler
 * make that of the relay once for all its files.
 */
export function buildBundle(main = RELAY): Promise<string> {
  const made = main === RELAY ? process.env["RELAY_WORKER"] : undefined;
  const bundle = bundles.get(main) ?? (made === undefined ? runWrangler(main) : readFile(made, "utf8"));
  bundles.set(main, bundle);
  return bundle;
}

async function runWrangler(main: string): Promise<string> {
  const outdir = temporaryDirectory("worker");
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", join(ROOT, main), "--dry-run", "--cwd", ROOT, "--outdir", outdir];
  if (main !== RELAY) args.push("--config", writeSettings(outdir));
  const env = { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: outdir, NO_COLOR: "1" };
  const child = startChild(process.execPath, args, { env });
  if ((await child.ended) !== 0) throw new Error(`wrangler failed (${child.end})\n${child.output}`);
  return readFile(join(outdir, basename(main).replace(/\.\w+$/, ".js")), "utf8");
}

/** A Worker of a benchmark need not have the relay's Durable Objects. */
function writeSettings(directory: string): string {
  const path = join(directory, "wrangler.toml");
  const { compatibility_date, compatibility_flags } = readSettings();
  writeFileSync(path, stringify({ name: "other", compatibility_date, compatibility_flags }));
  return path;
}

export interface StartOptions {
  /** The main file of another Worker than the relay. */
  readonly main?: string;
  /** A module, in plain JavaScript, that takes the relay's place and imports it. */
  readonly wrapper?: string | undefined;
  /** Where the Durable Objects' storage is kept; absent: it ends with this process. */
  readonly directory?: string | undefined;
}

/** Runs a Worker in workerd on a port of its own, with these variables and secrets. */
export async function startWorker(
  bindings: Readonly<Record<string, string>>,
  { main = RELAY, wrapper, directory }: StartOptions = {},
): Promise<RunningWorker> {
  const bundle = [main, await buildBundle(main)] as const;
  const wrapped =
    wrapper === undefined ? [] : [[wrapper, readFileSync(join(ROOT, wrapper), "utf8")] as const];
  const objects = readSettings().durable_objects.bindings.map(({ name, class_name }) => [name, class_name]);
  const log: LogLine[] = [];
  const running = await startWorkerd({
    modules: [...wrapped, bundle],
    bindings,
    objects: main === RELAY ? Object.fromEntries(objects) : {},
    directory,
    onLine: (line) => {
      if (line.startsWith('{"time":')) log.push(JSON.parse(line));
    },
  });
  return { ...running, log: () => log };
}

/** Starts relays as a Worker in Cloudflare's runtime. */
export const workerdLauncher: Launcher = {
  runtime: "workers",
  start: (config, env = {}) => startWorker({ ...env, RELAY_CONFIG: config }),
};

/** The same with Durable Objects that keep what a backend lacks. */
export const workerdSpoolLauncher: Launcher = {
  runtime: "workers",
  spool: true,
  start: (config, env = {}) => startWorker({ ...env, RELAY_CONFIG: `[spool]\ndir = "objects"\n${config}` }),
};
