import * as v from "valibot";

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
/** All times that InfluxDB knows. */
const ALWAYS = { minNs: -(2n ** 63n), maxNs: 2n ** 63n - 1n };

const rangesSchema = v.array(v.tuple([v.string(), v.string(), v.string(), v.string()]));

/** Where a backend may differ from its replicas: one hull a database and policy, bounded. */
export class TimeRanges {
  readonly #ranges = new Map<string, TimeRange>();

  /** True if it was not covered before. */
  add(db: string, rp: string, span: { readonly minNs: bigint; readonly maxNs: bigint }): boolean {
    let key = `${db}\0${rp}`;
    let place = { db, rp };
    if (!this.#ranges.has(key) && this.#ranges.size >= MAX_RANGES) {
      key = "*";
      place = OTHERS;
    }
    const known = this.#ranges.get(key);
    if (known !== undefined && known.minNs <= span.minNs && known.maxNs >= span.maxNs) return false;
    this.#ranges.set(key, {
      ...place,
      minNs: known === undefined || span.minNs < known.minNs ? span.minNs : known.minNs,
      maxNs: known === undefined || span.maxNs > known.maxNs ? span.maxNs : known.maxNs,
    });
    return true;
  }

  /** All times, of one database and policy or of whatever there is. True if that was not covered before. */
  addUnknown(db: string = OTHERS.db, rp: string = OTHERS.rp): boolean {
    return this.add(db, rp, ALWAYS);
  }

  list(): TimeRange[] {
    return [...this.#ranges.values()];
  }

  get size(): number {
    return this.#ranges.size;
  }

  /** Forgets everything. */
  clear(): void {
    this.#ranges.clear();
  }

  /** As rows of database, policy, and the two times as text. */
  toJSON(): string[][] {
    return this.list().map(({ db, rp, minNs, maxNs }) => [db, rp, String(minNs), String(maxNs)]);
  }

  /** Adds the rows that are in `facts` under a name; what is not of their form is left out. */
  restore(facts: unknown, name: string): void {
    const stored = v.safeParse(v.object({ [name]: rangesSchema }), facts);
    if (!stored.success) return;
    for (const [db, rp, min, max] of stored.output[name] ?? []) {
      this.add(db, rp, { minNs: BigInt(min), maxNs: BigInt(max) });
    }
  }
}
