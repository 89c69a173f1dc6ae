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
 * The word that each statement of a text begins with, in upper case, and without those that begin with something
 * else: what can be said of a text that is no InfluxQL.
 */
export function firstKeywords(text: string): readonly string[] {
  const scanner = new Scanner(text);
  const words: string[] = [];
  let atStart = true;
  for (scanner.next(); scanner.type !== "EOF"; scanner.next()) {
    const word = scanner.type === "IDENT" ? scanner.literal.toUpperCase() : keywordOf(scanner.type);
    if (atStart && word !== undefined) words.push(word);
    atStart = scanner.type === ";";
  }
  return words;
}
