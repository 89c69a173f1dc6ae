/** Stands for any database, where it is not known which. */
export const ANY = "*";

/** Since when (monotonic milliseconds) something has been so of each database. */
export class Since {
  #times: ReadonlyMap<string, number> = new Map();

  /** It is so of these databases and no others; of those that it was not so of before, since `ms`. */
  update(databases: Iterable<string>, ms: number): void {
    const times = new Map<string, number>();
    for (const db of databases) times.set(db, this.#times.get(db) ?? ms);
    this.#times = times;
  }

  forget(): void {
    this.#times = new Map();
  }

  /** True if it is so of a database; without a name, of any. */
  has(db?: string): boolean {
    return db === undefined ? this.#times.size > 0 : this.#times.has(db) || this.#times.has(ANY);
  }

  /** Since when; undefined if it is not so. */
  of(db?: string): number | undefined {
    const times = db === undefined ? [...this.#times.values()] : [this.#times.get(db), this.#times.get(ANY)];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}
