/** The words of InfluxQL 1.6 to 1.8 that are no identifiers without quotes. */
const KEYWORDS = [
  "ALL",
  "ALTER",
  "ANALYZE",
  "AND",
  "ANY",
  "AS",
  "ASC",
  "BEGIN",
  "BY",
  "CARDINALITY",
  "CONTINUOUS",
  "CREATE",
  "DATABASE",
  "DATABASES",
  "DEFAULT",
  "DELETE",
  "DESC",
  "DESTINATIONS",
  "DIAGNOSTICS",
  "DISTINCT",
  "DROP",
  "DURATION",
  "END",
  "EVERY",
  "EXACT",
  "EXPLAIN",
  "FALSE",
  "FIELD",
  "FOR",
  "FROM",
  "GRANT",
  "GRANTS",
  "GROUP",
  "GROUPS",
  "IN",
  "INF",
  "INSERT",
  "INTO",
  "KEY",
  "KEYS",
  "KILL",
  "LIMIT",
  "MEASUREMENT",
  "MEASUREMENTS",
  "NAME",
  "OFFSET",
  "ON",
  "OR",
  "ORDER",
  "PASSWORD",
  "POLICIES",
  "POLICY",
  "PRIVILEGES",
  "QUERIES",
  "QUERY",
  "READ",
  "REPLICATION",
  "RESAMPLE",
  "RETENTION",
  "REVOKE",
  "SELECT",
  "SERIES",
  "SET",
  "SHARD",
  "SHARDS",
  "SHOW",
  "SLIMIT",
  "SOFFSET",
  "STATS",
  "SUBSCRIPTION",
  "SUBSCRIPTIONS",
  "TAG",
  "TO",
  "TRUE",
  "USER",
  "USERS",
  "VALUES",
  "WHERE",
  "WITH",
  "WRITE",
] as const;

/** Words that later servers reserve: quoted when printed, identifiers when read. */
const LATER_KEYWORDS: readonly string[] = ["FUTURE", "PAST", "VERBOSE"];

export type Keyword = (typeof KEYWORDS)[number];

/** Also their text in error messages. */
export type SymbolToken =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "&"
  | "|"
  | "^"
  | "="
  | "!="
  | "=~"
  | "!~"
  | "<"
  | "<="
  | ">"
  | ">="
  | "("
  | ")"
  | ","
  | ":"
  | "::"
  | ";"
  | ".";

export type TokenType =
  | Keyword
  | SymbolToken
  | "EOF"
  | "ILLEGAL"
  | "IDENT"
  /** `$name` that has no value. */
  | "BOUNDPARAM"
  /** With a fraction. */
  | "NUMBER"
  | "INTEGER"
  | "DURATIONVAL"
  | "STRING"
  /** Without its closing quote in the same line. */
  | "BADSTRING"
  /** With a backslash before another character than `n`, `\`, `"` and `'`. */
  | "BADESCAPE"
  /** Of a parameter; the parser asks for the others where one may stand. */
  | "REGEX";

const KEYWORD_OF: ReadonlyMap<string, Keyword> = new Map(KEYWORDS.map((word) => [word.toLowerCase(), word]));
const LONGEST_KEYWORD = Math.max(...KEYWORDS.map((word) => word.length));

/** In any case of letters. */
export function keywordOf(word: string): Keyword | undefined {
  return word.length > LONGEST_KEYWORD ? undefined : KEYWORD_OF.get(word.toLowerCase());
}

export function isReserved(word: string): boolean {
  return keywordOf(word) !== undefined || LATER_KEYWORDS.includes(word.toUpperCase());
}

export const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

export const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Of an identifier without quotes. */
export const isWordCharacter = (code: number): boolean => isLetter(code) || isDigit(code) || code === 95;
