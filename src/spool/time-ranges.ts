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

type Span = Pick<TimeRange, "minNs" | "maxNs">;

/** Ranges told apart; beyond it a new database or policy widens the range that stands for all others. */
const MAX_RANGES = 1_000;
const OTHERS = { db: "*", rp: "*" };
/** All times that InfluxDB knows. */
const ALWAYS = { minNs: -(2n ** 63n), maxNs: 2n ** 63n - 1n };

const rangesSchema = v.array(v.tuple([v.string(), v.string(), v.string(), v.string()]));

/** What is known of one database and policy. */
interface Place {
  readonly db: string;
  readonly rp: string;
  /** Several only where repaired parts were cut out. */
  spans: readonly Span[];
  /** The revision at which something was added last. */
  touched: number;
}

/** Where a backend may differ from its replicas: one hull a database and policy, less what was repaired; bounded. */
export class TimeRanges {
  readonly #places = new Map<string, Place>();
  #size = 0;
  /** Databases that have ranges, so that {@link has} needs no search. */
  #databases = new Set<string>();
  /** Grows with each addition, also of what was covered before. */
  revision = 0;

  /** True if it was not covered before. */
  add(db: string, rp: string, span: Span): boolean {
    const place = this.#place(db, rp);
    place.touched = ++this.revision;
    const { spans } = place;
    if (spans.some((known) => known.minNs <= span.minNs && known.maxNs >= span.maxNs)) return false;
    // The nearest one grows, so that there are never more than repairs have left.
    const near = nearest(spans, span);
    const grown = near === undefined ? span : hull(near, span);
    const apart = spans.filter((known) => known !== near && !overlap(known, grown));
    const joined = spans.filter((known) => overlap(known, grown));
    this.#set(place, [...apart, joined.reduce(hull, grown)]);
    return true;
  }

  /** All times, of one database and policy or of whatever there is. True if that was not covered before. */
  addUnknown(db: string = OTHERS.db, rp: string = OTHERS.rp): boolean {
    return this.add(db, rp, ALWAYS);
  }

  /**
   * Forgets what is between two times of just this database and policy, both included, unless something was added
   * there after that revision. True if something was forgotten.
   */
  remove({ db, rp, ...span }: TimeRange, revision: number): boolean {
    const key = keyOf(db, rp);
    const place = this.#places.get(key);
    if (place === undefined || place.touched > revision) return false;
    const { spans } = place;
    if (!spans.some((known) => overlap(known, span))) return false;
    const left = spans.flatMap((known) => without(known, span));
    if (this.#size - spans.length + left.length > MAX_RANGES) return false;
    this.#set(place, left);
    if (left.length === 0) this.#places.delete(key);
    this.#databases = new Set(this.list().map((range) => range.db));
    return true;
  }

  /** The revision at which something was added last for just this database and policy; 0 if never. */
  touched(db: string, rp: string): number {
    return this.#places.get(keyOf(db, rp))?.touched ?? 0;
  }

  /** True if there is a range of a database, or one that may be of it; without a name, of any. */
  has(db?: string): boolean {
    if (db === undefined) return this.#size > 0;
    return this.#databases.has(db) || this.#databases.has(OTHERS.db);
  }

  /** Names of the databases that have ranges; `*` stands for any. */
  get databases(): ReadonlySet<string> {
    return this.#databases;
  }

  list(): TimeRange[] {
    return [...this.#places.values()].flatMap(({ db, rp, spans }) =>
      spans.map(({ minNs, maxNs }) => ({ db, rp, minNs, maxNs })),
    );
  }

  get size(): number {
    return this.#size;
  }

  /** As rows of database, policy, and the two times as text. */
  toJSON(): string[][] {
    return this.list().map(({ db, rp, minNs, maxNs }) => [db, rp, String(minNs), String(maxNs)]);
  }

  /** Adds the rows that are in `facts` under a name, as they are; what is not of their form is left out. */
  restore(facts: unknown, name: string): void {
    const stored = v.safeParse(v.object({ [name]: rangesSchema }), facts);
    if (!stored.success) return;
    for (const [db, rp, min, max] of stored.output[name] ?? []) {
      const place = this.#place(db, rp);
      this.#set(place, [...place.spans, { minNs: BigInt(min), maxNs: BigInt(max) }]);
    }
  }

  #place(db: string, rp: string): Place {
    const key = keyOf(db, rp);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    if (this.#size >= MAX_RANGES && db !== OTHERS.db) return this.#place(OTHERS.db, OTHERS.rp);
    const place: Place = { db, rp, spans: [], touched: 0 };
    this.#places.set(key, place);
    return place;
  }

  #set(place: Place, spans: readonly Span[]): void {
    this.#size += spans.length - place.spans.length;
    place.spans = spans;
    this.#databases.add(place.db);
  }
}

function keyOf(db: string, rp: string): string {
  return `${db}\0${rp}`;
}

function hull(a: Span, b: Span): Span {
  const [minNs] = sorted(a.minNs, b.minNs);
  const [, maxNs] = sorted(a.maxNs, b.maxNs);
  return { minNs, maxNs };
}

function sorted(a: bigint, b: bigint): [bigint, bigint] {
  return a < b ? [a, b] : [b, a];
}

function overlap(a: Span, b: Span): boolean {
  return a.minNs <= b.maxNs && b.minNs <= a.maxNs;
}

/** What is left of `whole`. */
function without(whole: Span, part: Span): Span[] {
  if (!overlap(whole, part)) return [whole];
  const left: Span[] = [];
  if (whole.minNs < part.minNs) left.push({ minNs: whole.minNs, maxNs: part.minNs - 1n });
  if (whole.maxNs > part.maxNs) left.push({ minNs: part.maxNs + 1n, maxNs: whole.maxNs });
  return left;
}

function nearest(spans: readonly Span[], { minNs, maxNs }: Span): Span | undefined {
  const distance = (span: Span) =>
    span.minNs > maxNs ? span.minNs - maxNs : minNs > span.maxNs ? minNs - span.maxNs : 0n;
  let found: Span | undefined;
  for (const span of spans) if (found === undefined || distance(span) < distance(found)) found = span;
  return found;
}
