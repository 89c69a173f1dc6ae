import { readOptions, UsageError } from "./arguments.ts";

/** What a `doctor` command line asks for. */
export type DoctorRequest =
  | { readonly action: "help"; readonly text: string }
  | { readonly action: "doctor"; readonly config: string; readonly json: boolean };

const HELP = `influxdb-relay doctor --config FILE [--json]

Asks every InfluxDB of the config whether it can do its part: it answers, its version is that of its replicas, the
credentials work, its clock is within a second, it has the same databases, retention policies and types of fields as its
replicas. Looks at the disk of the spool and asks the relay, if one runs. Says what to do about what is wrong, and changes
nothing. It can be run before the relay is started for the first time.

  --config FILE   the relay's config; influxdb-relay doctor FILE is the same
  --json          print JSON

Exit codes: 0 nothing is wrong (there may be warnings), 1 something is, 2 wrong config or arguments.

  influxdb-relay doctor --config relay.toml
`;

/** Reads what follows `doctor`. @throws {UsageError} */
export function readDoctorArguments(args: readonly string[]): DoctorRequest {
  const { values, positionals } = readOptions("doctor", args, {
    allowPositionals: true,
    options: {
      config: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return { action: "help", text: HELP };
  const [config = "", ...others] = [...(values.config === undefined ? [] : [values.config]), ...positionals];
  if (config === "") throw new UsageError("doctor needs --config FILE");
  if (others.length > 0) throw new UsageError(`doctor takes one config: ${others.join(" ")} is too much`);
  return { action: "doctor", config, json: values.json === true };
}
