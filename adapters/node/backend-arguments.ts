import { readOptions, UsageError } from "./arguments.ts";

/** What a command line about backends asks for. */
export type BackendRequest =
  | { readonly action: "help"; readonly text: string }
  | { readonly action: "status"; readonly config: string; readonly json: boolean }
  | {
      readonly action: "drain" | "resume";
      readonly config: string;
      readonly json: boolean;
      readonly backend: string;
    };

export type BackendAction = Exclude<BackendRequest["action"], "help">;

const COMMON = `  --config FILE   the relay's config: the relay is asked through its [admin] listener
  --json          print JSON
`;

const HELP: Readonly<Record<BackendAction, string>> = {
  status: `influxdb-relay status --config FILE [--json]

For each server of a running relay: whether queries should go to it, or why not and since when; what it lacks and how
long that takes to catch up; what is held, given up or lost. Beside each trouble is what resolves it.

${COMMON}
Exit codes: 0 all servers are in sync, 1 one is not or the relay does not answer, 2 wrong config or arguments.

  influxdb-relay status --config relay.toml
`,
  drain: `influxdb-relay drain NAME --config FILE [--json]

Takes a server out of queries, for as long as it is repaired, upgraded or looked at. It still gets every write. With
[spool] a restart of the relay does not forget it.

${COMMON}
Exit codes: 0 done, 1 failed, 2 wrong config or arguments.

  influxdb-relay drain b --config relay.toml
`,
  resume: `influxdb-relay resume NAME --config FILE [--json]

Lets a server have queries again, whoever drained it. It gets them once it is in sync.

${COMMON}
Exit codes: 0 done, 1 failed, 2 wrong config or arguments.

  influxdb-relay resume b --config relay.toml
`,
};

/** True for the first word of a command line that {@link readBackendArguments} reads. */
export function isBackendAction(word: string | undefined): word is BackendAction {
  return word !== undefined && Object.hasOwn(HELP, word);
}

/** Reads what follows the command. @throws {UsageError} */
export function readBackendArguments(action: BackendAction, args: readonly string[]): BackendRequest {
  const { values, positionals } = readOptions(action, args, {
    allowPositionals: true,
    options: {
      config: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const { config, json = false, help = false } = values;
  if (help) return { action: "help", text: HELP[action] };
  if (config === undefined || config === "") throw new UsageError(`${action} needs --config FILE`);
  const [backend, ...others] = positionals;
  if (action === "status") {
    if (backend !== undefined) throw new UsageError("status takes no name: it shows all servers");
    return { action, config, json };
  }
  if (backend === undefined || others.length > 0) {
    throw new UsageError(`${action} needs the name of one server; see influxdb-relay ${action} --help`);
  }
  return { action, config, json, backend };
}
