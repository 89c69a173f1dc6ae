import type { ShardKeyPart } from "../config/config.ts";
import type { ShardMap } from "./map.ts";

/** Data that belongs together: of one database, measurement and set of tags. */
export interface KeyedData {
  /** Empty, as the two below, where no part of `shard-by` asks for it. */
  readonly db: string;
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  /** How much it is, in whatever was counted: series, or points. */
  readonly count: number;
}

/** What a shard gets of some data. */
export interface Share {
  readonly shard: string;
  /** Different keys. */
  readonly keys: number;
  readonly count: number;
}

export interface Move<T extends KeyedData> {
  readonly data: T;
  readonly from: string;
  readonly to: string;
}

/** The values of a key in data, one for each part of it. */
export function keyValues(by: readonly ShardKeyPart[], { db, measurement, tags }: KeyedData): string[] {
  return by.map((part) => {
    if (part.kind === "tag") return Object.hasOwn(tags, part.name) ? (tags[part.name] as string) : "";
    return part.kind === "db" ? db : measurement;
  });
}

/** How data spreads over the shards of a map, in the order of its shards. */
export function spread(data: Iterable<KeyedData>, map: ShardMap): Share[] {
  const shares = map.shards.map((shard) => ({ shard, keys: new Set<string>(), count: 0 }));
  for (const one of data) {
    const values = keyValues(map.by, one);
    const share = shares[map.owner(values)] as (typeof shares)[number];
    share.keys.add(JSON.stringify(values));
    share.count += one.count;
  }
  return shares.map(({ shard, keys, count }) => ({ shard, keys: keys.size, count }));
}

/** What has another owner after a change of the map, by whatever the two divide. Shards are the same if their names are. */
export function* moves<T extends KeyedData>(
  data: Iterable<T>,
  before: ShardMap,
  after: ShardMap,
): Generator<Move<T>> {
  for (const one of data) {
    const from = before.shards[before.owner(keyValues(before.by, one))] as string;
    const to = after.shards[after.owner(keyValues(after.by, one))] as string;
    if (from !== to) yield { data: one, from, to };
  }
}
