import type { Expression } from "../../influxql/ast-expression.ts";
import type { Show } from "../../influxql/ast-show.ts";
import { tagsOf } from "./disjoint.ts";
import type { KeyMap } from "./key-map.ts";
import { allShards, ownersOf } from "./owners.ts";
import { tagsFirst } from "./pinned-tags.ts";
import { type Plan, refuse } from "./plan.ts";

/** The shard that answers for what is the same on all of them. */
const ANY = { kind: "route", shard: 0 } as const;

export function planShow(show: Show, map: KeyMap, db: string): Plan {
  switch (show.kind) {
    case "show-databases":
    case "show-continuous-queries":
      return { kind: "merge-list", shards: allShards(map), show };
    case "show-retention-policies":
    case "show-subscriptions":
    case "show-users":
    case "show-grants":
      return ANY;
    case "show-queries":
    case "show-shards":
    case "show-shard-groups":
    case "show-stats":
    case "show-diagnostics":
      return refuse(`${nameOf(show)} is about one server: ask that server`);
    default:
      return planLists(show, map, db);
  }
}

type Lists = Extract<Show, { readonly where?: unknown } | { readonly kind: "show-field-keys" }>;

function planLists(show: Lists, map: KeyMap, db: string): Plan {
  const shards = shardsOf(show, map, show.database ?? db);
  if (shards.length === 1) return { kind: "route", shard: shards[0] as number };
  if ("order" in show && show.order === "desc") {
    return refuse(`${nameOf(show)} with ORDER BY DESC over several shards: leave the order out`);
  }
  if (show.kind === "show-tag-keys" && ((show.seriesLimit ?? 0) > 0 || (show.seriesOffset ?? 0) > 0)) {
    return refuse(`${nameOf(show)} with SLIMIT over several shards: leave it out`);
  }
  if (
    show.kind === "show-cardinality" &&
    (show.groupBy.length > 0 || (show.limit ?? 0) > 0 || (show.offset ?? 0) > 0)
  ) {
    return refuse(`${nameOf(show)} with GROUP BY or LIMIT over several shards: leave them out`);
  }
  if (show.kind === "show-cardinality" && show.of !== "series") {
    if (show.of === "measurement" && show.from.length > 1)
      return refuse(`${nameOf(show)} FROM several names over several shards: name one`);
    const own = show.database ?? db;
    // What is counted here is listed before, by statements that look at all policies of the database of ON.
    if (show.from.some((name) => (name.database ?? own) !== own || name.retentionPolicy !== undefined)) {
      return refuse(
        `${nameOf(show)} FROM a policy or another database over several shards: name the measurement only, and the database with ON`,
      );
    }
  }
  if ("where" in show && show.where !== undefined) {
    if (show.kind === "show-cardinality" && show.of !== "series") {
      return refuse(`${nameOf(show)} with WHERE over several shards: leave it out`);
    }
    if (show.kind === "show-measurements" && tagsOf(map).length > 0 && !isUnion(show.where)) {
      return refuse(`${nameOf(show)} over several shards takes WHERE with = and OR only`);
    }
  }
  return { kind: "merge-list", shards, show };
}

/**
 * What meets the condition on one of the shards meets it on all of them together. influxd puts names of measurements
 * together for AND, and takes away for `!=` those of which any series has the value.
 */
function isUnion(where: Expression): boolean {
  if (where.kind === "paren") return isUnion(where.expression);
  if (where.kind !== "binary") return false;
  const { operator, left, right } = where;
  if (operator === "OR") return isUnion(left) && isUnion(right);
  return operator === "=" && left.kind === "reference" && right.kind === "string" && right.value !== "";
}

function shardsOf(show: Lists, map: KeyMap, db: string): readonly number[] {
  const condition = "where" in show ? show.where : undefined;
  // A measurement that has one tag at one customer and the other at another has both.
  const isOfSeveral = show.kind === "show-measurements" && condition !== undefined && !isUnion(condition);
  const where = isOfSeveral ? undefined : tagsFirst(condition);
  const from = show.kind === "show-measurements" ? (show.measurement ? [show.measurement] : []) : show.from;
  if (from.length === 0) return ownersOf(undefined, where, map, db);
  const owners = from.flatMap((source) => ownersOf(source, where, map, db));
  return [...new Set(owners)].sort((a, b) => a - b);
}

const nameOf = ({ kind }: Show): string => kind.replaceAll("-", " ").toUpperCase();
