import { previousOffset } from "./position.ts";
import { isDigit, isLetter, isWordCharacter, keywordOf, type SymbolToken, type TokenType } from "./tokens.ts";

const NUL = 0;
const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const DOLLAR = 36;
const APOSTROPHE = 39;
const STAR = 42;
const DASH = 45;
const DOT = 46;
const SLASH = 47;
const EQUALS = 61;
const TILDE = 126;
const BACKSLASH = 92;
const UNDERSCORE = 95;
const MICRO = 0xb5;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", "\\": "\\", '"': '"', "'": "'" };

/** The first characters of one and of two that are tokens; the longer one wins. */
const ONE = "+-*/%&|^=<>(),:;.";
const TWO: readonly string[] = ["=~", "!=", "!~", ">=", "<=", "<>", "::"];

/**
 * Reads a text token by token, in one pass. `type` and the other fields are of the token read last.
 * A regular expression is none: whether `/` divides is known to the parser only, which asks for it by `regex`.
 */
export class Scanner {
  readonly text: string;
  type: TokenType = "EOF";
  /** An identifier's name, a string's content, a number's text. Empty for keywords and symbols. */
  literal = "";
  /** Offset of the token's first character. */
  start = 0;
  /** Offset behind its last character. */
  end = 0;
  /** Offset behind the token before: the same as `start` when there is neither space nor comment between. */
  previousEnd = 0;
  /** Offset that an error about this token tells. */
  errorAt = 0;
  /** The end of the text is told as one character further on: see `skipEnd`. */
  pastEnd = false;

  constructor(text: string) {
    this.text = text;
  }

  /** Space or a comment stands before this token. */
  get spaced(): boolean {
    return this.previousEnd !== this.start;
  }

  next(): void {
    this.previousEnd = this.end;
    this.type = this.read();
  }

  private read(): TokenType {
    this.literal = "";
    const illegal = !this.skipSpace();
    this.start = this.errorAt;
    if (illegal) return this.finish(this.text.length, "ILLEGAL");
    const code = this.text.charCodeAt(this.start);
    if (code === NUL || Number.isNaN(code)) return this.finish(this.start, "EOF");
    if (isLetter(code) || code === UNDERSCORE || code === QUOTE) return this.word(this.start, "IDENT");
    if (isDigit(code)) return this.number();
    if (code === APOSTROPHE) return this.quoted(this.start, "STRING");
    if (code === DOLLAR) return this.word(this.start + 1, "BOUNDPARAM");
    if (code === DOT && isDigit(this.text.charCodeAt(this.start + 1))) return this.number();
    return this.symbol();
  }

  /** Reads the slash at `start` again, as the beginning of a regular expression; false if that does not end. */
  regex(): boolean {
    const { text } = this;
    let pattern = "";
    let from = this.start + 1;
    for (let at = from; ; at += 1) {
      const code = text.charCodeAt(at);
      if (isLineEnd(code)) return false;
      if (code === SLASH) {
        this.literal = pattern + text.slice(from, at);
        this.type = this.finish(at + 1, "REGEX");
        return true;
      }
      // All other escapes are the regular expression's own.
      if (code === BACKSLASH && text.charCodeAt(at + 1) === SLASH) {
        pattern += text.slice(from, at);
        at += 1;
        from = at;
      }
    }
  }

  private finish(end: number, type: TokenType): TokenType {
    this.end = end;
    return type;
  }

  /** To the next token, whose offset is in `errorAt` then; false if there is only a comment that does not end. */
  private skipSpace(): boolean {
    const { text } = this;
    let at = this.end;
    for (;;) {
      const code = text.charCodeAt(at);
      const following = text.charCodeAt(at + 1);
      this.errorAt = at;
      if (isSpace(code)) {
        do at += 1;
        while (isSpace(text.charCodeAt(at)));
        at = this.skipEnd(at);
      } else if (code === DASH && following === DASH) {
        while (!isLineEnd(text.charCodeAt(at))) at += 1;
        at = this.skipEnd(at);
      } else if (code === SLASH && following === STAR) {
        const end = text.indexOf("*/", at + 2);
        if (end < 0 || text.slice(at, end).includes("\0")) return false;
        at = end + 2;
      } else {
        return true;
      }
    }
  }

