/**
 * A text that is no InfluxQL. The message is what influxd 1.6.7 answers behind `error parsing query: ` to the same
 * text, where {@link file://./parse.ts} says so.
 */
export class ParseError extends Error {
  readonly code = "INFLUXQL_PARSE";
  /** From 1. */
  readonly line: number;
  /** From 1, in code points, as influxd counts: of a string it is the character in front of its quote. */
  readonly char: number;

  constructor(message: string, line: number, char: number) {
    super(message);
    this.name = "ParseError";
    this.line = line;
    this.char = char;
  }
}

/** The JSON of `params` that influxd refuses before it looks at the query. The message is influxd's whole text. */
export class ParamsError extends Error {
  readonly code = "INFLUXQL_PARAMS";

  constructor(message: string) {
    super(message);
    this.name = "ParamsError";
  }
}
