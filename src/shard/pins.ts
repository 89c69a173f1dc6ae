/** A key, or the beginning of keys, and the index of the shard that they belong to. */
export interface Pinned {
  readonly key: Uint8Array;
  readonly shard: number;
}

/** The keys that belong to a shard because somebody said so. */
export class Pins {
  /** By a hash of the key; keys with the same hash are told apart. */
  readonly #exact: ReadonlyMap<number, readonly Pinned[]>;
  /** The longest first. */
  readonly #prefixes: readonly Pinned[];

  constructor(exact: readonly Pinned[], prefixes: readonly Pinned[], hash: (key: Uint8Array) => number) {
    this.#exact = Map.groupBy(exact, ({ key }) => hash(key));
    this.#prefixes = prefixes.toSorted((a, b) => b.key.length - a.key.length);
  }

  /** The index of the shard of the key in the first `length` bytes, whose hash is `hash`; -1 if it has none. */
  find(bytes: Uint8Array, length: number, hash: number): number {
    const candidates = this.#exact.size === 0 ? undefined : this.#exact.get(hash);
    if (candidates !== undefined) {
      for (const { key, shard } of candidates) {
        if (key.length === length && startsWith(bytes, key)) return shard;
      }
    }
    for (const { key, shard } of this.#prefixes) {
      if (key.length <= length && startsWith(bytes, key)) return shard;
    }
    return -1;
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
