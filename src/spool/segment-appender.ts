import { SpoolError } from "../errors.ts";
import type { NewRecord, Stored } from "./log.ts";
import {
  encodeRecords,
  MAX_RECORD_BYTES,
  RECORD_HEADER_BYTES,
  type RecordToWrite,
  recordSize,
} from "./record.ts";
import type { SegmentDestinations } from "./segment-destinations.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { ReadHandle } from "./segment-read-handle.ts";
import type { SegmentSet } from "./segment-set.ts";
import { SegmentWriter, type WriterStart } from "./segment-writer.ts";

/** Bytes that may wait to be stored, with {@link WAITING_OVERHEAD} for each record. */
const MAX_WAITING_BYTES = 64 * 2 ** 20;
/** What a waiting record costs in memory beside its body. */
const WAITING_OVERHEAD = 500;
const ENCODER = new TextEncoder();
const NO_NOTE = new Uint8Array(0);

interface Waiting {
  readonly seq: number;
  readonly record: NewRecord;
  readonly stored: Stored;
}

/** What is appended, until it is stored: while one batch is being written the next one collects. */
export class SegmentAppender {
  readonly #context: SegmentContext;
  readonly #destinations: SegmentDestinations;
  readonly #writer: SegmentWriter;
  #queue: Waiting[] = [];
  /** Taken from the queue, neither stored nor failed yet. */
  #inWork: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  /** Where a segment is to begin because nothing in the last one is needed. */
  #freshFrom: number | undefined;
  #closing = false;

  constructor(
    context: SegmentContext,
    set: SegmentSet,
    handle: ReadHandle,
    destinations: SegmentDestinations,
    start: WriterStart,
  ) {
    this.#context = context;
    this.#destinations = destinations;
    this.#writer = new SegmentWriter(context, set, handle, start, () => void this.#run());
  }

  /** The first place of which it is not known whether its record is stored; undefined if there is none. */
  get firstWaiting(): number | undefined {
    return (this.#inWork[0] ?? this.#queue[0])?.seq;
  }

  /** The place behind the last record that was stored. */
  get expected(): number {
    return this.#writer.expected;
  }

  /** Running time of that record. */
  get ranMs(): number {
    return this.#writer.ranMs;
  }

  push(seq: number, record: NewRecord, stored: Stored): void {
    const cost = costOf(record);
    // What is larger than all that may wait is taken when nothing else waits.
    const tooMuch = this.#waitingBytes > 0 && this.#waitingBytes + cost > MAX_WAITING_BYTES;
    if (this.#closing) {
      this.#refuse(stored, new SpoolError("closed", "the spool is closed"));
    } else if (tooMuch) {
      this.#refuse(stored, new SpoolError("busy", "too much waits to be stored"));
    } else {
      this.#waitingBytes += cost;
      this.#queue.push({ seq, record, stored });
      void this.#run();
    }
  }

  #refuse(stored: Stored, error: SpoolError): void {
    queueMicrotask(() => this.#fail(stored, error));
  }

  /** Begins a new segment at this place if nothing more comes before; resolves when that is done or failed. */
  beginFresh(first: number): Promise<void> {
    this.#freshFrom = first;
    return this.#run();
  }

  /** Resolves when all that was pushed is stored or failed, and no file is open. */
  close(): Promise<void> {
    this.#closing = true;
    return this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#work();
    return this.#running;
  }

  async #work(): Promise<void> {
    // Whoever appends is told later, and what is appended in the same turn goes into one batch.
    await Promise.resolve();
    try {
      while (true) {
        if (this.#writer.mustReplace) await this.#writer.replace();
        else if (this.#queue.length > 0) await this.#storeSome();
        else if (this.#freshFrom !== undefined) await this.#beginFresh(this.#freshFrom);
        else break;
      }
      if (this.#closing) await this.#writer.finish();
    } finally {
      this.#running = undefined;
    }
  }

  async #beginFresh(first: number): Promise<void> {
    this.#freshFrom = undefined;
    if (first >= this.expected) await this.#writer.beginFresh(first);
  }

  async #storeSome(): Promise<void> {
    const records = await this.#take();
    if (records.length === 0) return;
    const pieces = encodeRecords(records, this.expected);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    let failure: SpoolError | undefined;
    try {
      await this.#writer.store({ records, pieces, bytes });
      const { counters } = this.#context;
      counters.appended += records.length;
      counters.bytesAppended += bytes;
      counters.writes++;
    } catch (error) {
      failure = asSpoolError(error);
    }
    this.#tell(failure);
  }

  /** Takes what is to be written next from the queue: as much as the segment has room for, but at least one record. */
  async #take(): Promise<RecordToWrite[]> {
    const records: RecordToWrite[] = [];
    let { room } = this.#writer;
    for (const waiting of this.#queue) {
      let record: RecordToWrite;
      try {
        record = await this.#encode(waiting);
      } catch (error) {
        if (records.length > 0) break;
        this.#inWork = this.#queue.splice(0, 1);
        this.#tell(asSpoolError(error));
        return records;
      }
      const size = recordSize(record);
      if (size > room && records.length > 0) break;
      if (size > room && this.#writer.hasRecords) {
        await this.#writer.leave();
        room = this.#writer.room;
      }
      room -= size;
      records.push(record);
    }
    this.#inWork = this.#queue.splice(0, records.length);
    return records;
  }

  async #encode({ seq, record }: Waiting): Promise<RecordToWrite> {
    const destination = await this.#destinations.encode(record.destination);
    const note = record.note === "" ? NO_NOTE : ENCODER.encode(record.note);
    const { ranMs, timeMs, closed, body, statement = false } = record;
    const encoded = { seq, ranMs, timeMs, closed, destination, note, body, statement };
    if (recordSize(encoded) > MAX_RECORD_BYTES) {
      throw new SpoolError("io", `a write of ${body.length} bytes is larger than can be stored`);
    }
    return encoded;
  }

  /** Tells everybody in work how it went. */
  #tell(failure: SpoolError | undefined): void {
    const told = this.#inWork;
    this.#inWork = [];
    for (const { record } of told) this.#waitingBytes -= costOf(record);
    for (const { stored } of told) {
      if (failure === undefined) stored();
      else this.#fail(stored, failure);
    }
  }

  #fail(stored: Stored, error: SpoolError): void {
    const { counters, log, backend, prefix } = this.#context;
    counters.failedAppends++;
    const event = "write not stored in the spool";
    log.throttled(
      "error",
      event,
      { backend, log: prefix, error: error.message },
      `${event} ${backend} ${prefix}`,
    );
    stored(error);
  }
}

function costOf({ body, note }: NewRecord): number {
  return body.length + note.length + WAITING_OVERHEAD + RECORD_HEADER_BYTES;
}

function asSpoolError(error: unknown): SpoolError {
  if (error instanceof SpoolError) return error;
  return new SpoolError("io", error instanceof Error ? error.message : String(error), { cause: error });
}
