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
export interface Subject {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
}

export interface Totals {
  readonly points: number;
  readonly bytes: number;
  readonly expired: number;
  readonly rejected: number;
  readonly unwritable: number;
  readonly pruned: number;
}

/** What was verified longer ago is looked at again. */
const MAX_AGE_MS = 24 * 3_600_000;
/** The longest time for which what was verified is not saved. */
const SAVE_EVERY_MS = 1_000;
export const NO_TOTALS: Totals = { points: 0, bytes: 0, expired: 0, rejected: 0, unwritable: 0, pruned: 0 };

const subject = { db: v.string(), rp: v.string(), measurement: v.string() };
const span = v.tuple([v.string(), v.string()]);
const stateSchema = v.object({
  version: v.literal(1),
  source: v.string(),
  target: v.string(),
  savedMs: v.number(),
  totals: v.object({
    points: v.number(),
    bytes: v.number(),
    expired: v.number(),
    rejected: v.number(),
    unwritable: v.number(),
    pruned: v.number(),
  }),
  open: v.array(v.object({ ...subject, span })),
  verified: v.array(v.object({ ...subject, spans: v.array(span) })),
});

interface OpenSpan extends Subject {
  readonly span: Span;
}

/**
 * What an interrupted recovery had done. Nothing of it is needed to be right, because the next one compares again; it is
 * for what a cheap comparison does not see: spans whose copy was not verified, and what was compared row by row.
 */
export class State {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #names: { readonly source: string; readonly target: string };
  readonly #open = new Map<string, OpenSpan>();
  readonly #verified = new Map<string, Subject & { spans: Span[] }>();
  #savedAt = Number.NEGATIVE_INFINITY;
  totals: Totals = NO_TOTALS;
  /** True if there was an interrupted recovery of the same two servers. */
  continued = false;

  private constructor(store: StateStore, clock: Clock, names: { source: string; target: string }) {
    this.#store = store;
    this.#clock = clock;
    this.#names = names;
  }

  /** Rejects as the store does; what is damaged or too old counts as none. */
  static async open(
    store: StateStore,
    clock: Clock,
    names: { source: string; target: string },
  ): Promise<State> {
    const state = new State(store, clock, names);
    const text = await store.load();
    const parsed = text === undefined ? undefined : v.safeParse(stateSchema, parseJson(text));
    if (!parsed?.success) return state;
    const { source, target, savedMs, totals, open, verified } = parsed.output;
    if (source !== names.source || target !== names.target || clock.now() - savedMs > MAX_AGE_MS)
      return state;
    state.continued = true;
    state.totals = totals;
    for (const { span: ends, ...rest } of open) state.#addOpen({ ...rest, span: spanOf(ends) });
    for (const { spans, ...rest } of verified)
      state.#verified.set(keyOf(rest), { ...rest, spans: spans.map(spanOf) });
    return state;
  }

  /** Spans that were being copied when the recovery before was interrupted. */
  get unverified(): readonly OpenSpan[] {
    return [...this.#open.values()];
  }

  isVerified(of: Subject, { start, end }: Span): boolean {
    const spans = this.#verified.get(keyOf(of))?.spans ?? [];
    return spans.some((known) => known.start <= start && known.end >= end);
  }

  /** Resolves when it is sure to be known after a crash that the span is being copied. */
  async begin(of: Subject, { start, end }: Span): Promise<void> {
    this.#addOpen({ ...subjectOf(of), span: { start, end } });
    await this.#save();
  }

  /** The rows of the span were compared: they are the same, or what differs was told. */
  async end(of: Subject, within: Span, equal: boolean): Promise<void> {
    for (const [key, open] of this.#open) {
      const inside = open.span.start >= within.start && open.span.end <= within.end;
      if (inside && keyOf(open) === keyOf(of)) this.#open.delete(key);
    }
    if (equal) this.#addVerified(of, within);
    if (this.#clock.monotonic() - this.#savedAt >= SAVE_EVERY_MS) await this.#save();
  }

  add(totals: Partial<Totals>): void {
    const sum = { ...this.totals };
    for (const [name, value] of Object.entries(totals)) sum[name as keyof Totals] += value;
    this.totals = sum;
  }

  /** There is nothing left to continue. */
  async finish(): Promise<void> {
    await this.#store.remove();
  }

  #addOpen(open: OpenSpan): void {
    this.#open.set(`${keyOf(open)}\0${open.span.start}\0${open.span.end}`, open);
  }

  #addVerified(of: Subject, { start, end }: Span): void {
    const key = keyOf(of);
    const entry = this.#verified.get(key) ?? { ...subjectOf(of), spans: [] };
    this.#verified.set(key, entry);
    const joined: Span[] = [];
    for (const next of [...entry.spans, { start, end }].sort((a, b) => compareTimes(a.start, b.start))) {
      const last = joined.at(-1);
      if (last === undefined || last.end < next.start) joined.push(next);
      else joined[joined.length - 1] = { start: last.start, end: latest(last.end, next.end) };
    }
    entry.spans = joined;
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#clock.monotonic();
    const ends = ({ start, end }: Span): [string, string] => [`${start}`, `${end}`];
    const state: v.InferInput<typeof stateSchema> = {
      version: 1,
      ...this.#names,
      savedMs: this.#clock.now(),
      totals: this.totals,
      open: [...this.#open.values()].map(({ span: open, ...rest }) => ({ ...rest, span: ends(open) })),
      verified: [...this.#verified.values()].map(({ spans, ...rest }) => ({
        ...rest,
        spans: spans.map(ends),
      })),
    };
    await this.#store.save(`${JSON.stringify(state)}\n`);
  }
}

const keyOf = ({ db, rp, measurement }: Subject): string => `${db}\0${rp}\0${measurement}`;
const subjectOf = ({ db, rp, measurement }: Subject): Subject => ({ db, rp, measurement });
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
