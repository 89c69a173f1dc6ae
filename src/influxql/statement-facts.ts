import type { Statement } from "./ast.ts";
import { Scanner } from "./scanner.ts";
import { keywordOf } from "./tokens.ts";

/**
 * The statement changes data, what there is of databases, policies and users, or what a server does: all but SELECT
 * without INTO, SHOW and EXPLAIN. EXPLAIN ANALYZE runs a query, but influxd 1.6.7 does not write what it has INTO.
 */
export function isMutating(statement: Statement): boolean {
  if (statement.kind === "select") return statement.into !== undefined;
  return statement.kind !== "explain" && !statement.kind.startsWith("show-");
}

/** Its text must not appear in a log. */
export function hasPassword(statement: Statement): boolean {
  return statement.kind === "create-user" || statement.kind === "set-password";
}

/**
 * The word that a text begins with, in upper case, and empty if it begins with something else: what can be said of a
 * text that is no InfluxQL. Space, comments and semicolons before it do not count.
 */
export function firstKeyword(text: string): string {
  const scanner = new Scanner(text);
  do scanner.next();
  while (scanner.type === ";");
  return scanner.type === "IDENT" ? scanner.literal.toUpperCase() : (keywordOf(scanner.type) ?? "");
}
