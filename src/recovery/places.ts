import { quoteIdentifier } from "../influxql/quote.ts";
import { type Blurred, blurredIn } from "./blurred.ts";
import { ServerError } from "./errors.ts";
import { type FieldTypes, fieldTypes } from "./field-types.ts";
import { compareText } from "./line-writer.ts";
import type { OtherPolicy } from "./prune.ts";
import type { Policy, Schema } from "./schema.ts";
import type { Server, Table } from "./server.ts";
import { fromClause, type Pair, type Unit, whereTime } from "./unit.ts";
import { isHidden, isQuotable, pattern } from "./unquotable.ts";
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
  readonly others: readonly OtherPolicy[];
  /** Oldest first. */
  readonly windows: readonly Span[];
  readonly measurements: readonly string[];
  /** Measurements with a field of which the two servers know different types; in the default policy only. */
  readonly oddTypes: ReadonlySet<string>;
  /** What no statement can read all of. */
  readonly blurred: readonly Blurred[];
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
    const sides = [source, target].map(({ databases }) => databases.get(db)?.policies);
    const known = await Promise.all(servers.map((server, i) => sides[i] && knownOf(server, db, signal)));
    const [ours = NOTHING, theirs = NOTHING] = known;
    const measurements = union(ours.measurements, theirs.measurements).filter(
      (name) => scope.measurement === undefined || name === scope.measurement,
    );
    const told = readableOnes(measurements, db, notice);
    const odd = new Set(told.filter((name) => typesDiffer(ours.types.get(name), theirs.types.get(name))));
    for (const rp of union(...sides.map((policies) => policies?.keys() ?? []))) {
      if (scope.rp !== undefined && rp !== scope.rp) continue;
      const policies = sides.map((side) => side?.get(rp));
      const policy = (policies[1] ?? policies[0]) as Policy;
      const spans = await Promise.all(
        servers.map((server, i) =>
          spansOf(server, { db, rp, measurements: told, policy: policies[i] }, shards[i], signal),
        ),
      );
      places.push({
        ...{ db, rp, onSource: policies[0] !== undefined, onTarget: policies[1] !== undefined, policy },
        others: [...(sides[1]?.keys() ?? [])]
          .filter((name) => name !== rp)
          .map((name) => ({
            rp: name,
            prunable: scope.rp === undefined,
            onSource: sides[0]?.has(name) ?? false,
          })),
        windows: windowsOf(spans.flat(), scope.span),
        measurements: told,
        oddTypes: policy.isDefault ? odd : NONE,
        blurred: (
          await Promise.all(
            servers.map((server, i) => {
              const types = policies[i]?.isDefault === true ? known[i]?.types : undefined;
              return blurredIn(server, { db, rp, measurements: told, types }, spans[i] ?? [], scope, signal);
            }),
          )
        ).flat(),
      });
    }
  }
  return places;
}

const NONE: ReadonlySet<string> = new Set();

/** What a server has in a database, over all its policies. */
interface Known {
  readonly measurements: readonly string[];
  /** In the default policy. */
  readonly types: FieldTypes;
}

const NOTHING: Known = { measurements: [], types: new Map() };

async function knownOf(server: Server, db: string, signal: AbortSignal): Promise<Known> {
  const tables = await server.table(`SHOW MEASUREMENTS ON ${quoteIdentifier(db)}`, signal);
  const measurements = tables.flatMap(({ rows }) => rows.map(([name]) => String(name)));
  return { measurements, types: await fieldTypes(server, db, undefined, signal) };
}

interface Probed {
  readonly db: string;
  readonly rp: string;
  readonly measurements: readonly string[];
  /** Undefined if the server has none of this name. */
  readonly policy: Policy | undefined;
}

async function spansOf(
  server: Server,
  { policy, ...place }: Probed,
  shards: readonly Table[] | undefined,
  signal: AbortSignal,
): Promise<Span[]> {
  if (policy === undefined) return [];
  if (shards !== undefined) return shardsOf(shards, place.db, place.rp);
  return await probedShards(server, place, policy, signal);
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

function typesDiffer(
  source: ReadonlyMap<string, string> | undefined,
  target: ReadonlyMap<string, string> | undefined,
): boolean {
  if (source === undefined || target === undefined) return false;
  return [...source].some(([field, types]) => target.has(field) && target.get(field) !== types);
}

/**
 * Without the measurements that no statement can tell apart, because of bytes in their names that are no UTF-8, or that none
 * can read.
 */
function readableOnes(measurements: readonly string[], db: string, notice: Notice): string[] {
  const hidden = measurements.filter(isHidden);
  if (hidden.length > 0) notice(`InfluxDB reads nothing from ${hidden.join(", ")} of ${db}: left out`);
  const shown = measurements.filter((name) => !isHidden(name));
  const groups = Map.groupBy(shown, (name) => (isQuotable(name) ? name : pattern(name)));
  return [...groups].flatMap(([text, names]) => {
    if (names.length === 1) return names;
    notice(`${names.length} measurements of ${db} cannot be told apart and are left out: ${text}`);
    return [];
  });
}

/**
 * The time shards that hold points, for a user who may not see the shards: from the policy's shard duration, which is
 * wrong for times before it was last changed.
 */
async function probedShards(
  server: Server,
  { db, rp, measurements }: Omit<Probed, "policy">,
  policy: Policy,
  signal: AbortSignal,
): Promise<Span[]> {
  const found = new Map<bigint, Span>();
  for (const measurement of measurements) {
    for (let from = ALL_TIME.start; ; ) {
      const time = await firstTime(
        server,
        { db, rp, measurement },
        { start: from, end: ALL_TIME.end },
        signal,
      );
      if (time === undefined) break;
      const shard = intersection(shardAt(time, policy), ALL_TIME);
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
