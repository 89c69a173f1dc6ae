import { type ParseArgsConfig, parseArgs } from "node:util";
import { RelayError } from "../../src/errors.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "serve"; readonly config: string | undefined }
  | { readonly kind: "check"; readonly config: string; readonly json: boolean }
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly text: string };

export const USAGE = `influxdb-relay COMMAND [OPTION]...

Makes InfluxDB servers highly available: writes to every replica, answers queries from one that is in sync.

  serve           run the relay; without --config with two embedded demo servers, to try it out
  check           validate a config, print it with its defaults, and say what it does not guarantee
  doctor          ask every server of a config whether it can do its part, and say what to fix
  status          whether each server should get queries, or why not and what to do
  drain, resume   take a server out of queries, and let it have them again
  spool ...       look after what is kept for servers that lack something
  compare         say how two servers differ
  recover         make a server the same as its replica
  shards ...      say where data is, and where it would be with other shards

  --config FILE   the config, for every command
  --json          print JSON, for every command but serve
  --help          after a command: what it takes, its exit codes, and an example
  --version       print the version

Exit codes: 0 done, 1 failed or something is wrong, 2 wrong config or arguments; of serve also 3, stopped with
acknowledged writes undelivered.

  influxdb-relay serve --config relay.toml

In a checkout: npm run -s relay -- serve --config relay.toml
`;

const HELP = {
  serve: `influxdb-relay serve [--config FILE]

Runs the relay until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads the config and the certificates again:
a config that is wrong leaves the old one in force. Without --config it starts two embedded demo servers. What it logs
goes to stderr. influxdb-relay --config FILE is the same.

  --config FILE   the config (-config FILE works too)

Exit codes: 0 stopped, 1 could not start, 2 wrong config or arguments, 3 stopped with acknowledged writes undelivered.

  influxdb-relay serve --config relay.toml
`,
  check: `influxdb-relay check --config FILE [--json]

Validates the config and the certificates that it names, prints it with every default, and warns of each guarantee that
it does not give. It asks no server: influxdb-relay doctor does. influxdb-relay --config FILE --check is the same.

  --config FILE   the config
  --json          print JSON

Exit codes: 0 the config is right (there may be warnings), 2 wrong config or arguments.

  influxdb-relay check --config relay.toml
`,
};

/** Wrong use of the command line. */
export class UsageError extends RelayError {
  constructor(message: string) {
    super("USAGE", message);
  }
}

/** `-config` with one dash is what influxdb-relay's users have in their units. */
export function longForm(args: readonly string[]): string[] {
  return args.map((arg) => (/^-[a-z]{2,}/.test(arg) ? `-${arg}` : arg));
}

/**
 * Reads the options of a command; `help` is the one whose help tells them.
 * @throws {UsageError}
 */
export function readOptions<T extends ParseArgsConfig>(
  command: string,
  args: readonly string[],
  config: T,
  help = command,
) {
  try {
    return parseArgs<T & { readonly args: string[] }>({ ...config, args: longForm(args) });
  } catch (error) {
    throw new UsageError(`${command}: ${reasonOf(error)}; see influxdb-relay ${help} --help`);
  }
}

/** What Node says of wrong options, without its advice, which is about no command in particular. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\. (?:To specify a positional|This command does not take) .*$/s, "");
}

/** Reads the arguments of `serve` and `check`, also in their form without a command. @throws {UsageError} */
export function readArguments(args: readonly string[]): Command {
  const [word = "", ...rest] = args;
  if (word === "serve" || word === "check") return readCommand(word, longForm(rest));
  if (word !== "" && !word.startsWith("-")) {
    throw new UsageError(`${word}: no such command; see influxdb-relay --help`);
  }
  const { config, json, check, version, help } = parse("", longForm(args));
  if (help) return { kind: "help", text: USAGE };
  if (version) return { kind: "version" };
  if (check && config === undefined) throw new UsageError("--check needs --config FILE");
  if (json && !check) throw new UsageError("--json needs --check, or a command; see influxdb-relay --help");
  return config !== undefined && check ? { kind: "check", config, json } : { kind: "serve", config };
}

function readCommand(kind: "serve" | "check", args: readonly string[]): Command {
  const { config, json, check, version, help } = parse(kind, args);
  if (help) return { kind: "help", text: HELP[kind] };
  if (check || version || (json && kind === "serve")) {
    const option = check ? "--check" : version ? "--version" : "--json";
    throw new UsageError(`${kind} takes no ${option}; see influxdb-relay ${kind} --help`);
  }
  if (kind === "serve") return { kind, config };
  if (config === undefined) throw new UsageError("check needs --config FILE");
  return { kind, config, json };
}

function parse(command: "" | "serve" | "check", args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        json: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.config === "") throw new Error("--config needs the name of a file");
    return values;
  } catch (error) {
    const [begin, name] = command === "" ? ["", ""] : [`${command}: `, `${command} `];
    throw new UsageError(`${begin}${reasonOf(error)}; see influxdb-relay ${name}--help`);
  }
}
