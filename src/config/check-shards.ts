import type { ShardKeyPart } from "./config.ts";
import { repeatedNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import { type Finding, formatKeys, type Keys } from "./problems.ts";
import { formatShardKeyPart, parsePin } from "./shard-key.ts";
import type { Facts, SoundHttp } from "./sound.ts";

/** Keys that say how points are divided. */
const ONLY_WITH_SHARDS = ["shard-by", "pin", "pin-prefix"];

/** What is wrong with the shards of one `[[http]]` entry, and with what says which points they get. */
export function checkShards(entry: SoundHttp, keys: Keys, facts: Facts): Finding[] {
  const { given } = facts;
  if (!given([...keys, "shard"])) {
    return ONLY_WITH_SHARDS.filter((key) => given([...keys, key])).map((key) => ({
      keys: [...keys, key],
      message: "has no effect without [[http.shard]] entries",
    }));
  }
  const by = [...keys, "shard-by"];
  const names = (entry.shard ?? []).map((shard, index) => ({
    keys: [...keys, "shard", index, "name"],
    name: shard?.name,
  }));
  return [
    ...(given(by) ? [] : [{ keys: by, message: "is missing: it says which points a shard gets" }]),
    ...repeatedNames(names, "the listener's shards"),
    ...sharedServers(entry, keys),
    ...["pin", "pin-prefix"].flatMap((kind) => checkPins(kind as "pin" | "pin-prefix", entry, keys)),
  ];
}

/** What is on a server of two shards would be counted twice. */
function sharedServers({ shard: shards = [] }: SoundHttp, keys: Keys): Finding[] {
  const owners = new Map<string, { readonly shard: number; readonly keys: Keys }>();
  return shards.flatMap((shard, index) =>
    (shard?.output ?? []).flatMap((output, i) => {
      const at = [...keys, "shard", index, "output", i];
      const origin = output?.location?.origin;
      if (origin === undefined) return [];
      const owner = owners.get(origin);
      owners.set(origin, owner ?? { shard: index, keys: at });
      if (owner === undefined || owner.shard === index) return [];
      const message = `must be another server than ${formatKeys(owner.keys)}: each shard needs servers of its own`;
      return [{ keys: [...at, "location"], message, withValue: true as const }];
    }),
  );
}

function checkPins(kind: "pin" | "pin-prefix", entry: SoundHttp, keys: Keys): Finding[] {
  return Object.entries(entry[kind] ?? {}).flatMap(([text, shard]) => {
    const at = [...keys, kind, text];
    return [...checkPinned(kind, text, entry, at), ...checkShard(shard, entry, at)];
  });
}

function checkPinned(kind: "pin" | "pin-prefix", text: string, entry: SoundHttp, keys: Keys): Finding[] {
  // A list with a wrong part is wrong as a whole, and so absent here.
  const by = entry["shard-by"] as readonly ShardKeyPart[] | undefined;
  if (kind === "pin-prefix" && text === "")
    return [{ keys, message: "must not be empty: every key begins so" }];
  if (by === undefined) return [];
  const values = parsePin(text, by.length).length;
  if (kind === "pin" ? values === by.length : values <= by.length) return [];
  const named = by.map(formatShardKeyPart);
  return [{ keys, message: `must name what shard-by does, with commas between: ${named.join()}` }];
}

function checkShard(shard: string | undefined, { shard: shards = [] }: SoundHttp, keys: Keys): Finding[] {
  const names = shards.flatMap((entry) => entry?.name ?? []);
  // A shard whose name cannot be told may be the one that is meant.
  if (shard === undefined || names.includes(shard) || names.length < shards.length) return [];
  const meant = nearest(shard, names);
  const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  return [{ keys, message: `must be the name of a shard of the listener${hint}`, withValue: true }];
}
