import type { MeasurementSource, Select, Source, Target } from "./ast-select.ts";
import { parseSegments } from "./parse-segments.ts";
import type { TokenReader } from "./token-reader.ts";

/** Of `FROM`; empty without. */
export function parseFrom(reader: TokenReader): readonly MeasurementSource[] {
  return reader.accept("FROM") ? reader.list(() => parseMeasurement(reader)) : [];
}

/** A measurement or, in parentheses, a query that `parseSelect` reads from behind its SELECT on. */
export function parseSource(reader: TokenReader, parseSelect: () => Select): Source {
  if (!reader.accept("(")) return parseMeasurement(reader);
  reader.expect("SELECT");
  const select = reader.nested(parseSelect);
  reader.expect(")");
  return { kind: "subquery", select };
}

export function parseMeasurement(reader: TokenReader): MeasurementSource {
  const alone = reader.regex();
  if (alone !== undefined) {
    return { kind: "measurement-regex", database: undefined, retentionPolicy: undefined, pattern: alone };
  }
  const segments = parseSegments(reader, reader.identifier());
  const pattern = segments.length < 3 && reader.afterPoint ? reader.regex() : undefined;
  if (pattern === undefined) {
    const [name = "", retentionPolicy, database] = segments.toReversed();
    return { kind: "measurement", ...location(database, retentionPolicy), name };
  }
  const [retentionPolicy, database] = segments.toReversed();
  return { kind: "measurement-regex", ...location(database, retentionPolicy), pattern };
}

/** Behind INTO. */
export function parseTarget(reader: TokenReader): Target {
  const segments = [...parseSegments(reader, reader.identifier())];
  if (segments.length < 3 && reader.type === ":" && (reader.afterPoint || reader.spaced)) {
    reader.expect(":", "MEASUREMENT");
    segments.push("");
  }
  const [name, retentionPolicy, database] = segments.toReversed();
  return { ...location(database, retentionPolicy), name: name || undefined };
}

/** An empty name is none for influxd. */
const location = (database: string | undefined, retentionPolicy: string | undefined) => ({
  database: database || undefined,
  retentionPolicy: retentionPolicy || undefined,
});
