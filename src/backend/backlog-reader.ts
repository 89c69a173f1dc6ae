import type { Log } from "../observe/log.ts";
import type { Clock, Timer } from "../platform.ts";
import type { SpoolChunk, SpoolLog, SpoolRecord } from "../spool/log.ts";
import type { Destination, Write } from "../writer.ts";
import type { BacklogAge } from "./backlog-age.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import { Entry } from "./entry.ts";
import type { Handoff } from "./handoff.ts";
import { joinBodies } from "./joiner.ts";
import { sameDestination } from "./same-destination.ts";
import type { Ticket } from "./ticket.ts";

/** Bytes that are read from a log at a time. */
const CHUNK_BYTES = 1024 * 1024;
/** Small records that follow each other are read as one entry of up to this many bytes. */
const RUN_BYTES = 64 * 1024;
/** Bytes that all lanes of a backend together may have read and not delivered. */
const MAX_LOADED_BYTES = 16 * 1024 * 1024;
/** A log that cannot be read is tried again after so many milliseconds. */
const RETRY_MS = 1_000;

/** The backlog that is read. */
export interface ReadBacklog {
  readonly log: SpoolLog;
  known: number;
  readonly options: {
    readonly backend: string;
    readonly clock: Clock;
    readonly events: Log;
    readonly handoff: Pick<Handoff, "damaged" | "doubt">;
    readonly laneFor: (destination: Destination) => BacklogLane;
    readonly changes: { schedule(): void };
  };
  readonly lanes: ReadonlyMap<string, BacklogLane>;
  readonly age: Pick<BacklogAge, "note">;
  distinctLanes(): Iterable<BacklogLane>;
  keyOf(destination: Destination): string;
  isSkipped(place: number): boolean;
  wasDelivered(record: SpoolRecord): boolean;
  isTooOld(record: SpoolRecord): boolean;
  lose(record: SpoolRecord, reason: "too-old"): void;
  foundChange(record: SpoolRecord, isDoubtful: boolean): void;
  ticketFor(places: readonly number[], lane: BacklogLane): Ticket;
}

/** Why what is read again may differ from what the other replicas have. */
interface Doubts {
  /** It may have been delivered, and overtaken, before. */
  readonly doubtful: boolean;
  /** The backend may still be working on an older copy of what was in flight. */
  readonly abandoned: boolean;
}

/** Consecutive records of one lane and destination. */
interface Run {
  readonly destination: Destination;
  readonly records: SpoolRecord[];
  bytes: number;
  closed: boolean;
}

/**
 * Reads a log for the lanes that have a part of it there only, the one that is furthest behind first; a lane that
 * cannot send takes no part. After a start it also finds out which lanes there are.
 */
export class BacklogReader {
  /** Up to here it is known which lanes have records. */
  frontier: number;
  /** What was in the log when it was opened ends here. */
  readonly #opened: number;
  readonly #backlog: ReadBacklog;
  readonly #doubts: Doubts;
  #pumping = false;
  #stopped = false;
  #retry: Timer | undefined;
  #found = Promise.withResolvers<void>();

  constructor(backlog: ReadBacklog, cursor: number, doubts: Doubts) {
    this.#backlog = backlog;
    this.frontier = cursor;
    this.#opened = backlog.log.next;
    this.#doubts = doubts;
  }

  /** True while there may be lanes that are not known yet. */
  get discovering(): boolean {
    return this.frontier < this.#opened;
  }

