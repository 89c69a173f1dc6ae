import type { SpoolError } from "../errors.ts";
import type { Destination } from "../writer.ts";
import type { SegmentCounters } from "./segment-options.ts";

/** One write that one backend lacks, or had to be given up for. */
export interface NewRecord {
  readonly destination: Destination;
  /** Line protocol, not compressed. Nobody changes these bytes. */
  readonly body: Uint8Array;
  /** As in a {@link Write}: false when it would swallow the first line of what follows it. */
  readonly closed: boolean;
  /** Milliseconds that the relay had been running in all when the write was accepted: no step of a wall clock ages it. */
  readonly ranMs: number;
  /** Milliseconds since 1970 then. For people only. */
  readonly timeMs: number;
  /** What else is to be known of it, as the reason why it was given up; empty for a write that is to be delivered. */
  readonly note: string;
  /** True for an InfluxQL statement instead of a write: see `statement.ts`. */
  readonly statement?: boolean;
}

export interface SpoolRecord extends NewRecord {
  /** Its place: rising by one with each record of a log, also beyond a restart. */
  readonly seq: number;
}

/** A part of a log. */
export interface SpoolChunk {
  /** In order. Fewer than asked for where some are gone. */
  readonly records: readonly SpoolRecord[];
  /** Where to go on. Every record below it that was not given is gone. */
  readonly next: number;
  /** How many records of this part are not there because of damage; what they were is not known. */
  readonly damaged: number;
}

/**
 * How a record was stored: without an error it is as safe as the log promises. Called once, never before `append`
 * returns. A volatile log does not call it: there the record is stored when `append` returns.
 */
export type Stored = (error?: SpoolError) => void;

/**
 * An ordered log of records: the port behind what is kept for a backend. It refuses nothing for lack of room: the
 * bound is kept by its user, who must account for what is lost.
 */
export interface SpoolLog {
  /** True when it ends with the process: then `append` stores at once and no cursor needs to be made durable. */
  readonly volatile: boolean;
  /** The first record that may still be there. */
  readonly first: number;
  /** The place that the next record gets. */
  readonly next: number;
  /** What happened since it was opened; only of files. */
  readonly counters?: Readonly<SegmentCounters>;
  /** Bytes held, with what a record costs beside its body; for files: what they take on disk, damage set aside included. */
  readonly bytes: number;
  /** Takes its place at once. `stored` tells later whether it is safe; a {@link volatile} log needs and calls none. */
  append(record: NewRecord, stored?: Stored): number;
  /**
   * Records from `from` on, of about `maxBytes` in all, but at least one if there is any left.
   * @throws {SpoolError} when they cannot be read just now; damage is no error.
   */
  read(from: number, maxBytes: number): Promise<SpoolChunk>;
  /** One record is not needed any more. A log that can frees its room; one of files waits for {@link trim}. */
  done(seq: number): void;
  /** No record below `seq` is needed any more. */
  trim(seq: number): void;
  /**
   * The place behind the oldest records that can be freed together: what {@link trim} is worth calling with.
   * Undefined while there is nothing but what is being written.
   */
  oldest(): number | undefined;
  /** The running time of the newest record, 0 if there is none: the running time of the relay goes on from there. */
  readonly lastRanMs: number;
  /** Everything appended is stored, or was told to have failed; then the log is closed. */
  close(): Promise<void>;
}

/** Small facts that must survive together with the logs, as JSON values by name. */
export interface SpoolFacts {
  /** False if facts that were stored once are missing or damaged: what the logs say must be believed instead. */
  readonly intact: boolean;
  get(name: string): unknown;
  /**
   * Resolves when the value is as safe as the logs are. Of several values set for one name while one is being
   * stored only the last is stored, and all wait for it.
   * @throws {SpoolError}
   */
  set(name: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

/** Everything that is stored for one backend. */
export interface BackendSpool {
  /** What it lacks. */
  readonly main: SpoolLog;
  /** What it lacks of destinations that it is not ready for. */
  readonly hold: SpoolLog;
  /** What was given up, with the backend's words. */
  readonly dead: SpoolLog;
  readonly facts: SpoolFacts;
  /** True when what was stored last before the end may be missing, as after a power cut without `fsync = "always"`. */
  readonly doubtful: boolean;
  /** True when the process before this one may have left requests behind that the backend is still working on. */
  readonly abandoned: boolean;
}
