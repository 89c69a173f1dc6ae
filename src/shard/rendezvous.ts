import { murmur3, murmur3Words } from "./murmur3.ts";
import { naturalLog } from "./natural-log.ts";

/** What of a shard decides which keys it gets. */
export interface WeightedShard {
  readonly name: string;
  /** Its share of the keys is its part of the sum of all weights. */
  readonly weight: number;
}

interface Candidate {
  /** Its place in the list that the owner is an index of. */
  readonly index: number;
  readonly weight: number;
  readonly high: number;
  readonly low: number;
}

/** Keys whose owners are remembered, a power of 2. */
const REMEMBERED = 8192;
const encoder = new TextEncoder();

/**
 * Weighted rendezvous hashing: each shard draws a number for each key, and the highest one owns it. So a shard that
 * comes takes keys from all others and gives none away, and where a shard stands in the list is nothing.
 *
 * Frozen as "hrw1", because where data is depends on it:
 * 1. A key, and a shard's name in UTF-8, is hashed with the seeds 0 and 1.
 * 2. The shard's draw for a key is the hash, with the seeds 0 and 1, of these four integers: the key's two, the shard's two.
 *    Its upper 52 bits are the draw: 32 of the first and 20 of the second.
 * 3. With equal weights the highest draw wins. Otherwise the highest weight / -ln((draw + 0.5) / 2^52).
 * 4. Of equals the first by name.
 */
export class Rendezvous {
  /** By name, so that of equals the first wins. */
  readonly #candidates: readonly Candidate[];
  readonly #equal: boolean;
  /** By the lower bits of a key's first hash: both hashes, and the owner and 1. */
  readonly #firsts = new Int32Array(REMEMBERED);
  readonly #seconds = new Int32Array(REMEMBERED);
  readonly #owners = new Int32Array(REMEMBERED);

  constructor(shards: readonly WeightedShard[]) {
    this.#candidates = shards
      .map(({ name, weight }, index) => ({ name, index, weight, ...hashed(encoder.encode(name)) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#equal = shards.every(({ weight }) => weight === shards[0]?.weight);
  }

  /** The index of the shard that owns the key with these two hashes. */
  owner(first: number, second: number): number {
    const slot = first & (REMEMBERED - 1);
    if (this.#firsts[slot] === first && this.#seconds[slot] === second) {
      const remembered = this.#owners[slot] as number;
      if (remembered > 0) return remembered - 1;
    }
    const owner = this.#best(first, second);
    this.#firsts[slot] = first;
    this.#seconds[slot] = second;
    this.#owners[slot] = owner + 1;
    return owner;
  }

  #best(first: number, second: number): number {
    let owner = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (const { index, weight, high, low } of this.#candidates) {
      const drawn =
        (murmur3Words(first, second, high, low, 0) >>> 0) * 2 ** 20 +
        (murmur3Words(first, second, high, low, 1) >>> 12);
      const score = this.#equal ? drawn : weight / -naturalLog((drawn + 0.5) / 2 ** 52);
      if (score > best) {
        best = score;
        owner = index;
      }
    }
    return owner;
  }
}

function hashed(bytes: Uint8Array): { readonly high: number; readonly low: number } {
  return { high: murmur3(bytes, bytes.length, 0), low: murmur3(bytes, bytes.length, 1) };
}
