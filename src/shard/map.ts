import type { ShardConfig, ShardingConfig, ShardKeyPart, ShardPin } from "../config/config.ts";
import { formatShardKeyPart } from "../config/shard-key.ts";
import { murmur3 } from "./murmur3.ts";
import { Pins } from "./pins.ts";
import { Rendezvous } from "./rendezvous.ts";

/** How a map is written down and read. A map of another version may mean something that this relay does not know. */
export const MAP_VERSION = 1;
/** How keys that nobody pinned find their shard. */
export const MAP_ALGORITHM = "hrw1";
/** Between the parts of a key. */
const SEPARATOR = "\0";

/** What of a listener's config is the map: not which servers a shard has. */
export type ShardMapConfig = Pick<ShardingConfig, "by" | "pins" | "prefixPins"> & {
  readonly shards: readonly Pick<ShardConfig, "name" | "weight">[];
};

const encoder = new TextEncoder();

/** Which shard owns which key. Depends on nothing but the config, so that every relay comes to the same. */
export class ShardMap {
  readonly by: readonly ShardKeyPart[];
  /** Their names, in the order of the config: an owner is an index of it. */
  readonly shards: readonly string[];
  /** Equal for maps in which every key has the same owner by the same rules: 16 hexadecimal digits. */
  readonly hash: string;
  readonly #pins: Pins;
  readonly #rendezvous: Rendezvous;

  constructor(config: ShardMapConfig) {
    this.by = config.by;
    this.shards = config.shards.map(({ name }) => name);
    this.hash = hashOf(config);
    const indexed = ({ values, shard }: ShardPin) => ({
      key: keyOf(values),
      shard: this.shards.indexOf(shard),
    });
    const firstHash = (key: Uint8Array) => murmur3(key, key.length, 0);
    this.#pins = new Pins(config.pins.map(indexed), config.prefixPins.map(indexed), firstHash);
    this.#rendezvous = new Rendezvous(config.shards);
  }

  /** The index of the shard that owns a key of these values, one for each part of `by`; empty for a tag that is absent. */
  owner(values: readonly string[]): number {
    const key = keyOf(values);
    return this.ownerOfKey(key, key.length);
  }

  /** The same for a key in the first `length` bytes: its values with a NUL between, unescaped. */
  ownerOfKey(bytes: Uint8Array, length: number): number {
    const first = murmur3(bytes, length, 0);
    const pinned = this.#pins.find(bytes, length, first);
    return pinned >= 0 ? pinned : this.#rendezvous.owner(first, murmur3(bytes, length, 1));
  }
}

const keyOf = (values: readonly string[]): Uint8Array => encoder.encode(values.join(SEPARATOR));

function hashOf({ by, shards, pins, prefixPins }: ShardMapConfig): string {
  const pinned = (list: readonly ShardPin[]) =>
    list.map(({ values, shard }) => [values.join(SEPARATOR), shard] as const).sort(byFirst);
  const weighted = shards.map(({ name, weight }) => [name, weight] as const).sort(byFirst);
  const all = [
    MAP_VERSION,
    MAP_ALGORITHM,
    by.map(formatShardKeyPart),
    weighted,
    pinned(pins),
    pinned(prefixPins),
  ];
  const bytes = encoder.encode(JSON.stringify(all));
  return [0, 1].map((seed) => hex(murmur3(bytes, bytes.length, seed))).join("");
}

const byFirst = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number =>
  a < b ? -1 : Number(a > b);

const hex = (hash: number): string => (hash >>> 0).toString(16).padStart(8, "0");
