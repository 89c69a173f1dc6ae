import { SpoolError } from "../errors.ts";
import type { Timer } from "../platform.ts";
import { SEGMENT_HEADER_BYTES, type Segment } from "./segment.ts";
import { ActiveSegment, type Batch } from "./segment-active.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { ReadHandle } from "./segment-read-handle.ts";
import type { SegmentSet } from "./segment-set.ts";

/** What is known when a log is opened. */
export interface WriterStart {
  /** The place behind the last record that was stored. */
  readonly expected: number;
  /** Running time of that record, in milliseconds. */
  readonly ranMs: number;
  /** The last segment, if it can be gone on with. */
  readonly goOnWith: Segment | undefined;
}

/**
 * Writes batches to segments, one method at a time. After a failed write or sync the segment is left and what is not
 * safe is written to a new one, once: what a file holds behind a failure is not known, and a second sync of it may
 * succeed although the data is gone.
 */
export class SegmentWriter {
  readonly #context: SegmentContext;
  readonly #set: SegmentSet;
  readonly #handle: ReadHandle;
  readonly #onSyncFailure: () => void;
  #active: ActiveSegment | undefined;
  #goOnWith: Segment | undefined;
  #timer: Timer | undefined;
  #syncing: Promise<void> | undefined;
  #syncFailed = false;

  /** The place behind the last record that was stored. */
  expected: number;
  /** Running time of that record. */
  ranMs: number;

  /** @param onSyncFailure Called when {@link replace} is needed. */
  constructor(
    context: SegmentContext,
    set: SegmentSet,
    handle: ReadHandle,
    start: WriterStart,
    onSyncFailure: () => void,
  ) {
    this.#context = context;
    this.#set = set;
    this.#handle = handle;
    this.#onSyncFailure = onSyncFailure;
    this.expected = start.expected;
    this.ranMs = start.ranMs;
    this.#goOnWith = start.goOnWith;
  }

  /** True after a sync failed that no write was waiting for. */
  get mustReplace(): boolean {
    return this.#syncFailed;
  }

  /** Bytes that the segment has left; a new one takes also a record that is larger than it should be. */
  get room(): number {
    const last = this.#active?.segment ?? this.#goOnWith;
    return this.#context.segmentBytes - Math.max(last?.end ?? 0, SEGMENT_HEADER_BYTES);
  }

