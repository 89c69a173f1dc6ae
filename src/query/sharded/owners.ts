import type { Expression } from "../../influxql/ast-expression.ts";
import type { MeasurementSource, Select } from "../../influxql/ast-select.ts";
import type { KeyMap } from "./key-map.ts";
import { pinnedValues } from "./pinned-tags.ts";

/** More keys than that are not looked up one by one: all shards are taken for theirs. */
const MAX_KEYS = 1_000;

export const allShards = (map: KeyMap): readonly number[] => map.shards.map((_, index) => index);

/** The shards that may hold what a measurement's points under a condition are, in ascending order. */
export function ownersOf(
  source: MeasurementSource | undefined,
  where: Expression | undefined,
  map: KeyMap,
  db: string,
): readonly number[] {
  let keys: string[][] = [[]];
  for (const part of map.by) {
    const values = valuesOf(
      part.kind === "tag" ? pinnedValues(where, part.name) : fixed(part.kind, source, db),
    );
    if (values === undefined || values.length * keys.length > MAX_KEYS) return allShards(map);
    keys = keys.flatMap((key) => values.map((value) => [...key, value]));
  }
  // A condition that contradicts itself: whoever is asked has nothing.
  if (keys.length === 0) return [0];
  return [...new Set(keys.map((key) => map.owner(key)))].sort((a, b) => a - b);
}

const valuesOf = (values: Iterable<string> | undefined): readonly string[] | undefined =>
  values === undefined ? undefined : [...values];

function fixed(
  kind: "db" | "measurement",
  source: MeasurementSource | undefined,
  db: string,
): string[] | undefined {
  if (kind === "db") return [source?.database || db];
  return source?.kind === "measurement" ? [source.name] : undefined;
}

/** The same for everything that a query reads, its subqueries included. */
export function ownersOfSelect(select: Select, map: KeyMap, db: string): readonly number[] {
  const owners = select.from.flatMap((source) =>
    source.kind === "subquery"
      ? ownersOfSelect(source.select, map, db)
      : ownersOf(source, select.where, map, db),
  );
  return [...new Set(owners)].sort((a, b) => a - b);
}
