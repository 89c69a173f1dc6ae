import { type BadDuration, parseDuration } from "./duration.ts";
import { ParseError } from "./errors.ts";
import { bind, type Params } from "./params.ts";
import { positionAt, previousOffset } from "./position.ts";
import { Scanner } from "./scanner.ts";
import type { TokenType } from "./tokens.ts";

/**
 * How many parentheses, calls and subqueries may lie within each other. influxd has no limit; this keeps every
 * function that recurses into a tree far from the end of the stack.
 */
const MAX_DEPTH = 200;

/** What every part of the parser needs: one token ahead, parameters replaced, influxd's error texts. */
export class TokenReader {
  /** Of the token ahead. */
  type: TokenType = "EOF";
  literal = "";
  readonly params: Params;
  private readonly scanner: Scanner;
  private depth = 0;
  /** The token before the one ahead, for the error that tells where a text ended. */
  private lastFound = "";
  private lastErrorAt = 0;

  constructor(text: string, params: Params) {
    this.scanner = new Scanner(text);
    this.params = params;
    this.advance();
  }

  get start(): number {
    return this.scanner.start;
  }

  get previousEnd(): number {
    return this.scanner.previousEnd;
  }

  /** Space or a comment stands before the token ahead. */
  get spaced(): boolean {
    return this.scanner.spaced;
  }

  /** Offset that an error about the token ahead tells. */
  get errorAt(): number {
    return this.scanner.errorAt;
  }

  /** A point stands at once before the token ahead. */
  get afterPoint(): boolean {
    return this.scanner.text.charAt(this.scanner.start - 1) === ".";
  }

  /** Takes the point ahead and returns the character that follows at once, which stays. */
  point(): string {
    const { scanner } = this;
    const behind = scanner.text.charAt(scanner.end);
    if (behind === "") scanner.pastEnd = true;
    this.advance();
    return behind;
  }

  advance(): void {
    const { scanner } = this;
    this.lastFound = this.literal === "" ? this.type : this.literal;
    this.lastErrorAt = scanner.errorAt;
    scanner.next();
    this.type = scanner.type;
    this.literal = scanner.literal;
    if (this.type !== "BOUNDPARAM" || this.literal === "$") return;
    const bound = bind(this.params, this.literal.slice(1));
    if (bound === undefined) return;
    this.type = bound.type;
    this.literal = bound.literal;
  }

  is(type: TokenType): boolean {
    return this.type === type;
  }

  /** Takes the token ahead if it is this one. */
  accept(type: TokenType): boolean {
    if (this.type !== type) return false;
    this.advance();
    return true;
  }

  expect(...types: readonly TokenType[]): void {
    for (const type of types) if (!this.accept(type)) this.unexpected(type);
  }

  /** As `expect`, where influxd allows no space before the token. */
  expectAdjacent(type: TokenType): void {
    if (this.spaced) this.foundSpace(type);
    this.expect(type);
  }

  identifier(): string {
    return this.take("IDENT", "identifier");
  }

  identifiers(): readonly string[] {
    return this.list(() => this.identifier());
  }

  string(): string {
    return this.take("STRING", "string");
  }

  strings(): readonly string[] {
    return this.list(() => this.string());
  }

  list<T>(item: () => T): readonly T[] {
    const items = [item()];
    while (this.accept(",")) items.push(item());
    return items;
  }

  /** The pattern of a regular expression; undefined, and nothing taken, if there is none. */
  regex(): string | undefined {
    const { scanner } = this;
    if (this.type === "EOF") scanner.pastEnd = true;
    if (this.type === "/") {
      const before = previousOffset(scanner.text, scanner.start);
      if (!scanner.regex()) this.failAt("bad regex: ", before);
      scanner.errorAt = before;
      this.type = scanner.type;
      this.literal = scanner.literal;
    }
    if (this.type !== "REGEX") return undefined;
    const pattern = this.literal;
    this.advance();
    return pattern;
  }

  expectRegex(): string {
    return this.regex() ?? this.unexpected("regex");
  }

  uint64(): bigint {
    this.need("INTEGER", "integer");
    const value = BigInt(this.literal);
    if (value < 0n || value >= 2n ** 64n) {
      const problem = value < 0n ? "invalid syntax" : "value out of range";
      this.failHere(`strconv.ParseUint: parsing "${this.literal}": ${problem}`);
    }
    this.advance();
    return value;
  }

  /** An integer that is at least 1 and fits into 31 bits. */
  replication(): number {
    this.need("INTEGER", "integer");
    const value = BigInt(this.literal);
    const int = BigInt.asIntN(64, value) === value;
    if (!int) this.failHere(`strconv.Atoi: parsing "${this.literal}": value out of range`);
    const max = 2 ** 31 - 1;
    if (value < 1 || value > max) this.failHere(`invalid value ${value}: must be 1 <= n <= ${max}`);
    this.advance();
    return Number(value);
  }

  /** Nanoseconds; 0 for INF. */
  duration(): bigint {
    return this.accept("INF") ? 0n : this.durationLiteral("duration");
  }

  /** As `duration`, without INF. */
  durationLiteral(expected: string): bigint {
    this.need("DURATIONVAL", expected);
    const duration = parseDuration(this.literal);
    if (typeof duration !== "bigint") this.failHere((duration as BadDuration).problem);
    this.advance();
    return duration as bigint;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.depth === MAX_DEPTH) this.failHere(`nested more than ${MAX_DEPTH} deep`);
    this.depth += 1;
    const result = parse();
    this.depth -= 1;
    return result;
  }

  /** `found X, expected A, B at line L, char C`. */
  unexpected(...expected: readonly string[]): never {
    const found = this.literal === "" ? this.type : this.literal;
    this.failHere(`found ${found}, expected ${expected.join(", ")}`);
  }

  /** As `unexpected`, about the token before. */
  unexpectedLast(...expected: readonly string[]): never {
    this.failAt(`found ${this.lastFound}, expected ${expected.join(", ")}`, this.lastErrorAt);
  }

  /** As `unexpected`, about the space before the token. */
  foundSpace(...expected: readonly string[]): never {
    const { text, previousEnd, start } = this.scanner;
    this.failAt(`found ${text.slice(previousEnd, start)}, expected ${expected.join(", ")}`, previousEnd);
  }

  /** `message at line L, char C`, of the token ahead. */
  failHere(message: string): never {
    const { scanner } = this;
    const past = this.type === "EOF" && scanner.pastEnd;
    this.failAt(message, scanner.errorAt, past ? 1 : 0);
  }

  /** influxd tells no position in some messages, and line 1, char 1 in others: the message is whole. */
  fail(message: string): never {
    const { line, char } = positionAt(this.scanner.text, this.scanner.errorAt);
    throw new ParseError(message, line, char);
  }

  /** An offset as in messages. */
  place(offset: number): string {
    const { line, char } = positionAt(this.scanner.text, offset);
    return `at line ${line}, char ${char}`;
  }

  private failAt(message: string, offset: number, beyond = 0): never {
    const position = positionAt(this.scanner.text, offset);
    const char = position.char + beyond;
    throw new ParseError(`${message} at line ${position.line}, char ${char}`, position.line, char);
  }

  private need(type: TokenType, expected: string): void {
    if (this.type !== type) this.unexpected(expected);
  }

  private take(type: TokenType, expected: string): string {
    this.need(type, expected);
    const taken = this.literal;
    this.advance();
    return taken;
  }
}
