import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { startChild, temporaryDirectory } from "./child.ts";
import { createWatch, type Watch } from "./wait.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The binary of this machine. It brings no types. */
const { default: BINARY } = createRequire(import.meta.url)("workerd") as { default: string };

export interface WorkerOptions {
  /** Their names and texts; the first one is the main one. */
  readonly modules: readonly (readonly [name: string, text: string])[];
  /** Variables and secrets. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Classes of Durable Objects, by their binding. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Where the objects' storage is kept; absent: it ends with this process. */
  readonly directory?: string | undefined;
  /** Gets each line that the runtime and the Worker print. */
  readonly onLine?: (line: string) => void;
}

export interface Workerd {
  /** Origin, `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly pid: number;
  /** What the runtime and the Worker printed. */
  output(): string;
  /** Looks again whenever something was printed. */
  readonly until: Watch["until"];
  /** Ends it at once, unless another signal is given, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Settings {
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
}

/** What wrangler.toml says. */
export const readSettings = () =>
  parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) as unknown as Settings;

/**
 * Runs a Worker in workerd, with the compatibility date and flags of wrangler.toml, on a port of its own. Without
 * miniflare, which needs three times the CPU time for a start.
 */
export async function startWorkerd(options: WorkerOptions): Promise<Workerd> {
  const home = temporaryDirectory("workerd");
  for (const [i, [, text]] of options.modules.entries()) writeFileSync(join(home, `${i}.js`), text);
  const config = join(home, "config.capnp");
  writeFileSync(config, configOf(options, home));
  const watch = createWatch();
  let port: number | undefined;
  const child = startChild(BINARY, ["serve", config, "--control-fd=1"], {
    // As at Cloudflare.
    env: { TZ: "UTC" },
    onLine: (line) => {
      if (port === undefined && line.startsWith('{"event":"listen"')) port = JSON.parse(line).port;
      else options.onLine?.(line);
      watch.changed();
    },
    onEnd: watch.changed,
  });
  await watch.until(() => port !== undefined || child.end !== undefined, "workerd to listen");
  if (port === undefined) throw new Error(`workerd ended (${child.end})\n${child.output}`);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    output: () => child.output,
    until: watch.until,
    stop: async (signal = "SIGKILL") => void (await child.stop(signal)),
  };
}

/** Cap'n Proto's text: its strings are written as those of JSON. */
function configOf({ modules, bindings = {}, objects = {}, directory }: WorkerOptions, home: string): string {
  const { compatibility_date, compatibility_flags } = readSettings();
  const text = JSON.stringify;
  const classes = new Set(Object.values(objects));
  const list = (items: Iterable<string>) => `[${[...items].join(", ")}]`;
  const worker = [
    `modules = ${list(modules.map(([name], i) => `(name = ${text(name)}, esModule = embed "${i}.js")`))}`,
    `compatibilityDate = ${text(compatibility_date)}`,
    `compatibilityFlags = ${list(compatibility_flags.map((flag) => text(flag)))}`,
    `bindings = ${list([
      ...Object.entries(bindings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
      ...Object.entries(objects).map(
        ([name, one]) => `(name = ${text(name)}, durableObjectNamespace = ${text(one)})`,
      ),
    ])}`,
    `durableObjectNamespaces = ${list(
      [...classes].map((one) => `(className = ${text(one)}, uniqueKey = ${text(one)}, enableSql = true)`),
    )}`,
    'durableObjectStorage = (localDisk = "objects")',
    'globalOutbound = "servers"',
  ];
  const services = [
    `(name = "worker", worker = (${worker.join(", ")}))`,
    '(name = "servers", network = (allow = ["private"]))',
    `(name = "objects", disk = (path = ${text(directory ?? home)}, writable = true))`,
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list(services)},
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")]
);
`;
}
