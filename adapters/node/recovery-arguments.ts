import type { ParseArgsOptionsConfig } from "node:util";
import { parseGoDuration } from "../../src/config/go-duration.ts";
import { fromReadable } from "../../src/recovery/bytes.ts";
import type { Scope } from "../../src/recovery/places.ts";
import { ALL_TIME } from "../../src/recovery/windows.ts";
import { readOptions, UsageError } from "./arguments.ts";

/** What a `compare` or `recover` command line asks for. */
export type RecoveryRequest =
  | { readonly action: "help"; readonly text: string }
  | (Common & { readonly action: "compare"; readonly from: string; readonly to: string })
  | (Common & {
      readonly action: "recover";
      readonly backend: string;
      /** Undefined: a replica that is up is chosen. */
      readonly from: string | undefined;
      readonly dryRun: boolean;
      readonly prune: boolean;
      readonly bytesPerSecond: number | undefined;
    });

interface Common {
  readonly config: string;
  readonly json: boolean;
  readonly deep: boolean;
  /** Percent; undefined: what the config says beside a relay that runs, all with none running. */
  readonly maxLoad: number | undefined;
  readonly scope: Scope;
}

const BOOLEAN = { type: "boolean", default: false } as const;
const TEXT = { type: "string" } as const;
const MAX_MB_PER_SECOND = 10_000;

const COMMON: ParseArgsOptionsConfig = {
  config: TEXT,
  db: TEXT,
  rp: TEXT,
  measurement: TEXT,
  since: TEXT,
  until: TEXT,
  deep: BOOLEAN,
  "max-load-percent": TEXT,
  json: BOOLEAN,
  help: { ...BOOLEAN, short: "h" },
};

const SCOPE_HELP = `  --config FILE      the relay's config
  --db DB            only this database
  --rp RP            only retention policies of this name
  --measurement M    only measurements of this name
  --since TIME       only points from this time on: 2026-08-01, 2026-08-01T12:00:00Z, or 36h for so long ago
  --until TIME       only points before this time
  --deep             compare every value; without it numbers of points and sums of values are compared, which does not
                     see strings and booleans that were changed
  --max-load-percent N    keep servers busy for no more of the time; unless given, what [recovery] says beside a relay that
                     runs, and 100, all there is, with none running
  --json             print JSON`;

const COMMANDS = {
  compare: {
    options: { from: TEXT, to: TEXT },
    help: `influxdb-relay compare --from NAME --to NAME --config FILE [OPTION]...

Compares two InfluxDB servers, outputs of the config: databases, retention policies, continuous queries, users and their
grants, and the points. Changes nothing.

${SCOPE_HELP}

Exit codes: 0 equal, 1 different or failed, 2 wrong config or arguments.

  influxdb-relay compare --config relay.toml --from a --to b --since 48h
`,
  },
  recover: {
    options: {
      backend: TEXT,
      from: TEXT,
      "dry-run": BOOLEAN,
      prune: BOOLEAN,
      "max-mb-per-second": TEXT,
    },
    help: `influxdb-relay recover --backend NAME --config FILE [OPTION]...

Makes an InfluxDB server, an output of the config, the same as another one, while both take writes: makes the databases,
retention policies and continuous queries that it misses, copies the points that differ, and compares again. Users are
not copied, as InfluxDB tells no passwords. After an interruption the same command goes on.

  --backend NAME     the server to repair
  --from NAME        the server to copy from; unless given, one of its replicas that answers
  --dry-run          only say what would be done
  --prune            delete points that only the repaired server has
  --max-mb-per-second N   copy no more line protocol than this
${SCOPE_HELP}

Exit codes: 0 equal in the end, 1 something still differs or it failed, 2 wrong config or arguments.

  influxdb-relay recover --config relay.toml --backend b --dry-run
`,
  },
} as const;

type Action = keyof typeof COMMANDS;

/** The values of all options that a command may have. */
interface Values {
  readonly [name: string]: string | boolean | undefined;
}

export const isRecoveryAction = (action: string | undefined): action is Action =>
  action !== undefined && Object.hasOwn(COMMANDS, action);

/**
 * Reads what follows `compare` or `recover`. `nowNs` is what times ago are counted from.
 * @throws {UsageError}
 */
export function readRecoveryArguments(
  action: Action,
  args: readonly string[],
  nowNs: bigint,
): RecoveryRequest {
  const options: ParseArgsOptionsConfig = { ...COMMON, ...COMMANDS[action].options };
  const values = readOptions(action, args, { options }).values as Values;
  if (values["help"]) return { action: "help", text: COMMANDS[action].help };
  const needed = (option: string): string => {
    const value = textOf(values, option);
    if (value === undefined || value === "")
      throw new UsageError(`${action} needs --${option}; see influxdb-relay ${action} --help`);
    return value;
  };
  const common = {
    config: needed("config"),
    json: values["json"] === true,
    deep: values["deep"] === true,
    maxLoad: percentOf(textOf(values, "max-load-percent")),
    scope: scopeOf(values, nowNs),
  };
  if (action === "compare") {
    const [from, to] = [needed("from"), needed("to")];
    if (from === to) throw new UsageError("compare: --from and --to are the same");
    return { action, ...common, from, to };
  }
  const [backend, from] = [needed("backend"), textOf(values, "from")];
  if (from === backend) throw new UsageError("recover: --from and --backend are the same");
  const [dryRun, prune] = [values["dry-run"] === true, values["prune"] === true];
  const bytesPerSecond = rateOf(textOf(values, "max-mb-per-second"));
  return { action, ...common, backend, from, dryRun, prune, bytesPerSecond };
}

function textOf(values: Values, option: string): string | undefined {
  const value = values[option];
  return typeof value === "string" ? value : undefined;
}

function scopeOf(values: Values, nowNs: bigint): Scope {
  const name = (option: string) => {
    const text = textOf(values, option);
    return text === undefined ? undefined : fromReadable(text);
  };
  const start = timeOf("since", textOf(values, "since"), nowNs) ?? ALL_TIME.start;
  const end = timeOf("until", textOf(values, "until"), nowNs) ?? ALL_TIME.end;
  if (start >= end) throw new UsageError("--since must be before --until");
  return { db: name("db"), rp: name("rp"), measurement: name("measurement"), span: { start, end } };
}

/** Nanoseconds since 1970 of an option that says a time, or how long ago it was. */
export function timeOf(option: string, text: string | undefined, nowNs: bigint): bigint | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ago = days === undefined ? parseGoDuration(text) : Number(days) * 86_400_000;
  if (ago !== undefined && ago > 0) return nowNs - BigInt(Math.round(ago)) * 1_000_000n;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `--${option} must be a time such as 2026-08-01T12:00:00Z, or a duration such as 36h`,
    );
  }
  return BigInt(ms) * 1_000_000n;
}

function percentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (percent < 1 || percent > 100)
    throw new UsageError("--max-load-percent must be a whole number from 1 to 100");
  return percent;
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (rate <= 0 || rate > MAX_MB_PER_SECOND) {
    throw new UsageError(`--max-mb-per-second must be a number above 0, up to ${MAX_MB_PER_SECOND}`);
  }
  return rate * 1e6;
}
