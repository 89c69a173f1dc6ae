import type { Segment } from "./segment.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { ReadHandle } from "./segment-read-handle.ts";

/** The segments of one log, oldest first, and the room that its files take. */
export class SegmentSet {
  /** Files with damage set aside, and their bytes. */
  readonly setAside: Map<string, number>;
  readonly #context: SegmentContext;
  readonly #handle: ReadHandle;
  readonly #segments: Segment[];
  /** Not needed any more, oldest first, and not removed yet. */
  #unneeded: Segment[] = [];
  /** What they take when removing them failed. */
  #stuckBytes = 0;
  #segmentBytes: number;
  #removing: Promise<void> | undefined;

  /** @param segments By rising place. */
  constructor(
    context: SegmentContext,
    handle: ReadHandle,
    segments: Segment[],
    setAside: Map<string, number>,
  ) {
    this.#context = context;
    this.#handle = handle;
    this.#segments = segments;
    this.#segmentBytes = sizeOf(segments);
    this.setAside = setAside;
  }

  get setAsideBytes(): number {
    return [...this.setAside.values()].reduce((sum, size) => sum + size, 0);
  }

  /** What is being removed is not in it; what could not be removed is. */
  get bytes(): number {
    return this.#segmentBytes + this.#stuckBytes + this.setAsideBytes;
  }

  get first(): Segment | undefined {
    return this.#segments[0];
  }

  get second(): Segment | undefined {
    return this.#segments[1];
  }

  get last(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** The segment that has this place, if any has; the oldest for a place before all. */
  holding(seq: number): Segment | undefined {
    return this.#segments[Math.max(0, this.#countUpTo(seq) - 1)];
  }

  after(segment: Segment): Segment | undefined {
    return this.#segments[this.#countUpTo(segment.first)];
  }

  /** How many segments begin at or before this place. */
  #countUpTo(seq: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.first <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** False once it is not needed any more. */
  has(segment: Segment): boolean {
    return this.holding(segment.first) === segment;
  }

  push(segment: Segment): void {
    this.#segments.push(segment);
    this.#segmentBytes += segment.size;
  }

  /** It is gone from the disk. */
  forget(segment: Segment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#segmentBytes -= segment.size;
  }

  /** One of them takes so many bytes on disk now. */
  resize(segment: Segment, size: number): void {
    this.#segmentBytes += size - segment.size;
    segment.size = size;
  }

  /** Removes, soon, the segments all of whose records are below `seq`, and what could not be removed before. */
  trim(seq: number): void {
    const count = this.#countUpTo(seq) - 1;
    if (count > 0) {
      const unneeded = this.#segments.splice(0, count);
      this.#segmentBytes -= sizeOf(unneeded);
      this.#unneeded.push(...unneeded);
    }
    if (this.#unneeded.length === 0 || this.#removing !== undefined) return;
    this.#stuckBytes = 0;
    this.#removing = this.#handle.inTurn(() => this.#remove());
  }

  /** Resolves when nothing is being removed. */
  async settled(): Promise<void> {
    while (this.#removing !== undefined) await this.#removing;
  }

  /** In order, so that no segment is missing between others. */
  async #remove(): Promise<void> {
    const { directory, fsync, backend, log, counters } = this.#context;
    try {
      await this.#handle.release();
      while (this.#unneeded.length > 0) {
        for (let segment = this.#unneeded[0]; segment !== undefined; segment = this.#unneeded[0]) {
          await directory.remove(segment.name);
          this.#unneeded.shift();
        }
        if (fsync !== "never") await directory.sync();
      }
    } catch (error) {
      this.#stuckBytes = sizeOf(this.#unneeded);
      counters.failedRemovals++;
      log.throttled("error", "spool file not removed", {
        backend,
        file: this.#unneeded[0]?.name,
        error: String(error),
        advice: "it is tried again when the next one can be removed",
      });
    } finally {
      this.#removing = undefined;
    }
  }
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}
