/** Upper bounds of buckets for how long requests take, in seconds. */
export const REQUEST_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** For how many writes share a request. */
export const JOINED_WRITES: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];
/** For the sizes of requests, in bytes. */
export const BODY_BYTES: readonly number[] = [256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304];

/** What a histogram has counted. */
export interface Distribution {
  /** Upper bounds, rising; each belongs to its bucket. */
  readonly bounds: readonly number[];
  /** By bucket, each for itself; the last one is of what is above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts values by their size. One costs a few nanoseconds, the more the larger it is. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.#counts[bucket] as number)++;
    this.#sum += value;
  }

  /** A copy. */
  read(): Distribution {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}

/** How many values a distribution is of. */
export function countOf({ counts }: Distribution): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
