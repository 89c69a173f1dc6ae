import type { HttpListenerConfig } from "../config/config.ts";

/** Of one item for each output of a listener, in their order, the groups of replicas: one, or one a shard. */
export function replicaSets<T>({ outputs, sharding }: HttpListenerConfig, items: readonly T[]): T[][] {
  const sizes = sharding?.shards.map((shard) => shard.outputs.length) ?? [outputs.length];
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return items.slice(start, end);
  });
}