  get hasRecords(): boolean {
    return (this.#active?.segment ?? this.#goOnWith ?? { end: 0 }).end > SEGMENT_HEADER_BYTES;
  }

  /** @throws {SpoolError} when it is not stored, also not in a new segment. */
  async store(batch: Batch): Promise<void> {
    try {
      await this.#write(batch);
    } catch {
      await this.#write(batch);
    }
    const last = batch.records.at(-1)!;
    this.expected = last.seq + 1;
    this.ranMs = last.ranMs;
  }

  async #write(batch: Batch): Promise<void> {
    try {
      const active = await this.#open(batch.records[0]!.seq);
      await active.write(batch);
      this.#syncLater();
    } catch (error) {
      this.#context.counters.failedWrites++;
      this.#log(
        "spool write failed",
        error,
        "look at the disk; until it works again writes may be refused or lost",
      );
      await this.#giveUp(batch.bytes);
      throw error;
    }
  }

  /** The segment to write to, which if it is new begins at `first`. */
  async #open(first: number): Promise<ActiveSegment> {
    if (this.#active !== undefined) return this.#active;
    const goOnWith = this.#goOnWith;
    this.#goOnWith = undefined;
    if (goOnWith !== undefined) {
      this.#active = await ActiveSegment.reopen(this.#context, this.#set, goOnWith);
    } else {
      this.#active = await ActiveSegment.create(this.#context, this.#set, first);
      await this.#active.begin(this.expected, this.ranMs);
    }
    return this.#active;
  }

  /** Closes the segment that is being written; the next record begins a new one unless a failed sync began one. */
  async leave(): Promise<void> {
    await this.#syncing;
    this.#stopTimer();
    this.#goOnWith = undefined;
    const active = this.#active;
    if (active === undefined) return;
    const { fsync } = this.#context;
    if (fsync === "interval" && active.isUnsynced && !this.#syncFailed) {
      await active.sync().catch(this.#syncHasFailed);
    }
    if (this.#syncFailed) return this.replace();
    this.#active = undefined;
    await this.#closeFile(active);
  }

  /** Leaves the segment although it has room left. */
  async beginFresh(first: number): Promise<void> {
    try {
      await this.leave();
      await this.#open(first);
    } catch (error) {
      this.#log("spool file not begun", error, "the last one is kept until then");
      await this.#giveUp(SEGMENT_HEADER_BYTES);
    }
  }

  /** Closes for good. */
  async finish(): Promise<void> {
    const last = this.#active;
    if (this.#context.fsync === "never") {
      await last?.sync().catch((error: unknown) => this.#isDoubtful(last, error));
    }
    await this.leave();
    // Still there is what was written again after a failed sync.
    this.#stopTimer();
    const active = this.#active;
    this.#active = undefined;
    if (active === undefined) return;
    await active.sync().catch((error: unknown) => this.#isDoubtful(active, error));
    await this.#closeFile(active);
  }

  /** Leaves a segment of which a sync failed. */
  async replace(): Promise<void> {
    this.#syncFailed = false;
    const active = this.#active;
    this.#active = undefined;
    if (active === undefined) return;
    await this.#closeFile(active);
    await this.#rewrite(active);
  }

  /** Writes what may not survive a power cut again, to a new segment. */
  async #rewrite(old: ActiveSegment): Promise<void> {
    const batches = old.unsyncedBatches;
    try {
      if (batches === undefined) throw new SpoolError("io", "too much was waiting to be synced");
      // Not named after its first record, which is the name of the old one if nothing of that was synced.
      const active = await this.#open(this.expected);
      for (const batch of batches) await active.write(batch);
      this.#syncLater();
    } catch (error) {
      this.#isDoubtful(old, error);
      if (this.#active !== undefined) await this.#abandonRewrite(this.#active);
      return;
    }
    old.endAtSynced();
    await this.#cutOff(old.segment);
  }

  /** Best effort: what is behind the end of a segment is there twice. */
  async #cutOff(segment: Segment): Promise<void> {
    try {
      await this.#handle.inTurn(async () => {
        // Opening one that was removed meanwhile would make it again.
        if (!this.#set.has(segment)) return;
        const { end } = segment;
        await (await this.#handle.file(segment.name)).truncate(end);
        if (this.#set.has(segment)) this.#set.resize(segment, end);
      });
    } catch (error) {
      this.#log("spool file not cut off", error, "what it holds at its end is also in the next one");
    }
  }

  async #abandonRewrite(active: ActiveSegment): Promise<void> {
    this.#active = undefined;
    await this.#closeFile(active);
    await this.#measure(active.segment, 0);
    if (!active.hasRecords) await this.#removeLast(active.segment);
  }

  #isDoubtful(active: ActiveSegment, error: unknown): void {
    this.#context.counters.doubtfulRecords += active.unsyncedRecords;
    this.#log(
      "spool sync failed",
      error,
      "what was stored last can be read now, but may not survive a power cut; look at the disk",
    );
  }

  /** Leaves a segment of which a write failed. */
  async #giveUp(attemptedBytes: number): Promise<void> {
    await this.#syncing;
    const active = this.#active;
    this.#active = undefined;
    if (active === undefined) return;
    this.#stopTimer();
    let mustRewrite = this.#syncFailed;
    this.#syncFailed = false;
    try {
      await active.cutOff();
      if (active.isUnsynced && !mustRewrite && this.#context.fsync !== "never") await active.sync();
    } catch (error) {
      this.#log("spool file not cut off behind a failed write", error, "it is read up to there");
      mustRewrite = active.unsyncedRecords > 0;
      await this.#measure(active.segment, attemptedBytes);
    }
    await this.#closeFile(active);
    if (!active.hasRecords) await this.#removeLast(active.segment);
    if (mustRewrite) await this.#rewrite(active);
  }

  /** Finds out how long a file is of which that is not known. */
  async #measure(segment: Segment, attemptedBytes: number): Promise<void> {
    let size = segment.end + attemptedBytes;
    try {
      size = (await this.#context.directory.list()).find(({ name }) => name === segment.name)?.size ?? 0;
    } catch {
      // The most that it can be.
    }
    this.#set.resize(segment, size);
  }

  async #removeLast(segment: Segment): Promise<void> {
    try {
      await this.#context.directory.remove(segment.name);
      this.#set.forget(segment);
    } catch (error) {
      this.#log("spool file not removed", error, "it holds nothing");
    }
  }

  async #closeFile(active: ActiveSegment): Promise<void> {
    await active
      .close()
      .catch((error: unknown) => this.#log("spool file not closed", error, "look at the disk"));
  }

  #syncLater(): void {
    const { fsync, clock, fsyncIntervalMs } = this.#context;
    if (fsync !== "interval" || this.#timer !== undefined || this.#syncing !== undefined) return;
    this.#timer = clock.after(fsyncIntervalMs, () => {
      this.#timer = undefined;
      this.#syncNow();
    });
  }

  /** Beside the writes, so that these do not wait for a slow disk. */
  #syncNow(): void {
    const active = this.#active;
    if (active === undefined) return;
    this.#syncing = active
      .sync()
      .catch(this.#syncHasFailed)
      .finally(() => {
        this.#syncing = undefined;
        if (this.#syncFailed) this.#onSyncFailure();
        else if (active === this.#active && active.isUnsynced) this.#syncLater();
      });
  }

  #syncHasFailed = (error: unknown): void => {
    this.#syncFailed = true;
    this.#log("spool sync failed", error, "what it was for is written again to a new file; look at the disk");
  };

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #log(event: string, error: unknown, advice: string): void {
    const { log, backend, prefix } = this.#context;
    const message = error instanceof Error ? error.message : String(error);
    log.throttled(
      "error",
      event,
      { backend, log: prefix, error: message, advice },
      `${event} ${backend} ${prefix}`,
    );
  }
}
