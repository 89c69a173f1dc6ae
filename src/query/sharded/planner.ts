import type { Statement } from "../../influxql/ast.ts";
import type { Show } from "../../influxql/ast-show.ts";
import type { KeyMap } from "./key-map.ts";
import { ownersOf, ownersOfSelect } from "./owners.ts";
import { tagsFirst } from "./pinned-tags.ts";
import { type Plan, refuse } from "./plan.ts";
import { everywhere, planContinuousQuery, planInto } from "./plan-into.ts";
import { planSelect, wayOutOf } from "./plan-select.ts";
import { planShow } from "./plan-show.ts";

/**
 * What becomes of a statement, so that its answer is that of one server that has all of the shards' data, or a
 * refusal. @param db the request's database, empty if it has none
 */
export function planStatement(statement: Statement, map: KeyMap, db: string): Plan {
  switch (statement.kind) {
    case "select":
      return statement.into === undefined ? planSelect(statement, map, db) : planInto(statement, map, db);
    case "explain": {
      const [shard, ...others] = ownersOfSelect(statement.select, map, db);
      if (shard !== undefined && others.length === 0) return { kind: "route", shard };
      return refuse(`EXPLAIN tells of one server, and this query is one of several: ${wayOutOf(map)}`);
    }
    case "delete":
    case "drop-series": {
      const { from, where } = statement;
      const sources = from.length === 0 ? [undefined] : from;
      const shards = sources.flatMap((source) => ownersOf(source, tagsFirst(where), map, db));
      return { kind: "broadcast", shards: [...new Set(shards)].sort((a, b) => a - b) };
    }
    case "drop-measurement": {
      const measurement = {
        ...statement,
        kind: "measurement",
        database: undefined,
        retentionPolicy: undefined,
      } as const;
      return { kind: "broadcast", shards: ownersOf(measurement, undefined, map, db) };
    }
    case "create-continuous-query":
      return planContinuousQuery(statement.select, map, statement.database);
    case "drop-shard":
      return refuse("DROP SHARD names a shard of one server: send it to that server");
    case "kill-query":
      return refuse("KILL QUERY names a query of one server: send it to that server");
    case "create-subscription":
    case "drop-subscription":
      return refuse(
        "subscriptions of several servers would each send what they store: make them on the servers",
      );
    default:
      return isShow(statement) ? planShow(statement, map, db) : everywhere(map);
  }
}

const isShow = (statement: Statement): statement is Show => statement.kind.startsWith("show-");
