import type { ParseArgsOptionsConfig } from "node:util";
import type { ShardConfig, ShardKeyPart } from "../../src/config/config.ts";
import { isShardName, MAX_SHARD_WEIGHT, parseShardKeyPart } from "../../src/config/shard-key.ts";
import { readOptions, UsageError } from "./arguments.ts";
import { timeOf } from "./recovery-arguments.ts";

export type NamedWeight = Pick<ShardConfig, "name" | "weight">;

/** What a `shards ...` command line asks for. */
export type ShardsRequest =
  | { readonly action: "help"; readonly text: string }
  | (Counting & {
      readonly action: "preview";
      /** Undefined: that of the listener. */
      readonly by: readonly ShardKeyPart[] | undefined;
      readonly shards: readonly NamedWeight[] | undefined;
      /** The output that has the data; undefined: one of each set of replicas of the listener. */
      readonly from: string | undefined;
    })
  | (Counting & { readonly action: "plan"; readonly change: MapChange })
  | (Common & { readonly action: "check" });

/** Another config, or changes of this one. */
export type MapChange =
  | { readonly to: string }
  | {
      readonly add: readonly NamedWeight[];
      readonly remove: readonly string[];
      readonly weights: readonly NamedWeight[];
    };

interface Common {
  readonly config: string;
  readonly listener: string | undefined;
  readonly json: boolean;
  readonly db: string | undefined;
}

interface Counting extends Common {
  /** Nanoseconds since 1970; undefined for all times. */
  readonly since: bigint | undefined;
  readonly seriesOnly: boolean;
}

const TEXT = { type: "string" } as const;
const LIST = { type: "string", multiple: true } as const;
const BOOLEAN = { type: "boolean" } as const;

const COMMON: ParseArgsOptionsConfig = {
  config: TEXT,
  listener: TEXT,
  db: TEXT,
  json: BOOLEAN,
  help: { ...BOOLEAN, short: "h" },
};
const COUNTING: ParseArgsOptionsConfig = { since: TEXT, "series-only": BOOLEAN };

const ACTIONS: Readonly<Record<"preview" | "plan" | "check", ParseArgsOptionsConfig>> = {
  preview: { ...COUNTING, "shard-by": TEXT, shards: TEXT, from: TEXT },
  plan: { ...COUNTING, to: TEXT, add: LIST, remove: LIST, weight: LIST },
  check: {},
};

const HELP = `influxdb-relay shards preview | plan | check --config FILE [OPTION]...

Says where data is and would be. It asks the InfluxDB servers of the config, as they are now, and changes nothing.

preview   how the data of existing servers would spread over shards, before anybody commits to a key
  --shard-by KEY       measurement, db, tag:NAME, or several with commas between; that of the listener unless given
  --shards LIST        s1,s2,s3=2: names, with weights that are not 1; those of the listener unless given
  --from NAME          the output to ask; unless given, one of each set of replicas of the listener

plan      what would move when the shards of a listener change
  --add NAME[=WEIGHT], --remove NAME, --weight NAME=WEIGHT    each as often as needed
  --to FILE            another config with a listener of the same name

check     data on servers of a shard that belongs to another one, of all servers

  --config FILE        the relay's config
  --listener NAME      the listener, if the config has several
  --db DB              only this database
  --json               print JSON
  --since TIME         (preview, plan) count points from this time on: 2026-08-01, or 36h for so long ago
  --series-only        (preview, plan) do not count points, which reads all of them

Exit codes: 0 done and in place, 1 something is misplaced or could not be asked, 2 wrong config or arguments.

  influxdb-relay shards preview --config relay.toml --shard-by tag:customer_id --shards s1,s2,s3
  influxdb-relay shards plan --config relay.toml --add s4
  influxdb-relay shards check --config relay.toml
`;

/** The values of all options that a command may have. */
type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/**
 * Reads what follows `shards`. `nowNs` is what times ago are counted from.
 * @throws {UsageError}
 */
