import type { KeyCondition, Show, ShowCardinality, ShowMeasurements, ShowModule } from "./ast-show.ts";
import { parseCount, parseGroupBy, parseOrder, parseWhere } from "./parse-clauses.ts";
import { parseFrom, parseMeasurement } from "./parse-source.ts";
import type { TokenReader } from "./token-reader.ts";

/** From behind SHOW on. */
export function parseShow(reader: TokenReader): Show {
  if (reader.accept("CONTINUOUS")) return ending(reader, "QUERIES", { kind: "show-continuous-queries" });
  if (reader.accept("DATABASES")) return { kind: "show-databases" };
  if (reader.accept("DIAGNOSTICS")) return parseModule(reader, "show-diagnostics");
  if (reader.accept("FIELD")) return parseField(reader);
  if (reader.accept("GRANTS")) {
    reader.expect("FOR");
    return { kind: "show-grants", user: reader.identifier() };
  }
  if (reader.accept("MEASUREMENT")) return parseMeasurementCardinality(reader);
  if (reader.accept("MEASUREMENTS")) return parseMeasurements(reader);
  if (reader.accept("QUERIES")) return { kind: "show-queries" };
  if (reader.accept("RETENTION")) {
    reader.expect("POLICIES");
    return { kind: "show-retention-policies", database: parseOn(reader) };
  }
  if (reader.accept("SERIES")) return parseSeries(reader);
  if (reader.accept("SHARD")) return ending(reader, "GROUPS", { kind: "show-shard-groups" });
  if (reader.accept("SHARDS")) return { kind: "show-shards" };
  if (reader.accept("STATS")) return parseModule(reader, "show-stats");
  if (reader.accept("SUBSCRIPTIONS")) return { kind: "show-subscriptions" };
  if (reader.accept("TAG")) return parseTag(reader);
  if (reader.accept("USERS")) return { kind: "show-users" };
  return reader.unexpected(
    "CONTINUOUS",
    "DATABASES",
    "DIAGNOSTICS",
    "FIELD",
    "GRANTS",
    "MEASUREMENT",
    "MEASUREMENTS",
    "QUERIES",
    "RETENTION",
    "SERIES",
    "SHARD",
    "SHARDS",
    "STATS",
    "SUBSCRIPTIONS",
    "TAG",
    "USERS",
  );
}

function ending(reader: TokenReader, keyword: "QUERIES" | "GROUPS", statement: Show): Show {
  reader.expect(keyword);
  return statement;
}

/** Of `ON`; an empty name is none for influxd. */
function parseOn(reader: TokenReader): string | undefined {
  return (reader.accept("ON") && reader.identifier()) || undefined;
}

function parseModule(reader: TokenReader, kind: ShowModule["kind"]): ShowModule {
  return { kind, module: (reader.accept("FOR") && reader.string()) || undefined };
}

function parsePage(reader: TokenReader) {
  return {
    order: parseOrder(reader),
    limit: parseCount(reader, "LIMIT"),
    offset: parseCount(reader, "OFFSET"),
  };
}

function parseMeasurements(reader: TokenReader): ShowMeasurements {
  return {
    kind: "show-measurements",
    database: parseOn(reader),
    measurement: parseWithMeasurement(reader),
    where: parseWhere(reader),
    ...parsePage(reader),
  };
}

/** Whether the operator is `=` or `=~` does not matter to influxd, only whether a regular expression follows. */
function parseWithMeasurement(reader: TokenReader): ShowMeasurements["measurement"] {
  if (!reader.accept("WITH")) return undefined;
  reader.expect("MEASUREMENT");
  if (!reader.accept("=") && !reader.accept("=~")) reader.unexpected("=", "=~");
  return parseMeasurement(reader);
}

/** influxd ignores an EXACT without CARDINALITY. */
function parseSeries(reader: TokenReader): Show {
  const exact = reader.accept("EXACT");
  if (reader.accept("CARDINALITY")) return parseCardinality(reader, "series", exact);
  return {
    kind: "show-series",
    database: parseOn(reader),
    from: parseFrom(reader),
    where: parseWhere(reader),
    ...parsePage(reader),
  };
}

function parseField(reader: TokenReader): Show {
  if (reader.accept("KEY")) return parseKeyCardinality(reader, "field-key");
  if (!reader.accept("KEYS")) reader.unexpected("KEY", "KEYS");
  return {
    kind: "show-field-keys",
    database: parseOn(reader),
    from: parseFrom(reader),
    ...parsePage(reader),
  };
}

function parseTag(reader: TokenReader): Show {
  if (reader.accept("KEY")) return parseKeyCardinality(reader, "tag-key");
  if (reader.accept("KEYS")) {
    return {
      kind: "show-tag-keys",
      database: parseOn(reader),
      from: parseFrom(reader),
      withKey: reader.type === "WITH" ? parseWithKey(reader) : undefined,
      where: parseWhere(reader),
      ...parsePage(reader),
      seriesLimit: parseCount(reader, "SLIMIT"),
      seriesOffset: parseCount(reader, "SOFFSET"),
    };
  }
  if (reader.accept("VALUES")) return parseTagValues(reader);
  return reader.unexpected("KEY", "KEYS", "VALUES");
}

function parseTagValues(reader: TokenReader): Show {
  if (reader.accept("EXACT")) {
    reader.expect("CARDINALITY");
    return parseCardinality(reader, "tag-values", true);
  }
  if (reader.accept("CARDINALITY")) return parseCardinality(reader, "tag-values", false);
  return {
    kind: "show-tag-values",
    database: parseOn(reader),
    from: parseFrom(reader),
    withKey: parseWithKey(reader),
    where: parseWhere(reader),
    ...parsePage(reader),
  };
}

function parseMeasurementCardinality(reader: TokenReader): ShowCardinality {
  const exact = reader.accept("EXACT");
  if (exact) reader.expect("CARDINALITY");
  else if (!reader.accept("CARDINALITY")) reader.unexpected("EXACT", "CARDINALITY");
  return parseCardinality(reader, "measurement", exact);
}

function parseKeyCardinality(reader: TokenReader, of: "field-key" | "tag-key"): ShowCardinality {
  const exact = reader.accept("EXACT");
  const expected = exact ? ["CARDINALITY"] : ["EXACT", "CARDINALITY"];
  if (!reader.accept("CARDINALITY")) reader.unexpected(...expected);
  return parseCardinality(reader, of, exact);
}

/** From behind CARDINALITY on. */
function parseCardinality(reader: TokenReader, of: ShowCardinality["of"], exact: boolean): ShowCardinality {
  return {
    kind: "show-cardinality",
    of,
    exact,
    database: parseOn(reader),
    from: parseFrom(reader),
    withKey: of === "tag-values" ? parseWithKey(reader) : undefined,
    where: parseWhere(reader),
    groupBy: parseGroupBy(reader),
    limit: parseCount(reader, "LIMIT"),
    offset: parseCount(reader, "OFFSET"),
  };
}

function parseWithKey(reader: TokenReader): KeyCondition {
  reader.expect("WITH", "KEY");
  const { type: kind } = reader;
  switch (kind) {
    case "IN": {
      reader.advance();
      reader.expect("(");
      const keys = reader.identifiers();
      reader.expect(")");
      return { kind: "in", keys };
    }
    case "=":
    case "!=":
      reader.advance();
      return { kind, key: reader.identifier() };
    case "=~":
    case "!~":
      reader.advance();
      return { kind, pattern: reader.expectRegex() };
    default:
      return reader.unexpected("IN", "=", "=~");
  }
}
