import { Distinct } from "./distinct.ts";
import type { ShardMap } from "./map.ts";

/** Keys whose figures are held at a time: about 150 MB. Of more, the largest are. */
export const MAX_KEYS = 500_000;

/** A key as points have it: its values with a NUL between, each byte a character in `text`. */
export interface Key {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** How much data there is. */
export interface Amount {
  readonly series: number;
  readonly points: number;
}

export interface KeyAmount extends Amount {
  /** Different keys; an estimate if the tally is not exact. */
  readonly keys: number;
}

/** A key with what it has: at least, if the tally is not exact. */
export interface LargeKey extends Amount {
  readonly text: string;
  /** What it was counted for. */
  readonly group: number;
}

interface Counts {
  series: number;
  points: number;
}

/**
 * Adds up data by key, for groups of keys. Series and points are exact. Keys are too, as long as there are no more of
 * them than are held; then their number is estimated, to 2 % or so, and small ones are forgotten.
 */
export class KeyTally {
  readonly #held: Map<string, Counts>[];
  readonly #distinct: Distinct[];
  readonly #totals: Counts[];
  readonly #maxKeys: number;
  #size = 0;
  #exact = true;

  constructor(groups: number, maxKeys = MAX_KEYS) {
    this.#held = Array.from({ length: groups }, () => new Map());
    this.#distinct = Array.from({ length: groups }, () => new Distinct());
    this.#totals = Array.from({ length: groups }, () => ({ series: 0, points: 0 }));
    this.#maxKeys = maxKeys;
  }

  /** True while every key is held. */
  get exact(): boolean {
    return this.#exact;
  }

  add(group: number, key: Key, { series, points }: Amount): void {
    const total = this.#totals[group] as Counts;
    total.series += series;
    total.points += points;
    const held = this.#held[group] as Map<string, Counts>;
    const known = held.get(key.text);
    if (known !== undefined) {
      known.series += series;
      known.points += points;
      return;
    }
    (this.#distinct[group] as Distinct).add(key.bytes);
    held.set(key.text, { series, points });
    this.#size++;
    if (this.#size > this.#maxKeys) this.#forgetSmall();
  }

  /** For each group. */
  amounts(): KeyAmount[] {
    return this.#totals.map((total, group) => ({
      keys: this.#exact ? (this.#held[group]?.size ?? 0) : (this.#distinct[group]?.estimate() ?? 0),
      ...total,
    }));
  }

  /** Those that have most, the largest first; of the groups that are wanted. */
  largest(count: number, wanted: (group: number) => boolean = () => true): LargeKey[] {
    const found: LargeKey[] = [];
    for (const [group, held] of this.#held.entries()) {
      if (!wanted(group)) continue;
      for (const [text, counts] of held) {
        const last = found.at(-1);
        if (found.length === count && last !== undefined && weight(counts) <= weight(last)) continue;
        const at = found.findIndex((other) => weight(other) < weight(counts));
        found.splice(at < 0 ? found.length : at, 0, { text, group, ...counts });
        if (found.length > count) found.pop();
      }
    }
    return found;
  }

  /** The smaller half of what is held. */
  #forgetSmall(): void {
    this.#exact = false;
    const weights = new Float64Array(this.#size);
    let at = 0;
    for (const held of this.#held) for (const counts of held.values()) weights[at++] = weight(counts);
    const middle = weights.sort()[this.#size >> 1] as number;
    for (const held of this.#held) {
      for (const [text, counts] of held) if (weight(counts) <= middle) held.delete(text);
    }
    this.#size = this.#held.reduce((sum, held) => sum + held.size, 0);
  }
}

const weight = ({ series, points }: Amount): number => points + series / 1e6;

/** What a shard has, or would have. */
export interface Share extends KeyAmount {
  readonly shard: string;
}

/** How data spreads over the shards of a map. */
export class Spread {
  readonly tally: KeyTally;
  readonly #map: ShardMap;

  constructor(map: ShardMap, maxKeys = MAX_KEYS) {
    this.#map = map;
    this.tally = new KeyTally(map.shards.length, maxKeys);
  }

  add(key: Key, amount: Amount): void {
    this.tally.add(this.#map.ownerOfKey(key.bytes, key.bytes.length), key, amount);
  }

  /** In the order of the map's shards. */
  shares(): Share[] {
    return this.tally.amounts().map((amount, i) => ({ shard: this.#map.shards[i] as string, ...amount }));
  }
}

/** What has another owner after a change of the map. */
export interface Move extends KeyAmount {
  readonly from: string;
  readonly to: string;
}

/** What moves when a map becomes another one, by whatever the two divide. Shards are the same if their names are. */
export class Moves {
  readonly tally: KeyTally;
  readonly #before: ShardMap;
  readonly #after: ShardMap;

  constructor(before: ShardMap, after: ShardMap, maxKeys = MAX_KEYS) {
    this.#before = before;
    this.#after = after;
    this.tally = new KeyTally(before.shards.length * after.shards.length, maxKeys);
  }

  /** The key by the map of before, and by that of after. Keys are counted as they were before. */
  add(before: Key, after: Key, amount: Amount): void {
    const from = this.#before.ownerOfKey(before.bytes, before.bytes.length);
    const to = this.#after.ownerOfKey(after.bytes, after.bytes.length);
    this.tally.add(from * this.#after.shards.length + to, before, amount);
  }

  /** Where the keys of a group of the tally are, and where they go. */
  way(group: number): { readonly from: string; readonly to: string } {
    const targets = this.#after.shards.length;
    return {
      from: this.#before.shards[Math.floor(group / targets)] as string,
      to: this.#after.shards[group % targets] as string,
    };
  }

  isMove(group: number): boolean {
    const { from, to } = this.way(group);
    return from !== to;
  }

  /** From each shard to each, also what stays; only where there is something. */
  all(): Move[] {
    return this.tally
      .amounts()
      .map((amount, group) => ({ ...this.way(group), ...amount }))
      .filter(({ keys }) => keys > 0);
  }
}
