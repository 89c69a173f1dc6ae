/** Keys, or beginnings of keys, with the index of the shard that they belong to. */
export type Pinned = readonly (readonly [key: Uint8Array, shard: number])[];

/** The keys that belong to a shard because somebody said so. */
export class Pins {
  /** By a hash of the key; keys with the same hash are told apart. */
  readonly #exact: ReadonlyMap<number, Pinned>;
  /** The longest first. */
  readonly #prefixes: Pinned;

  constructor(exact: Pinned, prefixes: Pinned, hash: (key: Uint8Array) => number) {
    this.#exact = Map.groupBy(exact, ([key]) => hash(key));
    this.#prefixes = prefixes.toSorted(([a], [b]) => b.length - a.length);
  }

  /** The index of the shard of the key in the first `length` bytes, whose hash is `hash`; -1 if it has none. */
  find(bytes: Uint8Array, length: number, hash: number): number {
    if (this.#exact.size > 0) {
      for (const [key, shard] of this.#exact.get(hash) ?? []) {
        if (key.length === length && startsWith(bytes, key)) return shard;
      }
    }
    for (const [prefix, shard] of this.#prefixes) {
      if (prefix.length <= length && startsWith(bytes, prefix)) return shard;
    }
    return -1;
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
