import type { ShardKeyPart, ShardPin } from "../../src/config/config.ts";
import { parsePin, parseShardKeyPart } from "../../src/config/shard-key.ts";
import { ShardMap, type ShardMapConfig } from "../../src/shard/map.ts";

export interface TestMap {
  /** As in a config. */
  readonly by?: readonly string[];
  /** Names with their weights; a number is so many of the names s1, s2 and so on. */
  readonly shards?: number | Readonly<Record<string, number>>;
  readonly pin?: Readonly<Record<string, string>>;
  readonly pinPrefix?: Readonly<Record<string, string>>;
}

export function mapConfig({
  by = ["tag:t"],
  shards = 3,
  pin = {},
  pinPrefix = {},
}: TestMap = {}): ShardMapConfig {
  const weights =
    typeof shards === "number"
      ? Object.fromEntries(Array.from({ length: shards }, (_, i) => [`s${i + 1}`, 1]))
      : shards;
  const pins = (table: Readonly<Record<string, string>>): ShardPin[] =>
    Object.entries(table).map(([text, shard]) => ({ values: parsePin(text, by.length), shard }));
  return {
    by: by.map((text) => {
      const part = parseShardKeyPart(text);
      if (part === undefined) throw new Error(text);
      return part;
    }),
    pins: pins(pin),
    prefixPins: pins(pinPrefix),
    shards: Object.entries(weights).map(([name, weight]) => ({ name, weight })),
  };
}

export const createMap = (map?: TestMap): ShardMap => new ShardMap(mapConfig(map));

/** The values of the key of a point, one for each part of it. */
export function keyValues(
  by: readonly ShardKeyPart[],
  {
    db,
    measurement,
    tags,
  }: {
    readonly db: string;
    readonly measurement: string;
    readonly tags: Readonly<Record<string, string>>;
  },
): string[] {
  return by.map((part) => {
    if (part.kind === "tag") return Object.hasOwn(tags, part.name) ? (tags[part.name] as string) : "";
    return part.kind === "db" ? db : measurement;
  });
}
