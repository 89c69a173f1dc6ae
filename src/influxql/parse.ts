import type { Explain, Statement } from "./ast.ts";
import type { Expression } from "./ast-expression.ts";
import type { Params } from "./params.ts";
import { parseAlter, parseCreate } from "./parse-create.ts";
import { parseDelete, parseDrop } from "./parse-drop.ts";
import { parseExpression as parseExpressionOf } from "./parse-expression.ts";
import { parseSelect } from "./parse-select.ts";
import { parseShow } from "./parse-show.ts";
import { parseGrant, parseKillQuery, parseRevoke, parseSetPassword } from "./parse-users.ts";
import { TokenReader } from "./token-reader.ts";
import { trimQuery } from "./trim.ts";

/** A text of any number of statements with `;` between. */
export interface Query {
  readonly statements: readonly QueryStatement[];
}

export interface QueryStatement {
  readonly statement: Statement;
  /** As it stands in the query, without semicolon and space around. Its parameters are not replaced. */
  readonly text: string;
}

/**
 * Reads InfluxQL as InfluxDB 1.6 to 1.8 do, all that they take and a little more: regular expressions and time
 * zones are not checked, nor is what influxd finds out only when it runs a statement; comments may stand wherever
 * space may, while influxd takes one where a regular expression could stand for the beginning of that. It is stricter in one thing:
 * parentheses, calls and subqueries lie at most 200 deep in each other.
 *
 * @throws ParseError whose message is that of influxd 1.6.7, but for what it says of a regular expression and, behind
 * a NUL, of the position. The space around a text is not part of it.
 */
export function parseQuery(text: string, params: Params = {}): Query {
  const trimmed = trimQuery(text);
  const reader = new TokenReader(trimmed, params);
  const statements: QueryStatement[] = [];
  for (;;) {
    while (reader.accept(";"));
    if (reader.is("EOF")) return { statements };
    const { start } = reader;
    const statement = parseAny(reader);
    statements.push({ statement, text: trimmed.slice(start, reader.previousEnd) });
    if (!reader.is("EOF") && !reader.is(";")) reader.unexpected(";");
  }
}

/** A single statement. @throws ParseError */
export function parseStatement(text: string, params: Params = {}): Statement {
  return parseWhole(text, params, parseAny);
}

/** What may stand behind WHERE. @throws ParseError */
export function parseExpression(text: string, params: Params = {}): Expression {
  return parseWhole(text, params, parseExpressionOf);
}

function parseWhole<T>(text: string, params: Params, parse: (reader: TokenReader) => T): T {
  const reader = new TokenReader(trimQuery(text), params);
  const whole = parse(reader);
  if (reader.type !== "EOF") reader.unexpected("EOF");
  return whole;
}

function parseAny(reader: TokenReader): Statement {
  if (reader.accept("SELECT")) return parseSelect(reader, "INTO allowed");
  if (reader.accept("DELETE")) return parseDelete(reader, "delete");
  if (reader.accept("SHOW")) return parseShow(reader);
  if (reader.accept("CREATE")) return parseCreate(reader);
  if (reader.accept("DROP")) return parseDrop(reader);
  if (reader.accept("EXPLAIN")) return parseExplain(reader);
  if (reader.accept("GRANT")) return parseGrant(reader);
  if (reader.accept("REVOKE")) return parseRevoke(reader);
  if (reader.accept("ALTER")) return parseAlter(reader);
  if (reader.accept("SET")) return parseSetPassword(reader);
  if (reader.accept("KILL")) return parseKillQuery(reader);
  return reader.unexpected(
    "SELECT",
    "DELETE",
    "SHOW",
    "CREATE",
    "DROP",
    "EXPLAIN",
    "GRANT",
    "REVOKE",
    "ALTER",
    "SET",
    "KILL",
  );
}

function parseExplain(reader: TokenReader): Explain {
  const analyze = reader.accept("ANALYZE");
  reader.expect("SELECT");
  return { kind: "explain", analyze, select: parseSelect(reader, "INTO allowed") };
}
