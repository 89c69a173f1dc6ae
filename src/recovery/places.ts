import { ServerError } from "./errors.ts";
import { compareText } from "./line-writer.ts";
import { isQuotable, pattern, quoted } from "./quote.ts";
import type { Policy, Schema } from "./schema.ts";
import type { Server, Table } from "./server.ts";
import { fromClause, type Pair, type Unit, whereTime } from "./unit.ts";
import { ALL_TIME, compareTimes, intersection, type Span, shardAt, shardsOf, windowsOf } from "./windows.ts";

/** What a comparison is limited to; all there is unless given. Names are byte strings. */
export interface Scope {
  readonly db?: string | undefined;
  readonly rp?: string | undefined;
  readonly measurement?: string | undefined;
  readonly span?: Span | undefined;
}

/** A retention policy with the windows and measurements that are compared in it. */
export interface Place {
  readonly db: string;
  readonly rp: string;
  readonly onSource: boolean;
  readonly onTarget: boolean;
  /** The target's, or the source's where the target has none. */
  readonly policy: Policy;
  /** The target's other policies of the database. */
  readonly otherPolicies: readonly string[];
  /** Oldest first. */
  readonly windows: readonly Span[];
  readonly measurements: readonly string[];
  /** Measurements with a field of which the two servers know different types. */
  readonly oddTypes: ReadonlySet<string>;
}

/** What is in the way of a complete comparison, in words for people. */
export type Notice = (text: string) => void;

/** @throws {ServerError} */
export async function findPlaces(
  pair: Pair,
  [source, target]: readonly [Schema, Schema],
  scope: Scope,
  signal: AbortSignal,
  notice: Notice,
): Promise<Place[]> {
  const servers = [pair.source, pair.target];
  const shards = await Promise.all(servers.map((server) => showShards(server, signal)));
  const places: Place[] = [];
  for (const db of union(source.databases.keys(), target.databases.keys())) {
    if (scope.db !== undefined && db !== scope.db) continue;
    const sides = [source.databases.get(db), target.databases.get(db)];
    const fields = await Promise.all(servers.map((server, i) => sides[i] && fieldTypes(server, db, signal)));
    const measurements = union(...fields.map((known) => known?.keys() ?? [])).filter(
      (name) => scope.measurement === undefined || name === scope.measurement,
    );
    const readable = withoutDoubles(measurements, db, notice);
    for (const rp of union(...sides.map((side) => side?.policies.keys() ?? []))) {
      if (scope.rp !== undefined && rp !== scope.rp) continue;
      const policies = sides.map((side) => side?.policies.get(rp));
      const policy = (policies[1] ?? policies[0]) as Policy;
      const spans = await Promise.all(
        servers.map((server, i) => {
          const known = shards[i];
          if (policies[i] === undefined) return [];
          if (known !== undefined) return shardsOf(known, db, rp);
          return probedShards(
            server,
            { db, rp, measurements: readable, policy: policies[i] as Policy },
            signal,
          );
        }),
      );
      places.push({
        db,
        rp,
        onSource: policies[0] !== undefined,
        onTarget: policies[1] !== undefined,
        policy,
        otherPolicies: [...(sides[1]?.policies.keys() ?? [])].filter((name) => name !== rp),
        windows: windowsOf(spans.flat(), scope.span),
        measurements: readable,
        oddTypes: new Set(readable.filter((name) => typesDiffer(fields[0]?.get(name), fields[1]?.get(name)))),
      });
    }
  }
  return places;
}

const union = (...names: Iterable<string>[]): string[] =>
  [...new Set(names.flatMap((some) => [...some]))].sort(compareText);

/** Undefined if the user may not see them. */
async function showShards(server: Server, signal: AbortSignal): Promise<Table[] | undefined> {
  try {
    return await server.table("SHOW SHARDS", signal);
  } catch (error) {
    if (error instanceof ServerError && error.failure === "refused") return undefined;
    throw error;
  }
}

/** Measurement -> field -> its types. A field may have several, in several time shards. */
type FieldTypes = Map<string, Map<string, string>>;

async function fieldTypes(server: Server, db: string, signal: AbortSignal): Promise<FieldTypes> {
  const found: FieldTypes = new Map();
  for (const { name, rows } of await server.table(`SHOW FIELD KEYS ON ${quoted(db)}`, signal)) {
    const types = found.get(name) ?? new Map<string, string>();
    found.set(name, types);
    for (const [field, type] of rows) {
      const known = types.get(String(field));
      types.set(String(field), [...(known?.split(" ") ?? []), String(type)].sort().join(" "));
    }
  }
  return found;
}

function typesDiffer(
  source: ReadonlyMap<string, string> | undefined,
  target: ReadonlyMap<string, string> | undefined,
): boolean {
  if (source === undefined || target === undefined) return false;
  return [...source].some(([field, types]) => target.has(field) && target.get(field) !== types);
}

/** Without the measurements that no statement can tell apart, because of bytes in their names that are no UTF-8. */
function withoutDoubles(measurements: readonly string[], db: string, notice: Notice): string[] {
  const groups = Map.groupBy(measurements, (name) => (isQuotable(name) ? name : pattern(name)));
  return [...groups].flatMap(([text, names]) => {
    if (names.length === 1) return names;
    notice(`${names.length} measurements of ${db} cannot be told apart and are left out: ${text}`);
    return [];
  });
}

interface Probed {
  readonly db: string;
  readonly rp: string;
  readonly measurements: readonly string[];
  readonly policy: Policy;
}

/**
 * The time shards that hold points, for a user who may not see the shards: from the policy's shard duration, which is
 * wrong for times before it was last changed.
 */
async function probedShards(server: Server, probed: Probed, signal: AbortSignal): Promise<Span[]> {
  const found = new Map<bigint, Span>();
  for (const measurement of probed.measurements) {
    for (let from = ALL_TIME.start; ; ) {
      const time = await firstTime(
        server,
        { ...probed, measurement },
        { start: from, end: ALL_TIME.end },
        signal,
      );
      if (time === undefined) break;
      const shard = intersection(shardAt(time, probed.policy), ALL_TIME);
      found.set(shard.start, shard);
      from = shard.end;
    }
  }
  return [...found.values()].sort((a, b) => compareTimes(a.start, b.start));
}

async function firstTime(
  server: Server,
  place: Pick<Unit, "db" | "rp" | "measurement">,
  span: Span,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const q = `SELECT *::field FROM ${fromClause(place)} WHERE ${whereTime(span)} LIMIT 1`;
  const tables = await server.table(q, signal, place.db);
  const time = tables[0]?.rows[0]?.[0];
  return typeof time === "bigint" ? time : undefined;
}

/** The units of a place that lie in one window. */
export const unitsOf = ({ db, rp, onSource, onTarget, measurements }: Place, window: Span): Unit[] =>
  measurements.map((measurement) => ({ db, rp, measurement, onSource, onTarget, ...window }));
