import type { ParseArgsOptionsConfig } from "node:util";
import { DEFAULT_SHOWN, MAX_SHOWN, type Part, type Where } from "../../src/admin/spool-commands.ts";
import { readOptions, UsageError } from "./arguments.ts";

/** What a `spool` command line asks for. */
export type SpoolRequest =
  | { readonly action: "help"; readonly text: string }
  | (Target & { readonly action: "list" })
  | (Target & { readonly action: "verify"; readonly backend: string | undefined })
  | (Target & {
      readonly action: "show";
      readonly backend: string;
      readonly part: Part;
      readonly limit: number;
    })
  | (Target & {
      readonly action: "drop";
      readonly backend: string;
      readonly part: Part;
      readonly where: Where;
      readonly yes: boolean;
    })
  | (Target & { readonly action: "replay"; readonly backend: string; readonly where: Where });

interface Target {
  readonly config: string;
  readonly json: boolean;
}

type Action = Exclude<SpoolRequest["action"], "help">;

const USAGE = `influxdb-relay spool COMMAND --config FILE [--json]

Looks after what is kept for servers that lack something. If the relay runs, it is asked through its [admin] listener.

  list     what is kept for each server, what is held and why, dead letters, lost ranges
  show     records: of the backlog, held, or dead letters with the reason
  verify   reads everything that is stored and looks for damage
  drop     gives up a backlog, what is held, or dead letters
  replay   sends dead letters once more

  --config FILE   the relay's config
  --json          print JSON
  --help          after a command: what it takes, with an example

Exit codes: 0 done, 1 failed or damage found, 2 wrong config or arguments, or nothing done without --yes.
`;

const BOOLEAN = { type: "boolean", default: false } as const;
const TEXT = { type: "string" } as const;
const PARTS = { held: BOOLEAN, dead: BOOLEAN };
const PLACE = { db: TEXT, rp: TEXT };

const COMMANDS: Readonly<
  Record<Action, { readonly help: string; readonly options: ParseArgsOptionsConfig }>
> = {
  list: {
    options: {},
    help: `influxdb-relay spool list --config FILE [--json]

For each server: records and bytes of its backlog, the age of the oldest record, what is held and why, dead letters,
and the ranges of time that it lost or in which it may differ from its replicas. Servers for which something is
stored but that are no longer in the config are marked.

  influxdb-relay spool list --config relay.toml
`,
  },
  show: {
    options: { backend: TEXT, limit: TEXT, ...PARTS },
    help: `influxdb-relay spool show --config FILE --backend NAME [--held | --dead] [--limit N] [--json]

The oldest records of a server's backlog, with the beginning of each.

  --held      what is held because the server is not ready for it
  --dead      dead letters, with the reason
  --limit N   at most N records: 1 to ${MAX_SHOWN}, ${DEFAULT_SHOWN} unless set

  influxdb-relay spool show --config relay.toml --backend b --dead
`,
  },
  verify: {
    options: { backend: TEXT },
    help: `influxdb-relay spool verify --config FILE [--backend NAME] [--json]

Reads every stored record of one server, or of all, and compares it with its checksum. Exit code 1 if anything is
damaged. Changes no record; a damaged file is copied aside.

  influxdb-relay spool verify --config relay.toml
`,
  },
  drop: {
    options: { backend: TEXT, backlog: BOOLEAN, ...PARTS, ...PLACE, yes: BOOLEAN },
    help: `influxdb-relay spool drop --config FILE --backend NAME (--backlog | --held | --dead) [--db DB [--rp RP]] --yes [--json]

Gives up records for good. Those of a backlog, or held, count as lost: their ranges of time stay known. Without
--yes it only says how many records that would be, and exits with 2.

  --db DB   only those of this database
  --rp RP   only those that name this retention policy; "" for those that name none

  influxdb-relay spool drop --config relay.toml --backend b --held --db test --yes
`,
  },
  replay: {
    options: { backend: TEXT, ...PLACE },
    help: `influxdb-relay spool replay --config FILE --backend NAME [--db DB [--rp RP]] [--json]

Puts dead letters to the end of the backlog, to be sent once more. What is refused again comes back.

  --db DB   only those of this database
  --rp RP   only those that name this retention policy; "" for those that name none

  influxdb-relay spool replay --config relay.toml --backend b
`,
  },
};

/** The values of all options that a command may have. */
interface Values {
  readonly config?: string;
  readonly json?: boolean;
  readonly help?: boolean;
  readonly backend?: string;
  readonly backlog?: boolean;
  readonly held?: boolean;
  readonly dead?: boolean;
  readonly db?: string;
  readonly rp?: string;
  readonly limit?: string;
  readonly yes?: boolean;
}

/**
 * Reads what follows `spool`.
 * @throws {UsageError}
 */
export function readSpoolArguments(args: readonly string[]): SpoolRequest {
  const [action = "--help", ...rest] = args;
  if (action === "--help" || action === "-h" || action === "help") return { action: "help", text: USAGE };
  if (!Object.hasOwn(COMMANDS, action)) {
    throw new UsageError(`spool ${action}: no such command; see influxdb-relay spool --help`);
  }
  return read(action as Action, rest);
}

function read(action: Action, args: readonly string[]): SpoolRequest {
  const common = { config: TEXT, json: BOOLEAN, help: { ...BOOLEAN, short: "h" } } as const;
  const options = { ...common, ...COMMANDS[action].options };
  const values: Values = readOptions(`spool ${action}`, args, { options }).values;
  if (values.help) return { action: "help", text: COMMANDS[action].help };
  const target = { config: needed(action, "config", values.config), json: values.json ?? false };
  const backend = () => needed(action, "backend", values.backend);
  switch (action) {
    case "list":
      return { action, ...target };
    case "verify":
      return { action, ...target, backend: values.backend };
    case "show":
      return { action, ...target, backend: backend(), part: shownPart(values), limit: limitOf(values.limit) };
    case "drop":
      return {
        ...{ action, ...target, backend: backend(), part: droppedPart(values), where: whereOf(values) },
        yes: values.yes ?? false,
      };
    case "replay":
      return { action, ...target, backend: backend(), where: whereOf(values) };
  }
}

function needed(action: Action, option: string, value: string | undefined): string {
  if (value === undefined || value === "")
    throw new UsageError(`spool ${action} needs --${option}; see influxdb-relay spool ${action} --help`);
  return value;
}

function shownPart({ held, dead }: Values): Part {
  if (held && dead) throw new UsageError("spool show takes --held or --dead, not both");
  return held ? "held" : dead ? "dead" : "backlog";
}

function droppedPart(values: Values): Part {
  const parts = (["backlog", "held", "dead"] as const).filter((part) => values[part]);
  const [part] = parts;
  if (part === undefined || parts.length > 1)
    throw new UsageError("spool drop needs one of --backlog, --held and --dead");
  return part;
}

function whereOf({ db, rp }: Values): Where {
  if (rp !== undefined && db === undefined) throw new UsageError("--rp needs --db");
  return { ...(db !== undefined && { db }), ...(rp !== undefined && { rp }) };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SHOWN;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_SHOWN) throw new UsageError(`--limit must be from 1 to ${MAX_SHOWN}`);
  return limit;
}
