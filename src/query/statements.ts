import type { Statement } from "../influxql/ast.ts";
import { databasesOf } from "../influxql/databases.ts";
import { ParamsError, ParseError } from "../influxql/errors.ts";
import { replaceNow } from "../influxql/now.ts";
import { type Params, parseParams } from "../influxql/params.ts";
import { parseQuery } from "../influxql/parse.ts";
import { print } from "../influxql/print.ts";
import { firstKeywords, isMutating } from "../influxql/statement-facts.ts";

/** A text of InfluxQL that was understood. */
export interface Understood {
  readonly statements: readonly QueryStatement[];
  /** Of which it reads and which it changes; undefined if one of them is about the server as a whole. */
  readonly databases: readonly string[] | undefined;
  /** True if one of them changes something. */
  readonly changes: boolean;
}

export interface QueryStatement {
  readonly statement: Statement;
  /** As it can be sent by itself, with the values of its parameters. */
  readonly text: string;
  readonly databases: readonly string[] | undefined;
  readonly changes: boolean;
}

/** A text that was not understood. */
export interface NotUnderstood {
  /** What InfluxDB would say, more or less. */
  readonly problem: string;
  /** True if a server that understands it may change something. */
  readonly mayChange: boolean;
}

/** Reads the text of a query with its `params`, both as the client sent them. */
export function understand(text: string, params: string, db: string): Understood | NotUnderstood {
  let values: Params;
  try {
    values = params === "" ? {} : parseParams(params);
    const statements = parseQuery(text, values).statements.map(
      ({ statement, text: written }): QueryStatement => ({
        statement,
        text: params === "" ? written : print(statement),
        databases: databasesOf(statement, db),
        changes: isMutating(statement),
      }),
    );
    return {
      statements,
      databases: allOf(statements),
      changes: statements.some(({ changes }) => changes),
    };
  } catch (error) {
    if (error instanceof ParseError)
      return { problem: `error parsing query: ${error.message}`, mayChange: mayChange(text) };
    if (error instanceof ParamsError) return { problem: error.message, mayChange: mayChange(text) };
    throw error;
  }
}

/** The text with a time in place of `now()`, so that replicas that run it at different times do the same. */
export function fixedText({ statement, text }: QueryStatement, nowNs: bigint): string {
  const fixed = print(replaceNow(statement, nowNs));
  return fixed === print(statement) ? text : fixed;
}

function allOf(statements: readonly QueryStatement[]): readonly string[] | undefined {
  const all = new Set<string>();
  for (const { databases } of statements) {
    if (databases === undefined) return undefined;
    for (const db of databases) all.add(db);
  }
  return [...all];
}

const READING: ReadonlySet<string> = new Set(["SELECT", "SHOW", "EXPLAIN"]);

/** Of a text that is no InfluxQL as it is known here: a server of another version may take it. */
function mayChange(text: string): boolean {
  return /\binto\b/i.test(text) || firstKeywords(text).some((word) => !READING.has(word));
}
