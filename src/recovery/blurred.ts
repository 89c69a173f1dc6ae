import { quoteIdentifier } from "../influxql/quote.ts";
import { type FieldTypes, fieldTypes } from "./field-types.ts";
import { type PointDifference, pointDifference } from "./report.ts";
import type { Server } from "./server.ts";
import { fromClause, type Unit, whereTime } from "./unit.ts";
import { ALL_TIME, intersection, overlapsOf, type Span } from "./windows.ts";

const REASON =
  "time shards overlap here since ALTER RETENTION POLICY ... SHARD DURATION, and a field has several types: " +
  "InfluxDB gives values of one of them only";

/** A measurement in a span of time that lies in two time shards of a server, and in which not all values can be read. */
export interface Blurred extends Span {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
}

interface Where extends Pick<Unit, "db" | "rp"> {
  readonly measurements: readonly string[];
  /** Asked for unless they are known. */
  readonly types: FieldTypes | undefined;
}

/**
 * Shards of another duration may lie over older ones. A statement reads both at once and leaves out, without a word, the
 * values of all types of a field but one: so nobody knows whether such a measurement is the same on two servers.
 * @throws {ServerError}
 */
export async function blurredIn(
  server: Server,
  { db, rp, measurements, types }: Where,
  shards: readonly Span[],
  { span = ALL_TIME }: { readonly span?: Span | undefined },
  signal: AbortSignal,
): Promise<Blurred[]> {
  const spans = overlapsOf(shards)
    .map((overlap) => intersection(overlap, span))
    .filter(({ start, end }) => start < end);
  const found: Blurred[] = [];
  for (const measurement of spans.length === 0 ? [] : measurements) {
    const all = types ?? (await fieldTypes(server, db, fromClause({ rp, measurement }), signal));
    const fields = [...(all.get(measurement) ?? [])].filter(([, known]) => known.includes(" "));
    for (const one of fields.length === 0 ? [] : spans) {
      const part = { db, rp, measurement, ...one };
      if (await isBlurred(server, part, fields, signal)) found.push(part);
    }
  }
  return found;
}

/** True if there are values that a statement leaves out, or numbers that may be of the other kind. */
async function isBlurred(
  server: Server,
  part: Blurred,
  fields: readonly (readonly [name: string, types: string])[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const [name, types] of fields) {
    const field = quoteIdentifier(name);
    // An integer is a float here, too.
    const counts = ["", "::string", "::boolean", "::float"].map((type) => `count(${field}${type})`);
    const q = `SELECT ${counts.join()} FROM ${fromClause(part)} WHERE ${whereTime(part)}`;
    const [table] = await server.table(q, signal, part.db);
    const [given = 0, strings = 0, booleans = 0, numbers = 0] = (table?.rows[0] ?? []).slice(1).map(Number);
    if (given < strings + booleans + numbers) return true;
    if (numbers > 0 && types.includes("float") && types.includes("integer")) return true;
  }
  return false;
}

export const blurredDifference = (blurred: Blurred): PointDifference =>
  pointDifference(
    blurred,
    { start: blurred.start, end: blurred.end, sourcePoints: 0, targetPoints: 0 },
    { reason: REASON },
  );
