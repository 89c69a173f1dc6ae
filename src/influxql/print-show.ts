import type { Show, ShowCardinality } from "./ast-show.ts";
import {
  clause,
  joined,
  printCounts,
  printFrom,
  printGroupBy,
  printMeasurement,
  printOn,
  printWhere,
  printWithKey,
} from "./print-clauses.ts";
import { quoteIdentifier, quoteString } from "./quote.ts";

export function printShow(statement: Show): string {
  switch (statement.kind) {
    case "show-continuous-queries":
    case "show-databases":
    case "show-queries":
    case "show-shard-groups":
    case "show-shards":
    case "show-subscriptions":
    case "show-users":
      return words(statement.kind);
    case "show-stats":
    case "show-diagnostics":
      return joined(words(statement.kind), clause("FOR", statement.module, quoteString));
    case "show-grants":
      return `SHOW GRANTS FOR ${quoteIdentifier(statement.user)}`;
    case "show-retention-policies":
      return joined("SHOW RETENTION POLICIES", printOn(statement.database));
    case "show-measurements": {
      const { measurement } = statement;
      const operator = measurement?.kind === "measurement-regex" ? "=~" : "=";
      return joined(
        "SHOW MEASUREMENTS",
        printOn(statement.database),
        clause(`WITH MEASUREMENT ${operator}`, measurement, printMeasurement),
        printWhere(statement.where),
        printCounts(statement),
      );
    }
    case "show-field-keys":
      return joined(
        "SHOW FIELD KEYS",
        printOn(statement.database),
        printFrom(statement.from),
        printCounts(statement),
      );
    case "show-cardinality":
      return printCardinality(statement);
    default:
      return joined(
        words(statement.kind),
        printOn(statement.database),
        printFrom(statement.from),
        "withKey" in statement && statement.withKey ? printWithKey(statement.withKey) : undefined,
        printWhere(statement.where),
        printCounts(statement),
      );
  }
}

function printCardinality(statement: ShowCardinality): string {
  return joined(
    `SHOW ${words(statement.of)}`,
    statement.exact ? "EXACT CARDINALITY" : "CARDINALITY",
    printOn(statement.database),
    printFrom(statement.from),
    statement.withKey && printWithKey(statement.withKey),
    printWhere(statement.where),
    printGroupBy(statement.groupBy),
    printCounts(statement),
  );
}

/** The kinds are named after their keywords. */
const words = (kind: string): string => kind.toUpperCase().replaceAll("-", " ");
