import * as v from "valibot";
import { cursorSchema } from "./cursor.ts";
import type { SpoolChunk, SpoolFacts, SpoolLog, SpoolRecord } from "./log.ts";
import { type Scope, scopeKey, scopeOf } from "./statement.ts";

/** Bytes that are read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** How far what is in a log was delivered, as the facts tell. */
export interface Position {
  /** Everything below is done. */
  readonly cursor: number;
  /** From here on nothing is done. */
  readonly end: number;
  /** By database and policy, where it is further on than the cursor. */
  readonly lanes: ReadonlyMap<string, number>;
  /** The same of statements, by `scopeKey`. */
  readonly changes: ReadonlyMap<string, ChangesDone>;
}

/** Of the statements with a place in the order of these databases, those below a place are done. */
export interface ChangesDone {
  readonly scope: Scope;
  readonly place: number;
}

/** Reads how far a log is from the fact of its name. Where the facts cannot be trusted, nothing in it counts as done. */
export function positionOf(log: SpoolLog, name: string, facts: SpoolFacts): Position {
  const stored = v.safeParse(cursorSchema, facts.get(name));
  if (!stored.success || !facts.intact)
    return { cursor: log.first, end: log.first, lanes: new Map(), changes: new Map() };
  const cursor = Math.max(stored.output.cursor, log.first);
  const lanes = stored.output.lanes.filter(([, , place]) => place > cursor);
  const changes = changesDone(stored.output.changes);
  return {
    cursor,
    end: Math.max(
      cursor,
      ...lanes.map(([, , place]) => place),
      ...[...changes.values()].map(({ place }) => place),
    ),
    lanes: new Map(lanes.map(([db, rp, place]) => [laneKey(db, rp), place])),
    changes,
  };
}

/** Makes it the position that counts from now on. Rejects with a SpoolError. */
export function storePosition(
  facts: SpoolFacts,
  name: string,
  { cursor, lanes, changes }: Omit<Position, "end">,
): Promise<void> {
  const rows = [...lanes]
    .filter(([, place]) => place > cursor)
    .map(([key, place]) => [...key.split("\0"), place]);
  return facts.set(name, { cursor, lanes: rows, ...changeRows(changes, cursor) });
}

/** What is stored of how far statements are; nothing where the cursor tells it all. */
export function changeRows(changes: Position["changes"], cursor: number) {
  const rows = [...changes.values()].filter(({ place }) => place > cursor);
  return rows.length === 0 ? {} : { changes: rows.map(({ scope, place }) => [scope ?? null, place]) };
}

/** What {@link changeRows} gave. */
export function changesDone(
  rows: readonly (readonly [readonly string[] | null, number])[],
): Map<string, ChangesDone> {
  return new Map(
    rows.map(([scope, place]) => [scopeKey(scope ?? undefined), { scope: scope ?? undefined, place }]),
  );
}

export function isDelivered({ cursor, lanes, changes }: Position, record: SpoolRecord): boolean {
  const { seq, destination, statement } = record;
  if (statement) return seq < Math.max(cursor, changes.get(scopeKey(scopeOf(record)))?.place ?? 0);
  return seq < Math.max(cursor, lanes.get(laneKey(destination.db, destination.rp)) ?? 0);
}

/** A log, and which of its records are still to be delivered. */
export interface Kept {
  readonly log: SpoolLog;
  /** How many those are; damaged ones may count until they are found. */
  readonly records: number;
  /** None of them is below it. */
  readonly first: number;
  isPending(record: SpoolRecord): boolean;
}

/** What is kept in a log that nobody delivers from just now. Throws what `SpoolLog.read` throws. */
export async function keptIn(log: SpoolLog, name: string, facts: SpoolFacts): Promise<Kept> {
  const position = positionOf(log, name, facts);
  const isPending = (record: SpoolRecord) => !isDelivered(position, record);
  let records = log.next - position.end;
  for await (const chunk of readBetween(log, position.cursor, position.end)) {
    records += chunk.records.filter(isPending).length;
  }
  return { log, records, first: position.cursor, isPending };
}

/** The records that are still to be delivered, the oldest first. Throws what `SpoolLog.read` throws. */
export async function* pendingOf({ log, first, isPending }: Kept): AsyncGenerator<SpoolRecord> {
  for await (const { records } of readBetween(log, first, log.next)) {
    for (const record of records) if (isPending(record)) yield record;
  }
}

/** The key of a database and policy in a {@link Position}. */
export function laneKey(db: string, rp: string): string {
  return `${db}\0${rp}`;
}

/** What is in a log from `from` on and below `to`, part by part. Throws what `SpoolLog.read` throws. */
export async function* readBetween(log: SpoolLog, from: number, to: number): AsyncGenerator<SpoolChunk> {
  for (let at = Math.max(from, log.first); at < to; ) {
    const chunk = await log.read(at, CHUNK_BYTES);
    const records = chunk.records.filter(({ seq }) => seq < to);
    yield { ...chunk, records };
    // Records that are being stored just now are not given yet.
    if (chunk.next <= at) return;
    at = chunk.next;
  }
}
