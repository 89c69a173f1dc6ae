import { OWN_DATABASE } from "../backend/own-database.ts";
import type { ShardKeyPart } from "../config/config.ts";
import { quoteIdentifier } from "../influxql/quote.ts";
import { KeyReader } from "../shard/key-reader.ts";
import type { Amount, Key } from "../shard/plan.ts";
import type { Series } from "./answer.ts";
import { byteString, bytesOf, fromReadable, readable } from "./bytes.ts";
import { ServerError } from "./errors.ts";
import { INTEGER, type Row } from "./msgpack.ts";
import type { Server } from "./server.ts";
import { fromClause, whereTime } from "./unit.ts";
import { ALL_TIME, type Span, shardsOf, windowsOf } from "./windows.ts";

/** What is asked for. */
export interface KeyScope {
  /** All databases unless given; a byte string. */
  readonly db: string | undefined;
  /** Counts points of these times too; without it only series. */
  readonly points: Span | undefined;
}

/** Some of the data of a server. The names are byte strings. */
export interface Found extends Amount {
  readonly db: string;
  readonly measurement: string;
  /** Its key, by each way to divide that was asked for. */
  readonly keys: readonly Key[];
}

/**
 * Tells all that a server has, in memory that does not grow with it: each series, then the points of each measurement and
 * key, at most a time shard at once. A point counts if it has the field that most points of its key have.
 * @returns the databases that were looked at; byte strings.
 * @throws {ServerError} what was told before is incomplete then.
 */
export async function readKeys(
  server: Server,
  bys: readonly (readonly ShardKeyPart[])[],
  scope: KeyScope,
  found: (one: Found) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const databases = await namesIn(server, "SHOW DATABASES", "", signal);
  const wanted = databases.filter((db) => db !== OWN_DATABASE && (scope.db === undefined || db === scope.db));
  const shards = scope.points && (await timeShards(server, signal));
  for (const db of wanted) {
    await readSeries(server, bys, db, found, signal);
    if (scope.points === undefined) continue;
    const measurements = await namesIn(server, `SHOW MEASUREMENTS ON ${quoteIdentifier(db)}`, db, signal);
    for (const rp of await namesIn(server, `SHOW RETENTION POLICIES ON ${quoteIdentifier(db)}`, db, signal)) {
      const windows =
        shards === undefined ? [scope.points] : windowsOf(shardsOf(shards, db, rp), scope.points);
      for (const window of windows) {
        for (const measurement of measurements) {
          await countPoints(server, bys, { db, rp, measurement, window }, found, signal);
        }
      }
    }
  }
  return wanted;
}

/** Measurements in which a field has the name of a tag that data is divided by; of the default policies. */
export async function fieldsNamedAs(
  server: Server,
  by: readonly ShardKeyPart[],
  databases: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly db: string; readonly measurement: string; readonly field: string }[]> {
  const tags = tagsOf([by]);
  const same: { db: string; measurement: string; field: string }[] = [];
  for (const db of tags.length === 0 ? [] : databases) {
    for (const { name, rows } of await server.table(
      `SHOW FIELD KEYS ON ${quoteIdentifier(db)}`,
      signal,
      db,
    )) {
      const fields = new Set(rows.map(([field]) => String(field)).filter((field) => tags.includes(field)));
      same.push(...[...fields].map((field) => ({ db, measurement: name, field })));
    }
  }
  return same;
}

/** The first column of a SHOW statement. */
async function namesIn(server: Server, q: string, db: string, signal: AbortSignal): Promise<string[]> {
  const tables = await server.table(q, signal, db);
  return tables.flatMap(({ rows }) => rows.map(([name]) => String(name)));
}

/** Undefined if the user may not see them. */
async function timeShards(server: Server, signal: AbortSignal) {
  try {
    return await server.table("SHOW SHARDS", signal);
  } catch (error) {
    if (error instanceof ServerError && error.failure === "refused") return undefined;
    throw error;
  }
}

/** InfluxDB tells a series as a line of a write begins, so its key is read as that of a write. */
async function readSeries(
  server: Server,
  bys: readonly (readonly ShardKeyPart[])[],
  db: string,
  found: (one: Found) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = new KeyReader([{ kind: "measurement" }]);
  const readers = bys.map((by) => new KeyReader(by));
  for (const reader of readers) reader.begin(readable(db));
  const row = (one: Row): void => {
    const line = one.bytes.subarray(one.starts[0], one.ends[0]);
    const keys = readers.map((reader) => keyOf(read(reader, line).slice()));
    const measurement = keyOf(read(name, line)).text;
    found({ db, measurement, keys, series: 1, points: 0 });
  };
  await server.rows(`SHOW SERIES ON ${quoteIdentifier(db)}`, { series: () => {}, row }, signal, db);
}

/** The bytes are those of the next key once that is read. */
function read(reader: KeyReader, line: Uint8Array): Uint8Array {
  const length = reader.read(line, 0, line.length);
  return reader.bytes.subarray(0, length);
}

interface Place {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
  readonly window: Span;
}

async function countPoints(
  server: Server,
  bys: readonly (readonly ShardKeyPart[])[],
  { db, rp, measurement, window }: Place,
  found: (one: Found) => void,
  signal: AbortSignal,
): Promise<void> {
  const tags = tagsOf(bys).map(quoteIdentifier);
  const where = window === ALL_TIME ? "" : ` WHERE ${whereTime(window)}`;
  const groups = tags.length === 0 ? "" : ` GROUP BY ${tags.join()}`;
  const q = `SELECT count(*) FROM ${fromClause({ rp, measurement })}${where}${groups}`;
  let keys: readonly Key[] | undefined;
  const series = (one: Series): void => {
    // A pattern that stands for a name may match others.
    keys = one.name === measurement ? bys.map((by) => keyOf(bytesOf(valuesOf(by, db, one)))) : undefined;
  };
  const row = (one: Row): void => {
    if (keys !== undefined) found({ db, measurement, keys, series: 0, points: mostOf(one) });
  };
  await server.rows(q, { series, row }, signal, db);
}

/** Of the fields of a row, after its time. */
function mostOf(row: Row): number {
  let most = 0;
  for (let at = 1; at < row.size; at++) {
    if (row.kinds[at] === INTEGER) most = Math.max(most, Number(row.integers[at]));
  }
  return most;
}

function valuesOf(by: readonly ShardKeyPart[], db: string, { name, tags }: Series): string {
  const value = (part: ShardKeyPart): string => {
    if (part.kind !== "tag") return part.kind === "db" ? db : name;
    const tag = fromReadable(part.name);
    return tags.find(([key]) => key === tag)?.[1] ?? "";
  };
  return by.map(value).join("\0");
}

const keyOf = (bytes: Uint8Array): Key => ({ bytes, text: byteString(bytes, 0, bytes.length) });

/** Byte strings. */
const tagsOf = (bys: readonly (readonly ShardKeyPart[])[]): string[] => [
  ...new Set(bys.flat().flatMap((part) => (part.kind === "tag" ? [fromReadable(part.name)] : []))),
];
