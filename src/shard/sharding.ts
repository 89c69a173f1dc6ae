import type { ShardingConfig } from "../config/config.ts";
import { formatShardKeyPart } from "../config/shard-key.ts";
import type { Writer } from "../writer.ts";
import { MAP_ALGORITHM, MAP_VERSION, ShardMap } from "./map.ts";
import { type ShardCounters, ShardRouter } from "./router.ts";
import { Splitter } from "./splitter.ts";

/** What `/status` shows of a listener's shards. Relays that share their servers must show the same map. */
export interface ShardingStatus {
  readonly map: { readonly version: number; readonly algorithm: string; readonly hash: string };
  readonly by: readonly string[];
  readonly shards: readonly ({
    readonly name: string;
    readonly weight: number;
    readonly replicas: readonly string[];
  } & Readonly<ShardCounters>)[];
}

/** The shards of one listener, and what is counted of them. */
export class Sharding {
  readonly map: ShardMap;
  readonly #config: ShardingConfig;
  readonly #splitter: Splitter;
  /** In the order of the config. */
  readonly #counters: readonly ShardCounters[];

  /** @param before what was there before a reload: shards that stay go on counting. */
  constructor(config: ShardingConfig, before?: Sharding) {
    this.map = new ShardMap(config);
    this.#config = config;
    this.#splitter = new Splitter(this.map);
    this.#counters = config.shards.map(
      ({ name }) => before?.countersOf(name) ?? { writes: 0, lines: 0, bytes: 0 },
    );
  }

  countersOf(shard: string): ShardCounters | undefined {
    return this.#counters[this.map.shards.indexOf(shard)];
  }

  /** A writer over those of the shards, in the order of the config. */
  router(writers: readonly Writer[]): Writer {
    const shards = writers.map((writer, i) => ({
      writer,
      name: this.map.shards[i] as string,
      counters: this.#counters[i] as ShardCounters,
    }));
    return new ShardRouter(this.#splitter, shards);
  }

  /** @param replicas the names of each shard's, in the order of the config. */
  status(replicas: readonly (readonly string[])[]): ShardingStatus {
    const { by, shards } = this.#config;
    return {
      map: { version: MAP_VERSION, algorithm: MAP_ALGORITHM, hash: this.map.hash },
      by: by.map(formatShardKeyPart),
      shards: shards.map(({ name, weight }, i) => ({
        name,
        weight,
        replicas: replicas[i] ?? [],
        ...(this.#counters[i] as ShardCounters),
      })),
    };
  }
}
