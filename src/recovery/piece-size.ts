import { earliest, latest, type SizedSpan } from "./windows.ts";

/** What a question should take at most, in milliseconds: a live write may have to wait for so long. */
export const PIECE_MS = 10;
/**
 * InfluxDB needs time for each series before it reads anything: 15 ms for 250 of them, measured. So one may take so many times
 * as long as it does if it is about nothing: smaller ones would do little else.
 */
const OVERHEADS = 3;
/** The largest step from one piece to the next. */
const MAX_STEP = 4;
/** The second piece is so small a part of a span, and the largest no more of it: what is in it may all be in one place. */
const FIRST_PARTS = 32n;
const LEAST_PARTS = 4n;
const MOST_PARTS = 256n;
/** Values in the second piece where it is known how many there are, and in the smallest. */
const FIRST_VALUES = 8_000;
const LEAST_VALUES = 1_000;

/** What is known of pieces. */
export interface Known {
  /** Nanoseconds of the next one. */
  readonly width: bigint;
  /** What one of no width takes, in milliseconds. */
  readonly overheadMs: number;
}

/** How large the pieces of a span should be, by what those before took. The first one is of no size, to know what that takes. */
export class PieceSize {
  readonly #first: bigint;
  readonly #smallest: bigint;
  readonly #largest: bigint;
  #known: Known | undefined;

  /** @param known Of a span that is much the same. */
  constructor({ start, end, values = 0 }: SizedSpan, known: Known | undefined) {
    const size = end - start;
    this.#largest = latest(1n, values > 0 ? size : size / LEAST_PARTS);
    this.#smallest = latest(
      1n,
      values > 0 ? (size * BigInt(LEAST_VALUES)) / BigInt(values) : size / MOST_PARTS,
    );
    this.#first = values > 0 ? (size * BigInt(FIRST_VALUES)) / BigInt(values) : size / FIRST_PARTS;
    this.#known = known;
  }

  get known(): Known | undefined {
    return this.#known;
  }

  /** Nanoseconds. */
  get width(): bigint {
    if (this.#known === undefined) return 1n;
    return earliest(this.#largest, latest(this.#smallest, this.#known.width));
  }

  /** A piece of `width` took so long. */
  took(ms: number): void {
    const { width } = this;
    if (this.#known === undefined) {
      this.#known = { width: this.#first, overheadMs: ms };
      return;
    }
    // What is known of it may be wrong, where the first one met with nothing, or a server that was less busy.
    const overheadMs = width <= this.#smallest ? ms : Math.min(this.#known.overheadMs, ms);
    const factor = Math.max(PIECE_MS, overheadMs * OVERHEADS) / ms;
    const bounded = Math.min(MAX_STEP, Math.max(1 / MAX_STEP, factor));
    this.#known = { width: (width * BigInt(Math.round(bounded * 1_024))) / 1_024n, overheadMs };
  }
}
