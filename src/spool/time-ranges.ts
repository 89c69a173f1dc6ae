/** A span of time in one database and retention policy; both ends belong to it. */
export interface TimeRange {
  readonly db: string;
  /** Empty for the database's default policy. */
  readonly rp: string;
  /** Nanoseconds since 1970. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
}

/** Databases and policies told apart; beyond it a new one widens the range that stands for all others. */
const MAX_RANGES = 1_000;
const OTHERS = { db: "*", rp: "*" };

/** Where a backend may differ from its replicas: one hull a database and policy, bounded. */
export class TimeRanges {
  readonly #ranges = new Map<string, TimeRange>();

  add(db: string, rp: string, span: { readonly minNs: bigint; readonly maxNs: bigint }): void {
    let key = `${db}\0${rp}`;
    let place = { db, rp };
    if (!this.#ranges.has(key) && this.#ranges.size >= MAX_RANGES) {
      key = "*";
      place = OTHERS;
    }
    const known = this.#ranges.get(key);
    this.#ranges.set(key, {
      ...place,
      minNs: known === undefined || span.minNs < known.minNs ? span.minNs : known.minNs,
      maxNs: known === undefined || span.maxNs > known.maxNs ? span.maxNs : known.maxNs,
    });
  }

  list(): TimeRange[] {
    return [...this.#ranges.values()];
  }

  get size(): number {
    return this.#ranges.size;
  }
}
