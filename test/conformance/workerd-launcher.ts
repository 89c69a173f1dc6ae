import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { parse, stringify } from "smol-toml";
import { startChild, temporaryDirectory } from "../support/child.ts";
import { createWatch, type Watch } from "../support/wait.ts";
import type { Launcher, LogLine, RunningRelay } from "./launcher.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What `wrangler deploy` would upload. */
export interface Bundle {
  readonly script: string;
  /** What wrangler printed. */
  readonly output: string;
}

export interface RunningWorker extends RunningRelay {
  /** Looks again whenever something was logged. */
  readonly until: Watch["until"];
  /** What the runtime itself and the relay printed. */
  output(): string;
}

const RELAY = "adapters/worker.ts";

const bundles = new Map<string, Promise<Bundle>>();

/** The bundle of a Worker's main file, made by wrangler as for a deployment; once in a process. */
export function buildBundle(main = RELAY): Promise<Bundle> {
  const bundle = bundles.get(main) ?? runWrangler(main);
  bundles.set(main, bundle);
  return bundle;
}

async function runWrangler(main: string): Promise<Bundle> {
  const outdir = temporaryDirectory("worker");
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", join(ROOT, main), "--dry-run", "--cwd", ROOT, "--outdir", outdir];
  if (main !== RELAY) args.push("--config", writeSettings(outdir));
  const env = { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: outdir, NO_COLOR: "1" };
  const child = startChild(process.execPath, args, { env });
  if ((await child.ended) !== 0) throw new Error(`wrangler failed (${child.end})\n${child.output}`);
  return {
    script: readFileSync(join(outdir, basename(main).replace(/\.\w+$/, ".js")), "utf8"),
    output: child.output,
  };
}

/** A Worker of a test or a benchmark need not have the relay's Durable Objects. */
function writeSettings(directory: string): string {
  const path = join(directory, "wrangler.toml");
  const { compatibility_date, compatibility_flags } = readSettings();
  writeFileSync(path, stringify({ name: "other", compatibility_date, compatibility_flags }));
  return path;
}

interface Settings {
  readonly compatibility_date: string;
  readonly compatibility_flags: string[];
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
}

const readSettings = () => parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) as unknown as Settings;

/**
 * Runs the bundle in workerd on a port of its own, with these variables and secrets. `npm test` has wrangler make that of
 * the relay once for all its files.
 * @param main the main file; the relay's unless given.
 * @param directory where the Durable Objects' storage is kept; absent: it ends with the Worker.
 */
export async function startWorker(
  bindings: Readonly<Record<string, string>>,
  main?: string,
  directory?: string,
): Promise<RunningWorker> {
  const made = process.env["RELAY_WORKER"];
  const script =
    made !== undefined && (main ?? RELAY) === RELAY
      ? readFileSync(made, "utf8")
      : (await buildBundle(main)).script;
  const settings = readSettings();
  const watch = createWatch();
  const log: LogLine[] = [];
  let output = "";
  const miniflare = new Miniflare({
    name: "relay",
    modules: [{ type: "ESModule", path: "worker.js", contents: script }],
    modulesRoot: ROOT,
    compatibilityDate: settings.compatibility_date,
    compatibilityFlags: settings.compatibility_flags,
    bindings,
    durableObjects: Object.fromEntries(
      settings.durable_objects.bindings
        .filter(({ class_name }) => script.includes(class_name))
        .map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
    ),
    ...(directory !== undefined && { durableObjectsPersist: directory }),
    host: "127.0.0.1",
    port: 0,
    cf: false,
    // Without the Worker that miniflare puts in front, which compresses answers.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      for (const stream of [stdout, stderr]) {
        createInterface(stream).on("line", (line) => {
          output += `${line}\n`;
          if (line.startsWith('{"time":')) log.push(JSON.parse(line));
          watch.changed();
        });
      }
    },
  });
  const url = await miniflare.unsafeGetDirectURL("relay");
  return {
    url: url.origin,
    log: () => log,
    output: () => output,
    until: watch.until,
    stop: () => miniflare.dispose(),
  };
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

/** The processes of workerd that this process runs. */
export function workerdPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        // pid (name) state parent
        const [, name, , parent] =
          /^\d+ \((.*)\) (\S) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return name === "workerd" && Number(parent) === process.pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}
