import * as v from "valibot";
import type { Clock } from "../platform.ts";
import { compareTimes, latest, type Span } from "./windows.ts";

/** Where a recovery keeps what it must know after it was interrupted: one small text. */
export interface StateStore {
  /** Undefined if there is none. */
  load(): Promise<string | undefined>;
  /** Replaces it whole: after a crash either the old or the new one is there. */
  save(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** A measurement of a retention policy. Names are byte strings. */
interface Subject {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
}

/** What a recovery did so far, in points; `bytes` of line protocol. */
export interface Totals {
  readonly points: number;
  readonly bytes: number;
  /** Older than the target's policy keeps. */
  readonly expired: number;
  /** Refused by the target. */
  readonly rejected: number;
  /** Of series that line protocol has no words for. */
  readonly unwritable: number;
  /** Deleted from the target. */
  readonly pruned: number;
}

/** What was verified longer ago is looked at again. */
const MAX_AGE_MS = 24 * 3_600_000;
/** The longest time for which what was verified is not saved. */
const SAVE_EVERY_MS = 1_000;
export const NO_TOTALS: Totals = { points: 0, bytes: 0, expired: 0, rejected: 0, unwritable: 0, pruned: 0 };

const place = { db: v.string(), rp: v.string() };
const ends = v.tuple([v.string(), v.string()]);
const stateSchema = v.object({
  version: v.literal(1),
  source: v.string(),
  target: v.string(),
  deep: v.boolean(),
  suspects: v.optional(v.string()),
  savedMs: v.number(),
  totals: v.object({
    points: v.number(),
    bytes: v.number(),
    expired: v.number(),
    rejected: v.number(),
    unwritable: v.number(),
    pruned: v.number(),
  }),
  open: v.array(v.object({ ...place, window: ends })),
  verified: v.array(
    v.object({
      ...place,
      measurement: v.string(),
      spans: v.array(ends),
      current: v.optional(v.array(ends), []),
    }),
  ),
});

/** What two recoveries must have in common for one to go on with the other. */
interface Identity {
  readonly source: string;
  readonly target: string;
  /** All rows are compared. */
  readonly deep: boolean;
  /** Where the target was known to differ, and its revision; undefined if more may have been added to it unseen. */
  readonly suspects?: string | undefined;
}

interface Window {
  readonly db: string;
  readonly rp: string;
  readonly window: Span;
}

/**
 * What an interrupted recovery had done. Nothing of it is needed to be right, because the next one compares again; it is
 * for what a cheap comparison does not see: windows in which something was copied and not verified yet, and what was
 * compared row by row.
 */
export class State {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #names: Identity;
  readonly #left: readonly Window[];
  /** `current`: since something was added last to where the target was known to differ. */
  readonly #verified = new Map<string, Subject & { spans: Span[]; current: Span[] }>();
  readonly #open = new Set<Window>();
  #saving: Promise<void> = Promise.resolve();
  #savedAt = Number.NEGATIVE_INFINITY;
  totals: Totals = NO_TOTALS;
  /** True if there was an interrupted recovery of the same two servers. */
  readonly continued: boolean;

  private constructor(
    store: StateStore,
    clock: Clock,
    names: Identity,
    before: v.InferOutput<typeof stateSchema> | undefined,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#names = names;
    this.continued = before !== undefined;
    const isCurrent = names.suspects !== undefined && names.suspects === before?.suspects;
    this.totals = before?.totals ?? NO_TOTALS;
    this.#left = (before?.open ?? []).map(({ window, ...rest }) => ({ ...rest, window: spanOf(window) }));
    for (const { spans, current, ...rest } of before?.verified ?? []) {
      const counting = isCurrent ? current.map(spanOf) : [];
      this.#verified.set(keyOf(rest), { ...rest, spans: spans.map(spanOf), current: counting });
    }
  }

  /** Rejects as the store does; what is damaged or too old counts as none. */
  static async open(store: StateStore, clock: Clock, names: Identity): Promise<State> {
    const text = await store.load();
    const parsed = text === undefined ? undefined : v.safeParse(stateSchema, parseJson(text));
    const known = parsed?.success ? parsed.output : undefined;
    const usable =
      known?.source === names.source &&
      known.target === names.target &&
      known.deep === names.deep &&
      clock.now() - known.savedMs <= MAX_AGE_MS;
    return new State(store, clock, names, usable ? known : undefined);
  }

  /** True if the interrupted recovery was at work in it. */
  wasOpen({ db, rp }: Subject, { start, end }: Span): boolean {
    return this.#left.some(
      (left) => left.db === db && left.rp === rp && left.window.start < end && left.window.end > start,
    );
  }

  isVerified(of: Subject, span: Span): boolean {
    return isWithin(this.#verified.get(keyOf(of))?.spans ?? [], span);
  }

  /** The same where the target is known to differ: more may have been lost since an interrupted recovery verified it. */
  isSuspectVerified(of: Subject, span: Span): boolean {
    return isWithin(this.#verified.get(keyOf(of))?.current ?? [], span);
  }

  /**
   * Resolves when it is sure to be known after a crash that these windows are worked at; until the returned function is
   * called.
   */
  async enter(windows: readonly Window[]): Promise<() => void> {
    for (const window of windows) this.#open.add(window);
    await this.#save();
    return () => {
      for (const window of windows) this.#open.delete(window);
    };
  }

  /** All rows of it were compared and are the same. */
  async verified(of: Subject, span: Span): Promise<void> {
    const { db, rp, measurement } = of;
    const entry = this.#verified.get(keyOf(of)) ?? { db, rp, measurement, spans: [], current: [] };
    this.#verified.set(keyOf(of), entry);
    entry.spans = withSpan(entry.spans, span);
    entry.current = withSpan(entry.current, span);
    if (this.#clock.monotonic() - this.#savedAt >= SAVE_EVERY_MS) await this.#save();
  }

  add(more: Partial<Totals>): void {
    const sum = { ...this.totals };
    for (const [name, value] of Object.entries(more)) sum[name as keyof Totals] += value;
    this.totals = sum;
  }

  /** There is nothing left to continue. */
  async finish(): Promise<void> {
    await this.#saving;
    await this.#store.remove();
  }

  /** One after the other: each one replaces the whole text. */
  #save(): Promise<void> {
    this.#savedAt = this.#clock.monotonic();
    const saved = this.#saving.then(() => this.#store.save(this.#text()));
    // Whoever asked for it is told.
    this.#saving = saved.catch(() => {});
    return saved;
  }

  #text(): string {
    const state: v.InferInput<typeof stateSchema> = {
      version: 1,
      ...this.#names,
      savedMs: this.#clock.now(),
      totals: this.totals,
      open: [...this.#left, ...this.#open].map(({ window, ...rest }) => ({
        ...rest,
        window: endsOf(window),
      })),
      verified: [...this.#verified.values()].map(({ spans, current, ...rest }) => ({
        ...rest,
        spans: spans.map(endsOf),
        current: current.map(endsOf),
      })),
    };
    return `${JSON.stringify(state)}\n`;
  }
}

const isWithin = (spans: readonly Span[], { start, end }: Span): boolean =>
  spans.some((known) => known.start <= start && known.end >= end);

/** Ordered, and as few as can be. */
function withSpan(spans: readonly Span[], { start, end }: Span): Span[] {
  const joined: Span[] = [];
  for (const next of [...spans, { start, end }].sort((a, b) => compareTimes(a.start, b.start))) {
    const last = joined.at(-1);
    if (last === undefined || last.end < next.start) joined.push(next);
    else joined[joined.length - 1] = { start: last.start, end: latest(last.end, next.end) };
  }
  return joined;
}

const keyOf = ({ db, rp, measurement }: Subject): string => `${db}\0${rp}\0${measurement}`;
const endsOf = ({ start, end }: Span): [string, string] => [`${start}`, `${end}`];
const spanOf = ([start, end]: readonly [string, string]): Span => ({
  start: BigInt(start),
  end: BigInt(end),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
