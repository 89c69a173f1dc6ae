import { parseArgs } from "node:util";
import { RelayError } from "../../src/errors.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "serve" | "check"; readonly config: string | undefined }
  | { readonly kind: "version" | "help" };

export const USAGE = `influxdb-relay [--config FILE] [--check]
influxdb-relay status | drain NAME | resume NAME --config FILE
influxdb-relay spool list|show|verify|drop|replay --config FILE
influxdb-relay compare --from NAME --to NAME --config FILE
influxdb-relay recover --backend NAME --config FILE
influxdb-relay shards preview|plan|check --config FILE

Writes to every InfluxDB of a replica set. Without --config it starts two embedded demo servers to try it out.

  --config FILE   read the config from FILE (-config FILE works too)
  --check         validate the config, print it with its defaults, and say what it does not guarantee
  --version       print the version
  --help          print this text

  status          whether each server should get queries, or why not and what to do
  drain, resume   take a server out of queries, and let it have them again
  spool ...       look after what is kept for servers that lack something: see influxdb-relay spool --help
  compare ...     say how two servers differ: see influxdb-relay compare --help
  recover ...     make a server the same as its replica: see influxdb-relay recover --help
  shards ...      say where data is and would be: see influxdb-relay shards --help
                  (each of them has --help)

Signals: SIGHUP reads the config and the certificates again; SIGTERM and SIGINT stop.
Exit codes: 0 done, 1 failed, 2 wrong config or arguments, 3 stopped with acknowledged writes undelivered.

In a checkout: npm run -s relay -- --config relay.toml --check
`;

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

/** Reads the arguments. */
export function readArguments(args: readonly string[]): Command {
  const { config, check, version, help } = parse(longForm(args));
  if (help) return { kind: "help" };
  if (version) return { kind: "version" };
  if (check && config === undefined) throw new UsageError("--check needs --config FILE");
  return { kind: check ? "check" : "serve", config };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        config: { type: "string" },
        check: { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}; see --help`);
  }
}
