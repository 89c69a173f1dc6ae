import type { Statement } from "../influxql/ast.ts";
import { print } from "../influxql/print.ts";
import type { QueryStatement } from "./statements.ts";

/** What a listener does not take. */
export interface Rules {
  /** Nothing that changes something. */
  readonly readOnly: boolean;
  /** The words that statements begin with, as `DROP` or `CREATE DATABASE`; of a SELECT INTO also `SELECT INTO`. */
  readonly deny: readonly string[];
}

/** Why a listener does not take a statement; undefined if it does. */
export function refusal(
  { statement, changes }: QueryStatement,
  { readOnly, deny }: Rules,
): string | undefined {
  if (readOnly && changes) return `${nameOf(statement)} is not allowed: this listener is read-only`;
  const denied = deny.find((words) => beginsWith(statement, words));
  return denied === undefined ? undefined : `${denied} is not allowed on this listener`;
}

/** Why a statement cannot be sent to several servers; undefined if it can. */
export function unfit({ kind }: Statement): string | undefined {
  if (kind === "kill-query") return "KILL QUERY names a query of one server: send it to that server";
  if (kind === "drop-shard") return "DROP SHARD names a shard of one server: send it to that server";
  return undefined;
}

/** Decided by what was understood, never by what was written. */
function beginsWith(statement: Statement, words: string): boolean {
  if (words === SELECT_INTO) return isSelectInto(statement);
  return `${print(statement)} `.startsWith(`${words} `);
}

const SELECT_INTO = "SELECT INTO";
const isSelectInto = (statement: Statement) => statement.kind === "select" && statement.into !== undefined;

/** Its first words, without what it is about. */
function nameOf(statement: Statement): string {
  return statement.kind === "select" ? SELECT_INTO : statement.kind.replaceAll("-", " ").toUpperCase();
}
