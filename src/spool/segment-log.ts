import { SpoolError } from "../errors.ts";
import type { NewRecord, SpoolChunk, SpoolLog, Stored } from "./log.ts";
import { SegmentAppender } from "./segment-appender.ts";
import { SegmentDestinations } from "./segment-destinations.ts";
import { newCounters, type SegmentCounters, type SegmentLogOptions } from "./segment-options.ts";
import { ReadHandle } from "./segment-read-handle.ts";
import { SegmentReader } from "./segment-reader.ts";
import { type Recovered, recover } from "./segment-recovery.ts";
import type { SegmentSet } from "./segment-set.ts";

/** A segment with more than this is freed as soon as nothing in it is needed, also if it is being written. */
const MAX_IDLE_BYTES = 64 * 1024;

/** A log in files: see docs/spool-format.md. */
export class SegmentLog implements SpoolLog {
  readonly volatile = false;
  readonly counters: SegmentCounters;
  readonly #set: SegmentSet;
  readonly #handle: ReadHandle;
  readonly #appender: SegmentAppender;
  readonly #reader: SegmentReader;
  #next: number;
  #closed: Promise<void> | undefined;

  /**
   * Opens the log that is in the directory, or a new one. Damage is no reason not to.
   * @throws {SpoolError} `version` when a newer relay wrote it; else when the files cannot be read
   */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    const context = { ...options, counters: newCounters() };
    const handle = new ReadHandle(options.directory);
    try {
      return new SegmentLog(context, handle, await recover(context, handle));
    } catch (error) {
      await handle.release().catch(() => undefined);
      throw error;
    }
  }

  private constructor(
    context: SegmentLogOptions & { readonly counters: SegmentCounters },
    handle: ReadHandle,
    { set, damage, start, next }: Recovered,
  ) {
    const destinations = new SegmentDestinations(context.sealer);
    this.counters = context.counters;
    this.#set = set;
    this.#handle = handle;
    this.#next = next;
    this.#appender = new SegmentAppender(context, set, handle, destinations, start);
    this.#reader = new SegmentReader(set, handle, damage, destinations, () => ({
      expected: this.#appender.expected,
      undecided: this.#appender.firstWaiting ?? this.#next,
    }));
  }

  get first(): number {
    return this.#set.first?.first ?? this.#next;
  }

  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#set.bytes;
  }

  get lastRanMs(): number {
    return this.#appender.ranMs;
  }

  append(record: NewRecord, stored: Stored): number {
    const seq = this.#next++;
    this.#appender.push(seq, record, stored);
    return seq;
  }

  read(from: number, maxBytes: number): Promise<SpoolChunk> {
    if (this.#closed !== undefined) return Promise.reject(new SpoolError("closed", "the spool is closed"));
    return this.#handle.inTurn(() => this.#reader.read(from, maxBytes));
  }

  /** Room is freed by segments: see {@link trim}. */
  done(_seq: number): void {}

  trim(seq: number): void {
    if (this.#closed !== undefined) return;
    this.#set.trim(seq);
    const { last } = this.#set;
    const isDrained = seq >= this.#next && this.#appender.firstWaiting === undefined;
    if (last !== undefined && last.size > MAX_IDLE_BYTES && isDrained) void this.#free(this.#next);
  }

  /** Removes the segment that is being written, in which nothing is needed. A new one tells the next place. */
  async #free(next: number): Promise<void> {
    await this.#appender.beginFresh(next);
    this.#set.trim(next);
  }

  oldest(): number | undefined {
    return this.#set.second?.first;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#appender.close();
    await this.#set.settled();
    await this.#handle.inTurn(() => this.#handle.release());
  }
}
