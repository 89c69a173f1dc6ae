import type { DeleteSeries, DropOnDatabase, DropSubscription, Manage } from "./ast-manage.ts";
import { parseWhere } from "./parse-clauses.ts";
import { parseFrom } from "./parse-source.ts";
import type { TokenReader } from "./token-reader.ts";

/** From behind DROP on. */
export function parseDrop(reader: TokenReader): Manage {
  if (reader.accept("CONTINUOUS")) {
    reader.expect("QUERY");
    return parseOnDatabase(reader, "drop-continuous-query");
  }
  if (reader.accept("DATABASE")) return { kind: "drop-database", name: reader.identifier() };
  if (reader.accept("MEASUREMENT")) return { kind: "drop-measurement", name: reader.identifier() };
  if (reader.accept("RETENTION")) {
    reader.expect("POLICY");
    return parseOnDatabase(reader, "drop-retention-policy");
  }
  if (reader.accept("SERIES")) return parseDelete(reader, "drop-series");
  if (reader.accept("SHARD")) return { kind: "drop-shard", id: reader.uint64() };
  if (reader.accept("SUBSCRIPTION")) return parseDropSubscription(reader);
  if (reader.accept("USER")) return { kind: "drop-user", name: reader.identifier() };
  return reader.unexpected(
    "CONTINUOUS",
    "DATABASE",
    "MEASUREMENT",
    "RETENTION",
    "SERIES",
    "SHARD",
    "SUBSCRIPTION",
    "USER",
  );
}

/** From behind DELETE or DROP SERIES on. */
export function parseDelete(reader: TokenReader, kind: DeleteSeries["kind"]): DeleteSeries {
  if (reader.type !== "FROM" && reader.type !== "WHERE") reader.unexpected("FROM", "WHERE");
  const from = parseFrom(reader);
  // As in influxd the last word counts.
  const refused = from.findLast(({ database, retentionPolicy }) => database ?? retentionPolicy);
  if (refused !== undefined) {
    const what = refused.retentionPolicy === undefined ? "database" : "retention policy";
    reader.fail(`${what} not supported at line 1, char 1`);
  }
  return { kind, from, where: parseWhere(reader) };
}

function parseOnDatabase(reader: TokenReader, kind: DropOnDatabase["kind"]): DropOnDatabase {
  const name = reader.identifier();
  reader.expect("ON");
  return { kind, name, database: reader.identifier() };
}

function parseDropSubscription(reader: TokenReader): DropSubscription {
  const name = reader.identifier();
  reader.expect("ON");
  const database = reader.identifier();
  reader.expectAdjacent(".");
  return { kind: "drop-subscription", name, database, retentionPolicy: reader.identifier() };
}
