import type { Explain, Statement } from "./ast.ts";
import type { Expression } from "./ast-expression.ts";
import { ParseError } from "./errors.ts";
import type { Params } from "./params.ts";
import { parseAlter, parseCreate } from "./parse-create.ts";
import { parseDelete, parseDrop } from "./parse-drop.ts";
import { parseExpression as parseExpressionOf } from "./parse-expression.ts";
import { parseSelect } from "./parse-select.ts";
import { parseShow } from "./parse-show.ts";
import { parseGrant, parseKillQuery, parseRevoke, parseSetPassword } from "./parse-users.ts";
import { positionAt } from "./position.ts";
import { TokenReader } from "./token-reader.ts";

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
 * zones are not checked, nor is what influxd finds out only when it runs a statement. It is stricter in three
 * things: parentheses, calls and subqueries lie at most 200 deep in each other, there is no NUL in the text, and
 * `params` may not have what {@link Params} does not name.
 *
 * @throws ParseError whose message is that of influxd 1.6.7, but for what it says of a bad regular expression.
 */
export function parseQuery(text: string, params: Params = {}): Query {
  const reader = open(text, params);
  const statements: QueryStatement[] = [];
  for (;;) {
    while (reader.accept(";"));
    if (reader.is("EOF")) return { statements };
    const { start } = reader;
    const statement = parseAny(reader);
    statements.push({ statement, text: text.slice(start, reader.previousEnd) });
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
  const reader = open(text, params);
  const whole = parse(reader);
  if (reader.type !== "EOF") reader.unexpected("EOF");
  return whole;
}

/** influxd takes a NUL for the end of the text in some places and skips it in others. */
function open(text: string, params: Params): TokenReader {
  const nul = text.indexOf("\0");
  if (nul < 0) return new TokenReader(text, params);
  const { line, char } = positionAt(text, nul);
  throw new ParseError(`found NUL, expected text at line ${line}, char ${char}`, line, char);
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
