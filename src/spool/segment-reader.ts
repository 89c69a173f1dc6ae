import { SpoolError } from "../errors.ts";
import type { Destination } from "../writer.ts";
import type { SpoolChunk, SpoolRecord } from "./log.ts";
import type { StoredRecord } from "./record.ts";
import type { Segment } from "./segment.ts";
import type { SegmentDamage } from "./segment-damage.ts";
import type { SegmentDestinations } from "./segment-destinations.ts";
import type { ReadHandle } from "./segment-read-handle.ts";
import { type Found, SegmentScan } from "./segment-scan.ts";
import type { SegmentSet } from "./segment-set.ts";

const LARGEST_PIECE_BYTES = 2 ** 20;
const SMALLEST_PIECE_BYTES = 64 * 1024;
/** Places of readers that are remembered. */
const MAX_PLACES = 16;
const DECODER = new TextDecoder();

/** Where in a segment the first record from `seq` on starts. */
interface Place {
  readonly seq: number;
  readonly segment: Segment;
  readonly offset: number;
}

/** What the reader must know of what is being written. */
export interface ReadLimits {
  /** The place behind the last record that was stored. */
  readonly expected: number;
  /** The first place of which it is not known yet whether its record is stored, else the next one. */
  readonly undecided: number;
}

/** A read under way. */
interface Reading {
  /** Where it goes on. */
  at: number;
  bytes: number;
  readonly maxBytes: number;
  readonly records: SpoolRecord[];
  damaged: number;
  /** Segments in which damage was found. */
  readonly damagedSegments: Set<Segment>;
}

/** Reads records in order, across segments and past damage. */
export class SegmentReader {
  readonly #set: SegmentSet;
  readonly #handle: ReadHandle;
  readonly #damage: SegmentDamage;
  readonly #destinations: SegmentDestinations;
  readonly #limits: () => ReadLimits;
  /** Missing records below this place were counted. */
  #missedBelow = 0;
  /** The last used one last. */
  #places: Place[] = [];

  constructor(
    set: SegmentSet,
    handle: ReadHandle,
    damage: SegmentDamage,
    destinations: SegmentDestinations,
    limits: () => ReadLimits,
  ) {
    this.#set = set;
    this.#handle = handle;
    this.#damage = damage;
    this.#destinations = destinations;
    this.#limits = limits;
  }

  /** As `SpoolLog.read`. Only in turn with others that use the read handle. */
  async read(from: number, maxBytes: number): Promise<SpoolChunk> {
    const reading: Reading = {
      at: Math.max(from, this.#set.first?.first ?? 0),
      bytes: 0,
      maxBytes,
      records: [],
      damaged: 0,
      damagedSegments: new Set(),
    };
    try {
      await this.#readOn(reading);
    } catch (error) {
      // The next read may go well.
      await this.#handle.release().catch(() => undefined);
      throw error;
    }
    if (reading.damagedSegments.size > 0) await this.#handle.release();
    for (const segment of reading.damagedSegments) await this.#damage.setAside(segment);
    return { records: reading.records, next: reading.at, damaged: reading.damaged };
  }

  async #readOn(reading: Reading): Promise<void> {
    let segment = this.#set.holding(reading.at);
    while (segment !== undefined) {
      const { end } = segment;
      if (end > 0 && !(await this.#readSegment(reading, segment))) return;
      const after: Segment | undefined = this.#set.after(segment);
      // More may have been written to the last one meanwhile.
      if (after !== undefined || segment.end === end) segment = after;
    }
    const { expected, undecided } = this.#limits();
    if (expected > reading.at) this.#miss(reading, expected);
    reading.at = Math.max(reading.at, undecided);
  }

  /** False when enough was read before the end of the segment. */
  async #readSegment(reading: Reading, segment: Segment): Promise<boolean> {
    const wanted = Math.min(
      Math.max(reading.maxBytes - reading.bytes, SMALLEST_PIECE_BYTES),
      LARGEST_PIECE_BYTES,
    );
    const file = await this.#handle.file(segment.name);
    // More may be written meanwhile: what is behind this was not looked at.
    const { end } = segment;
    const scan = new SegmentScan(file, segment.name, end, wanted);
    const place = this.#placeFor(segment, reading.at);
    if (place === undefined) await scan.header();
    else scan.startAt(place.offset);
    for (;;) {
      const found = scan.nextRead() ?? (await scan.next());
      if (found === undefined) break;
      const { record } = found;
      if (record === undefined) this.#countDamage(reading, segment, found);
      else if (record.seq >= reading.at) {
        const size = found.end - found.offset;
        const destination = this.#destinations.last(record.destination);
        const given =
          destination === undefined
            ? await this.#decodeAndGive(reading, record, size)
            : this.#give(reading, record, size, destination);
        if (given) continue;
        this.#remember({ seq: reading.at, segment, offset: found.offset });
        return false;
      }
    }
    this.#remember({ seq: reading.at, segment, offset: end });
    return true;
  }

  /** False when there is no room for it in this chunk. */
  #give(reading: Reading, record: StoredRecord, size: number, destination: Destination): boolean {
    if (reading.records.length > 0 && reading.bytes + size > reading.maxBytes) return false;
    const { seq, ranMs, timeMs, closed, note, body, statement } = record;
    if (record.expected > reading.at) this.#miss(reading, record.expected);
    const text = note.length === 0 ? "" : DECODER.decode(note);
    const given = { seq, ranMs, timeMs, closed, destination, note: text, body };
    reading.records.push(statement ? { ...given, statement } : given);
    reading.bytes += size;
    reading.at = seq + 1;
    return true;
  }

  async #decodeAndGive(reading: Reading, record: StoredRecord, size: number): Promise<boolean> {
    try {
      return this.#give(reading, record, size, await this.#destinations.decode(record.destination));
    } catch (error) {
      // What was read before it is given; the next read tells.
      if (reading.records.length > 0 && error instanceof SpoolError) return false;
      throw error;
    }
  }

  #countDamage(reading: Reading, segment: Segment, { offset, end }: Found): void {
    reading.damagedSegments.add(segment);
    this.#damage.count(0, Math.max(0, end - Math.max(offset, segment.damageCounted)));
    segment.damageCounted = Math.max(segment.damageCounted, end);
  }

  /** The records below `expected` that were not found were stored once. */
  #miss(reading: Reading, expected: number): void {
    reading.damaged += expected - reading.at;
    this.#damage.count(Math.max(0, expected - Math.max(reading.at, this.#missedBelow)), 0);
    this.#missedBelow = Math.max(this.#missedBelow, expected);
  }

  /** The nearest remembered place at or before the record. */
  #placeFor(segment: Segment, seq: number): Place | undefined {
    let nearest: Place | undefined;
    for (const place of this.#places) {
      if (place.segment !== segment || place.seq > seq || place.offset > segment.end) continue;
      if (nearest === undefined || place.offset > nearest.offset) nearest = place;
    }
    return nearest;
  }

  #remember(place: Place): void {
    this.#places = this.#places.filter(({ seq, segment }) => seq !== place.seq || segment !== place.segment);
    this.#places.push(place);
    if (this.#places.length > MAX_PLACES) this.#places.shift();
  }
}
