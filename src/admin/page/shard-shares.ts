import type { Status } from "../../observe/status-schema.ts";

export type Shard = NonNullable<Status["listeners"][number]["sharding"]>["shards"][number];

/** In percent. */
export interface Share {
  /** Of the points, as the weights say. */
  readonly due: number;
  /** Of the lines so far; undefined before the first one. */
  readonly got: number | undefined;
}

/** What each shard of a listener is to get, and got. */
export function sharesOf(shards: readonly Shard[]): { readonly shard: Shard; readonly share: Share }[] {
  const weights = shards.reduce((sum, { weight }) => sum + weight, 0);
  const lines = shards.reduce((sum, shard) => sum + shard.lines, 0);
  return shards.map((shard) => ({
    shard,
    share: {
      due: Math.round((shard.weight / weights) * 100),
      got: lines === 0 ? undefined : Math.round((shard.lines / lines) * 100),
    },
  }));
}
