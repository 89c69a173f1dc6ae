import type { Statement } from "./ast.ts";
import type { Select } from "./ast-select.ts";
import { walk } from "./walk.ts";

/**
 * The databases that a statement reads, changes or is about, each once: of its sources, its subqueries' too, of INTO
 * and of ON. `defaultDatabase` is that of the request, if it has one; what needs it and has none touches nothing.
 * Undefined is a statement about the server as a whole: users, shards, the list of databases.
 */
export function databasesOf(
  statement: Statement,
  defaultDatabase: string | undefined,
): readonly string[] | undefined {
  const named = namedDatabases(statement);
  if (named === undefined) return undefined;
  const databases = named.map((database) => database ?? defaultDatabase);
  return [...new Set(databases.filter((database) => database !== undefined && database !== ""))] as string[];
}

/** With undefined for the request's. */
function namedDatabases(statement: Statement): readonly (string | undefined)[] | undefined {
  switch (statement.kind) {
    case "select":
      return ofSelect(statement);
    case "explain":
      return ofSelect(statement.select);
    // The database of ON is the one that its query runs in.
    case "create-continuous-query":
      return [undefined, ...ofSelect(statement.select)].map((database) => database ?? statement.database);
    case "create-database":
    case "drop-database":
      return [statement.name];
    case "create-retention-policy":
    case "alter-retention-policy":
    case "drop-retention-policy":
    case "drop-continuous-query":
    case "create-subscription":
    case "drop-subscription":
    case "grant":
    case "revoke":
    case "show-retention-policies":
      return [statement.database];
    case "show-measurements":
    case "show-series":
    case "show-field-keys":
    case "show-tag-keys":
    case "show-tag-values":
    case "show-cardinality":
      return [statement.database, ...ofSources(statement, statement.database)];
    case "delete":
    case "drop-series":
    case "drop-measurement":
      return [undefined];
    default:
      return undefined;
  }
}

/** influxd ignores INTO in a subquery. */
function ofSelect(select: Select): readonly (string | undefined)[] {
  const databases = ofSources(select, undefined);
  return select.into === undefined ? databases : [...databases, select.into.database];
}

/** What every measurement in it names, or `otherwise`. */
function ofSources(statement: Statement, otherwise: string | undefined): readonly (string | undefined)[] {
  const databases: (string | undefined)[] = [];
  walk(statement, (node) => {
    if (node.kind === "measurement" || node.kind === "measurement-regex") {
      databases.push(node.database ?? otherwise);
    }
  });
  return databases;
}