  /** At most so many records are not known yet. */
  get unknownRecords(): number {
    return Math.max(0, this.#opened - this.frontier);
  }

  /** True for a record that has not been looked at yet. */
  isUnknown(place: number): boolean {
    return place < this.#opened && place >= this.frontier;
  }

  /** Resolves once all lanes are known. */
  get discovered(): Promise<void> {
    return this.discovering ? this.#found.promise : Promise.resolve();
  }

  /** The part of the log in which a lane that is new may have records. */
  unknownPart(): { next: number; end: number } | undefined {
    return this.discovering ? { next: this.frontier, end: this.#opened } : undefined;
  }

  /** Reads on, if it does not already, for as long as a lane has room. */
  pump(): void {
    if (this.#pumping || this.#stopped || this.#retry !== undefined) return;
    if (this.#from() === undefined) return;
    this.#pumping = true;
    void this.#run();
  }

  /** Nothing below `place` is there any more. */
  skipTo(place: number): void {
    if (this.discovering) this.frontier = Math.max(this.frontier, place);
    if (!this.discovering) this.#found.resolve();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#found.resolve();
  }

  async #run(): Promise<void> {
    const { events, backend, clock } = this.#backlog.options;
    try {
      for (let from = this.#from(); from !== undefined && !this.#stopped; from = this.#from()) {
        const chunk = await this.#backlog.log.read(from, CHUNK_BYTES);
        if (this.#stopped) break;
        this.#deal(chunk, from);
        // Records that are being stored just now are read once they are.
        if (chunk.records.length === 0 && chunk.next === from) break;
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const next = "what is kept there waits; see what is wrong with the disk";
      events.throttled("error", "spool-unreadable", { backend, error: message, next }, `spool ${backend}`);
      this.#retry = clock.after(RETRY_MS, () => {
        this.#retry = undefined;
        this.pump();
      });
    }
    this.#pumping = false;
  }

  /** Where to read on: where the hungry lane is that is furthest behind. */
  #from(): number | undefined {
    let from = this.discovering ? this.frontier : undefined;
    let loaded = 0;
    for (const lane of this.#backlog.distinctLanes()) {
      loaded += lane.loadedBytes;
      const { gap } = lane;
      if (gap !== undefined && lane.hungry && (from === undefined || gap.next < from)) from = gap.next;
    }
    return loaded < MAX_LOADED_BYTES ? from : undefined;
  }

  #deal(chunk: SpoolChunk, from: number): void {
    const { handoff } = this.#backlog.options;
    if (chunk.damaged > 0) handoff.damaged(chunk.damaged);
    const runs = new Map<BacklogLane, Run[]>();
    for (const record of chunk.records) {
      if (this.isUnknown(record.seq)) this.#backlog.age.note(record.seq, record.ranMs);
      if (record.statement) this.#findChange(record);
      const lane = this.#laneOf(record);
      if (lane !== undefined) addToRuns(runs, lane, record);
    }
    if (this.discovering && from <= this.frontier) this.frontier = Math.max(this.frontier, chunk.next);
    for (const lane of this.#backlog.distinctLanes()) {
      const { gap } = lane;
      if (gap === undefined || gap.next > chunk.next || gap.next < from || !lane.hungry) continue;
      lane.load(
        (runs.get(lane) ?? []).map((run) => this.#entry(run, lane)),
        Math.min(chunk.next, lane.limit),
      );
    }
    this.#backlog.options.changes.schedule();
    if (!this.discovering) this.#found.resolve();
  }

  /** The lane that a record is to be given to now, if any. */
  #laneOf(record: SpoolRecord): BacklogLane | undefined {
    const backlog = this.#backlog;
    const { seq } = record;
    if (record.statement || backlog.isSkipped(seq)) return undefined;
    const isOld = seq < this.#opened;
    const isNew = this.isUnknown(seq);
    if (isOld && backlog.wasDelivered(record)) return undefined;
    const lane = isNew
      ? backlog.options.laneFor(record.destination)
      : backlog.lanes.get(backlog.keyOf(record.destination));
    if (lane === undefined) return undefined;
    const { gap } = lane;
    const wanted = gap !== undefined && seq >= gap.next && seq < Math.min(gap.end, lane.limit) && lane.hungry;
    if (wanted && backlog.isTooOld(record)) {
      backlog.lose(record, "too-old");
      return undefined;
    }
    if (isNew) {
      lane.records++;
      backlog.known++;
    }
    if (!wanted) return undefined;
    // Of a lane, what was in flight comes first.
    if (isOld && (this.#doubts.doubtful || (isNew && this.#doubts.abandoned && lane.loadedBytes === 0)))
      backlog.options.handoff.doubt(record);
    return lane;
  }

  /** A change that nobody knows yet. */
  #findChange(record: SpoolRecord): void {
    const backlog = this.#backlog;
    if (!this.isUnknown(record.seq) || backlog.isSkipped(record.seq) || backlog.wasDelivered(record)) return;
    if (backlog.isTooOld(record)) backlog.lose(record, "too-old");
    else backlog.foundChange(record, this.#doubts.doubtful);
  }

  #entry(run: Run, lane: BacklogLane): Entry {
    const write: Write = {
      destination: run.destination,
      body: joinBodies(run.records.map(({ body }) => body)),
      hasLines: true,
      closed: run.closed,
      source: "",
      keep: "acknowledged",
      consistency: "one",
    };
    const entry = new Entry(write, lane);
    entry.decision = "keep";
    const places = run.records.map(({ seq }) => seq);
    entry.ticket = this.#backlog.ticketFor(places, lane);
    if (places.length > 1) entry.bodies = run.records.map(({ body }) => body);
    return entry;
  }
}

function addToRuns(runs: Map<BacklogLane, Run[]>, lane: BacklogLane, record: SpoolRecord): void {
  const known = runs.get(lane) ?? [];
  const { destination, closed, body } = record;
  const last = known.at(-1);
  const joins =
    last?.closed &&
    closed &&
    last.bytes + body.byteLength <= RUN_BYTES &&
    sameDestination(last.destination, destination);
  if (joins) {
    last.records.push(record);
    last.bytes += body.byteLength + 1;
  } else {
    known.push({ destination, records: [record], bytes: body.byteLength, closed });
  }
  runs.set(lane, known);
}
