import type { SpoolFile } from "../platform.ts";
import type { RecordToWrite } from "./record.ts";
import { encodeSegmentHeader, newSegment, SEGMENT_HEADER_BYTES, type Segment } from "./segment.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { SegmentSet } from "./segment-set.ts";

/** Bytes that are kept in memory until they are synced, so that a failed sync can be made good. */
const MAX_RETAINED_BYTES = 4 * 2 ** 20;

/** What is written at once. */
export interface Batch {
  readonly records: readonly RecordToWrite[];
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

/** A batch that was written, but not synced yet. */
interface Unsynced {
  readonly batch: Batch;
  /** Offset behind it. */
  readonly end: number;
}

/** The segment that is being written. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #context: SegmentContext;
  readonly #set: SegmentSet;
  readonly #file: SpoolFile;
  #unsynced: Unsynced[] = [];
  #retained = 0;
  /** Records that were written before these, neither synced nor retained, and the offset behind them. */
  #notRetained = { records: 0, end: 0 };
  #dirty = false;
  /** Up to this offset it survives a power cut. */
  #synced: number;

  private constructor(context: SegmentContext, set: SegmentSet, segment: Segment, file: SpoolFile) {
    this.#context = context;
    this.#set = set;
    this.segment = segment;
    this.#synced = segment.end;
    this.#file = file;
  }

  /** Goes on with the last segment of the set. */
  static async reopen(context: SegmentContext, set: SegmentSet, segment: Segment): Promise<ActiveSegment> {
    return new ActiveSegment(context, set, segment, await context.directory.open(segment.name));
  }

  /**
   * Makes a new last segment for records from `first` on. It is in the set as soon as there is a file, and has no
   * header until {@link begin}.
   */
  static async create(context: SegmentContext, set: SegmentSet, first: number): Promise<ActiveSegment> {
    const { last } = set;
    const hasRecords = last !== undefined && last.end > SEGMENT_HEADER_BYTES;
    // Names rise; what was written again after a failed sync may make the last one as high as this record.
    const segment = newSegment(context.prefix, hasRecords ? Math.max(first, last.first + 1) : first);
    if (last?.name === segment.name) {
      await context.directory.remove(segment.name);
      set.forget(last);
    }
    const file = await context.directory.open(segment.name);
    set.push(segment);
    return new ActiveSegment(context, set, segment, file);
  }

  async begin(expected: number, ranMs: number): Promise<void> {
    const header = encodeSegmentHeader(expected, ranMs);
    await this.#file.append([header]);
    this.#grow(header.length);
    if (this.#context.fsync !== "never") await this.#context.directory.sync();
  }

  get hasRecords(): boolean {
    return this.segment.end > SEGMENT_HEADER_BYTES;
  }

  /** True when a power cut could take away what was told to be stored. */
  get isUnsynced(): boolean {
    return this.#dirty;
  }

  /** Stores a batch; when it rejects, nothing of it counts as stored. */
  async write(batch: Batch): Promise<void> {
    await this.#file.append(batch.pieces);
    if (this.#context.fsync === "always") await this.#syncFile();
    else this.#remember(batch);
    this.#grow(batch.bytes);
  }

  #remember(batch: Batch): void {
    this.#dirty = true;
    if (this.#context.fsync === "never") return;
    this.#unsynced.push({ batch, end: this.segment.end + batch.bytes });
    this.#retained += batch.bytes;
    while (this.#retained > MAX_RETAINED_BYTES) {
      const { batch: oldest, end } = this.#unsynced.shift()!;
      this.#retained -= oldest.bytes;
      this.#notRetained = { records: this.#notRetained.records + oldest.records.length, end };
    }
  }

  #grow(bytes: number): void {
    this.segment.end += bytes;
    this.#set.resize(this.segment, this.segment.end);
  }

  /** Makes durable what was written when it was called. After a failure this file is not to be used any more. */
  async sync(): Promise<void> {
    const { end } = this.segment;
    await this.#syncFile();
    this.#synced = end;
    if (this.segment.end === end) this.#dirty = false;
    if (this.#notRetained.end <= end) this.#notRetained = { records: 0, end: 0 };
    this.#unsynced = this.#unsynced.filter((unsynced) => unsynced.end > end);
    this.#retained = this.#unsynced.reduce((sum, { batch }) => sum + batch.bytes, 0);
  }

  async #syncFile(): Promise<void> {
    const { clock, counters } = this.#context;
    const started = clock.monotonic();
    try {
      await this.#file.sync();
      counters.syncs++;
    } catch (error) {
      counters.failedSyncs++;
      throw error;
    } finally {
      counters.syncSeconds.observe((clock.monotonic() - started) / 1_000);
    }
  }

  /** What is not certain to survive a power cut; undefined when it is not held any more. */
  get unsyncedBatches(): Batch[] | undefined {
    return this.#notRetained.records > 0 ? undefined : this.#unsynced.map(({ batch }) => batch);
  }

  get unsyncedRecords(): number {
    return this.#unsynced.reduce((sum, { batch }) => sum + batch.records.length, this.#notRetained.records);
  }

  /** What is not certain to survive is now in another segment: nobody reads it here any more. */
  endAtSynced(): void {
    this.segment.end = Math.max(this.#synced, SEGMENT_HEADER_BYTES);
    this.#unsynced = [];
  }

  /** Removes what a failed write left behind what was written well. @throws {SpoolError} */
  async cutOff(): Promise<void> {
    await this.#file.truncate(this.segment.end);
    this.#set.resize(this.segment, this.segment.end);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