  /**
   * Within a word, space or a comment influxd reads one character more, if that is the end of the text: then a
   * second end is one character further on. It takes a NUL for the end, and so skips one there.
   */
  private skipEnd(at: number): number {
    if (at === this.text.length) this.pastEnd = true;
    return this.text.charCodeAt(at) === NUL ? at + 1 : at;
  }

  /** An identifier, a keyword or, behind a dollar, a parameter's name. A quoted part behind a bare one is all of it. */
  private word(from: number, type: "IDENT" | "BOUNDPARAM"): TokenType {
    const { text } = this;
    let at = from;
    let word = "";
    do {
      const piece = at;
      while (isWordCharacter(text.charCodeAt(at))) at += 1;
      word += text.slice(piece, at);
      if (text.charCodeAt(at) === QUOTE) return this.quoted(at, type);
      at = this.skipEnd(at);
    } while (isWordCharacter(text.charCodeAt(at)) || text.charCodeAt(at) === QUOTE);
    // Of two NULs in a row it skips both.
    if (text.charCodeAt(at - 1) === NUL) at = this.skipEnd(at);
    const keyword = type === "IDENT" ? keywordOf(word) : undefined;
    if (keyword === undefined) this.literal = type === "IDENT" ? word : `$${word}`;
    return this.finish(at, keyword ?? type);
  }

  /** From the quote at `from` to the next one like it. */
  private quoted(from: number, type: "IDENT" | "BOUNDPARAM" | "STRING"): TokenType {
    const { text } = this;
    const quote = text.charCodeAt(from);
    if (type === "STRING") this.errorAt = previousOffset(text, from);
    let content = "";
    let piece = from + 1;
    for (let at = piece; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        content += text.slice(piece, at);
        this.literal = type === "BOUNDPARAM" ? `$${content}` : content;
        return this.finish(at + 1, type);
      }
      if (isLineEnd(code)) {
        this.literal = content + text.slice(piece, at);
        this.errorAt = previousOffset(text, from);
        return this.finish(at, "BADSTRING");
      }
      if (code !== BACKSLASH) continue;
      const escaped = ESCAPES[text.charAt(at + 1)];
      if (escaped === undefined) {
        this.literal = `\\${character(text, at + 1)}`;
        this.errorAt = at + 1;
        return this.finish(at + 1, "BADESCAPE");
      }
      content += text.slice(piece, at) + escaped;
      at += 1;
      piece = at + 1;
    }
  }

  /** `12`, `1.5`, `.5`, `1.` (a number with the text `1`) or `1h30m`. There is no exponent. */
  private number(): TokenType {
    const { text } = this;
    const digits = this.digits(this.start);
    const following = text.charCodeAt(digits);
    if (following === DOT) {
      const end = this.digits(digits + 1);
      this.literal = end === digits + 1 ? text.slice(this.start, digits) : text.slice(this.start, end);
      return this.finish(end, "NUMBER");
    }
    let end = digits;
    if (isUnit(following)) while (isUnit(text.charCodeAt(end)) || isDigit(text.charCodeAt(end))) end += 1;
    this.literal = text.slice(this.start, end);
    return this.finish(end, end === digits ? "INTEGER" : "DURATIONVAL");
  }

  private digits(from: number): number {
    let at = from;
    while (isDigit(this.text.charCodeAt(at))) at += 1;
    return at;
  }

  private symbol(): TokenType {
    const { text, start } = this;
    const two = text.slice(start, start + 2);
    const following = text.charCodeAt(start + 1);
    // Most symbols stand before something that cannot belong to them.
    if (
      (following === EQUALS || following === TILDE || following === 62 || following === 58) &&
      TWO.includes(two)
    ) {
      return this.finish(start + 2, two === "<>" ? "!=" : (two as SymbolToken));
    }
    const one = text.charAt(start);
    if (ONE.includes(one)) return this.finish(start + 1, one as SymbolToken);
    this.literal = character(text, start);
    return this.finish(start + this.literal.length, "ILLEGAL");
  }
}

/** Of the line or of the text. */
const isLineEnd = (code: number): boolean =>
  code === NEWLINE || code === RETURN || code === NUL || Number.isNaN(code);
const isSpace = (code: number): boolean => code === 32 || code === 9 || code === NEWLINE || code === RETURN;
const isUnit = (code: number): boolean => isLetter(code) || code === MICRO;

/** The whole code point at an offset; empty at the end. */
function character(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}
