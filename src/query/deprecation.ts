import type { Statement } from "../influxql/ast.ts";
import { print } from "../influxql/print.ts";
import { goJson } from "../write/go-json.ts";

/** The `messages` of the result of a statement that changes something, if it came by GET; as InfluxDB prints them. */
export function deprecationOf(statement: string): string {
  const text = `deprecated use of '${statement}' in a read only context, please use a POST request instead`;
  return `[{"level":"warning","text":${goJson(text)}}]`;
}

/** The statement as InfluxDB shows it. */
export function shown(statement: Statement): string {
  if (statement.kind !== "create-user" && statement.kind !== "set-password") return print(statement);
  return print({ ...statement, password: "" }).replace("''", "[REDACTED]");
}
