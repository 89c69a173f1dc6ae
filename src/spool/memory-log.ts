import type { NewRecord, SpoolChunk, SpoolLog, SpoolRecord } from "./log.ts";

/** Bytes that one record costs in memory beside its body: the objects around it, 560 measured on V8, rounded up. */
const RECORD_OVERHEAD = 800;
/** {@link MemoryLog.oldest} names about this part of what is held. */
const OLDEST_PART = 0.01;
/** Places of freed records that are carried along at least, so that a short log is not tidied all the time. */
const MIN_GAPS = 64;

/** Keeps records in memory: they survive an outage of the backend, not a stop of the relay. */
export class MemoryLog implements SpoolLog {
  readonly volatile = true;
  readonly #records = new Map<number, SpoolRecord>();
  /** The places of the records, rising, with gaps for records that are gone: at most as many as there are records. */
  #places: number[] = [];
  /** Index in `#places` of the first one that is not a gap. */
  #head = 0;
  #next = 0;
  #bytes = 0;
  #lastRanMs = 0;

  get first(): number {
    return this.#places[this.#head] ?? this.#next;
  }

  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lastRanMs(): number {
    return this.#lastRanMs;
  }

  append(record: NewRecord): number {
    const seq = this.#next++;
    const { destination, body, closed, ranMs, timeMs, note, statement } = record;
    const stored = { destination, body, closed, ranMs, timeMs, note, seq };
    this.#records.set(seq, statement ? { ...stored, statement } : stored);
    this.#places.push(seq);
    this.#bytes += cost(record);
    this.#lastRanMs = ranMs;
    return seq;
  }

  async read(from: number, maxBytes: number): Promise<SpoolChunk> {
    const records: SpoolRecord[] = [];
    let bytes = 0;
    for (let index = this.#indexOf(from); index < this.#places.length; index++) {
      const record = this.#records.get(this.#places[index] as number);
      if (record === undefined) continue;
      bytes += record.body.byteLength;
      if (bytes > maxBytes && records.length > 0) return { records, next: record.seq, damaged: 0 };
      records.push(record);
    }
    return { records, next: this.#next, damaged: 0 };
  }

  done(seq: number): void {
    this.#free(seq);
    this.#tidy();
  }

  trim(seq: number): void {
    for (let index = this.#head; index < this.#places.length; index++) {
      const place = this.#places[index] as number;
      if (place >= seq) break;
      this.#free(place);
    }
    this.#tidy();
  }

  oldest(): number | undefined {
    let seq: number | undefined;
    let left = this.#bytes * OLDEST_PART;
    for (let index = this.#head; index < this.#places.length && left > 0; index++) {
      const record = this.#records.get(this.#places[index] as number);
      if (record === undefined) continue;
      left -= cost(record);
      seq = record.seq + 1;
    }
    return seq;
  }

  async close(): Promise<void> {
    // Nothing is open: what is held goes with the log itself.
  }

  #free(seq: number): void {
    const record = this.#records.get(seq);
    if (record === undefined) return;
    this.#records.delete(seq);
    this.#bytes -= cost(record);
  }

  /** Moves on over gaps at the head, and closes all of them once they outnumber the records. */
  #tidy(): void {
    const { length } = this.#places;
    while (this.#head < length && !this.#records.has(this.#places[this.#head] as number)) this.#head++;
    if (length <= MIN_GAPS + 2 * this.#records.size) return;
    this.#places = this.#places.filter((place) => this.#records.has(place));
    this.#head = 0;
  }

  /** Where the first place not below `seq` is in `#places`. */
  #indexOf(seq: number): number {
    let low = this.#head;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function cost(record: NewRecord): number {
  return record.body.byteLength + RECORD_OVERHEAD;
}
