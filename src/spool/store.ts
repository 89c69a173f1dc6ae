import type { Destination } from "../writer.ts";

/** One write that one backend still lacks. */
export interface SpoolRecord {
  /** The place in the backend's order of acceptance; unique and rising within a backend. */
  readonly seq: number;
  readonly destination: Destination;
  readonly body: Uint8Array;
}

/**
 * What one backend still lacks, in order: the port behind the handoff. A record is in the store from
 * {@link append} until {@link remove}; the store refuses nothing and drops nothing by itself: the bound is
 * kept by its user, who must account for what is lost.
 */
export interface SpoolStore<R extends SpoolRecord = SpoolRecord> {
  /** Returns once the record is as safe as the store promises. */
  append(record: R): void;
  /** The record was delivered, or given up. False when it was not there. */
  remove(seq: number): boolean;
  /** Records in the order in which they were appended. */
  records(): Iterable<R>;
  readonly count: number;
  /** Bytes held, with what a record costs beside its body. */
  readonly bytes: number;
}
