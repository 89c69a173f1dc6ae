import type { Select } from "../../influxql/ast-select.ts";
import { hasDisjointSeries, hasDisjointSubqueries, tagsOf } from "./disjoint.ts";
import type { KeyMap } from "./key-map.ts";
import { allShards, ownersOf, ownersOfSelect } from "./owners.ts";
import { type Broadcast, type Refuse, refuse } from "./plan.ts";
import { cutsSeries, wayOutOf } from "./plan-select.ts";

/**
 * Where a query that writes INTO runs: on each shard by itself, if what it reads there is all that it needs and what
 * it writes belongs there.
 */
export function planInto(select: Select, map: KeyMap, db: string): Broadcast | Refuse {
  const shards = ownersOfSelect(select, map, db);
  const reason = whyElsewhere(select, map, db, shards);
  return reason === undefined ? { kind: "broadcast", shards } : refuse(reason);
}

function whyElsewhere(
  select: Select,
  map: KeyMap,
  db: string,
  shards: readonly number[],
): string | undefined {
  const target = select.into;
  if (target === undefined) return "INTO is missing";
  const tags = tagsOf(map);
  if (tags.length > 0) {
    const keeps = hasDisjointSeries({ ...select, where: undefined }, map, db);
    if (!keeps) return `SELECT INTO would lose what tells the shard: add GROUP BY ${tags.join(", ")}`;
    if (!hasDisjointSubqueries(select, map, db)) return `SELECT INTO over several shards: ${wayOutOf(map)}`;
    if (cutsSeries(select) && shards.length > 1)
      return "SELECT INTO with SLIMIT or SOFFSET over several shards: leave it out";
  }
  const sources = select.from.flatMap((source) => (source.kind === "measurement" ? [source] : []));
  const from = sources[0];
  const needs = new Set(map.by.map(({ kind }) => kind));
  if (needs.has("db")) {
    const others = [target, ...sources].some(({ database }) => (database || db) !== (from?.database || db));
    if (from === undefined || others)
      return "SELECT INTO another database writes to other shards: copy it through /write";
  }
  if (!needs.has("measurement")) return undefined;
  // With its own name, what a shard reads belongs to it.
  if (target.name === undefined && (target.database || db) === (from?.database || db)) return undefined;
  if (tags.length === 0 && shards.length === 1 && target.name !== undefined) {
    const measurement = {
      kind: "measurement",
      database: target.database,
      retentionPolicy: undefined,
      name: target.name,
    } as const;
    const owners = ownersOf(measurement, undefined, map, db);
    if (owners.length === 1 && owners[0] === shards[0]) return undefined;
  }
  return "SELECT INTO a measurement of another shard: copy it through /write";
}

/** A shard runs a continuous query by itself. */
export function planContinuousQuery(select: Select, map: KeyMap, database: string): Broadcast | Refuse {
  return planInto(select, map, database);
}

export const everywhere = (map: KeyMap): Broadcast => ({
  kind: "broadcast",
  shards: allShards(map),
});