export function readShardsArguments(args: readonly string[], nowNs: bigint): ShardsRequest {
  const [action = "", ...rest] = args;
  if (["help", "--help", "-h"].includes(action)) return { action: "help", text: HELP };
  if (action !== "preview" && action !== "plan" && action !== "check") {
    throw new UsageError(
      `shards needs one of preview, plan and check${action === "" ? "" : `, not ${action}`}; see influxdb-relay shards --help`,
    );
  }
  const options = { ...COMMON, ...ACTIONS[action] };
  const values: Values = readOptions(`shards ${action}`, rest, { options }, "shards").values;
  if (values["help"]) return { action: "help", text: HELP };
  const config = textOf(values, "config");
  if (config === undefined)
    throw new UsageError(`shards ${action} needs --config; see influxdb-relay shards --help`);
  const common = {
    ...{ config, listener: textOf(values, "listener"), db: textOf(values, "db") },
    json: values["json"] === true,
  };
  if (action === "check") return { action, ...common };
  const counting = {
    ...common,
    since: timeOf("since", textOf(values, "since"), nowNs),
    seriesOnly: values["series-only"] === true,
  };
  if (counting.seriesOnly && counting.since !== undefined) {
    throw new UsageError("--since counts points, and --series-only does not: leave one of them out");
  }
  if (action === "plan") return { action, ...counting, change: changeOf(values) };
  return { action, ...counting, ...keyOf(values), from: textOf(values, "from") };
}

function textOf(values: Values, option: string): string | undefined {
  const value = values[option];
  if (value === "") throw new UsageError(`--${option} must not be empty`);
  return typeof value === "string" ? value : undefined;
}

function keyOf(values: Values) {
  const [by, shards] = [textOf(values, "shard-by"), textOf(values, "shards")];
  const parts = by?.split(/(?<!\\),/).map((part) => part.replaceAll("\\,", ","));
  return {
    by: parts && keyParts(parts),
    shards: shards === undefined ? undefined : distinct("--shards", shards.split(",").map(named)),
  };
}

function keyParts(texts: readonly string[]): ShardKeyPart[] {
  const parts = texts.map((text) => parseShardKeyPart(text));
  if (parts.every((part) => part !== undefined) && new Set(texts).size === texts.length) return parts;
  throw new UsageError(
    "--shard-by must be measurement, db or tag:NAME, or different ones of these with commas between",
  );
}

function changeOf(values: Values): MapChange {
  const list = (option: string) => ((values[option] ?? []) as string[]).flatMap((text) => text.split(","));
  const change = {
    add: distinct("--add", list("add").map(named)),
    remove: list("remove"),
    weights: distinct("--weight", list("weight").map(weighted)),
  };
  const to = textOf(values, "to");
  const any = change.add.length + change.remove.length + change.weights.length > 0;
  if (to === undefined && !any) {
    throw new UsageError("shards plan needs --add, --remove or --weight, or another config as --to FILE");
  }
  if (to !== undefined && any)
    throw new UsageError("--to says all that changes: leave the other options out");
  return to === undefined ? change : { to };
}

/** `NAME` or `NAME=WEIGHT`. */
function named(text: string): NamedWeight {
  const [name = "", weight = "1", ...more] = text.split("=");
  const number = /^\d+$/.test(weight) ? Number(weight) : 0;
  if (!isShardName(name) || more.length > 0 || number < 1 || number > MAX_SHARD_WEIGHT) {
    throw new UsageError(
      `${JSON.stringify(text)} is no shard: write NAME or NAME=WEIGHT, with a weight from 1 to ${MAX_SHARD_WEIGHT}`,
    );
  }
  return { name, weight: number };
}

function weighted(text: string): NamedWeight {
  if (!text.includes("=")) throw new UsageError(`--weight ${text}: write NAME=WEIGHT`);
  return named(text);
}

function distinct(option: string, shards: NamedWeight[]): NamedWeight[] {
  if (new Set(shards.map(({ name }) => name)).size === shards.length) return shards;
  throw new UsageError(`${option} names a shard twice`);
}
