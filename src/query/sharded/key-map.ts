/** A part of what a shard is chosen by. */
export type KeyPart =
  | { readonly kind: "db" }
  | { readonly kind: "measurement" }
  | { readonly kind: "tag"; readonly name: string };

/** Which shard owns which key. */
export interface KeyMap {
  readonly by: readonly KeyPart[];
  /** The names of the shards: an owner is an index of it. */
  readonly shards: readonly string[];
  /** The owner of a key of these values, one for each part of `by`; empty for a tag that is absent. */
  owner(values: readonly string[]): number;
}
