import type {
  BinaryOperator,
  CastType,
  Expression,
  IntegerLiteral,
  UnsignedLiteral,
  Wildcard,
} from "./ast-expression.ts";
import { parseDuration } from "./duration.ts";
import { parseSegments } from "./parse-segments.ts";
import { PRECEDENCE } from "./precedence.ts";
import type { TokenReader } from "./token-reader.ts";

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

const TYPES: readonly string[] = ["float", "integer", "unsigned", "string", "boolean"] satisfies CastType[];

export function parseExpression(reader: TokenReader): Expression {
  return continueBinary(reader, parseUnary(reader), 1);
}

/** Also where an expression without operators stands: `SELECT /re/`, `GROUP BY /re/`, `count(/re/)`. */
export function parseRegexOrExpression(reader: TokenReader): Expression {
  const pattern = reader.regex();
  return pattern === undefined ? parseExpression(reader) : { kind: "regex", pattern };
}

/** Takes the operators behind `left` that bind at least as strongly as `weakest`. */
function continueBinary(reader: TokenReader, first: Expression, weakest: number): Expression {
  let left = first;
  for (;;) {
    const precedence = PRECEDENCE.get(reader.type);
    if (precedence === undefined || precedence < weakest) return left;
    const operator = reader.type as BinaryOperator;
    reader.advance();
    const operand: Expression =
      operator === "=~" || operator === "!~"
        ? { kind: "regex", pattern: reader.expectRegex() }
        : parseUnary(reader);
    const right = continueBinary(reader, operand, precedence + 1);
    left = { kind: "binary", operator, left, right };
  }
}

function parseUnary(reader: TokenReader): Expression {
  switch (reader.type) {
    case "(":
      return parseParen(reader);
    case "IDENT":
      return parseNamed(reader);
    case "DISTINCT":
      return parseDistinct(reader);
    case "*":
      return parseWildcard(reader);
    case "+":
    case "-":
      return parseSigned(reader);
    case "BOUNDPARAM":
      return failBound(reader);
    default:
      return parseLiteral(reader) ?? reader.unexpected("identifier", "string", "number", "bool");
  }
}

function parseParen(reader: TokenReader): Expression {
  reader.advance();
  const expression = reader.nested(() => parseExpression(reader));
  reader.expect(")");
  return { kind: "paren", expression };
}

/** A call, whose parenthesis follows at once, or a reference. */
function parseNamed(reader: TokenReader): Expression {
  const first = reader.identifier();
  if (reader.type === "(" && !reader.spaced) return parseCall(reader, first);
  const name = parseSegments(reader, first).join(".");
  return { kind: "reference", name, type: parseCast(reader) };
}

/** From the opening parenthesis on. */
function parseCall(reader: TokenReader, name: string): Expression {
  reader.advance();
  const args = reader.nested(() => {
    const pattern = reader.regex();
    if (pattern === undefined && reader.type === ")") return [];
    const first: Expression = pattern === undefined ? parseExpression(reader) : { kind: "regex", pattern };
    if (!reader.accept(",")) return [first];
    return [first, ...reader.list(() => parseRegexOrExpression(reader))];
  });
  reader.expect(")");
  return { kind: "call", name: name.toLowerCase(), args };
}

function parseCast(reader: TokenReader): CastType | undefined {
  if (!reader.is("::") || reader.spaced) return undefined;
  reader.advance();
  if (reader.spaced) reader.foundSpace("float", "integer", "string", "boolean", "field", "tag");
  if (reader.accept("FIELD")) return "field";
  if (reader.accept("TAG")) return "tag";
  if (reader.type !== "IDENT") reader.unexpected("float", "integer", "string", "boolean", "field", "tag");
  const type = reader.literal.toLowerCase();
  if (!TYPES.includes(type)) reader.unexpected(...TYPES, "field", "tag");
  reader.advance();
  return type as CastType;
}

function parseDistinct(reader: TokenReader): Expression {
  reader.advance();
  if (reader.type === "(" && !reader.spaced) return parseCall(reader, "distinct");
  if (!reader.spaced) reader.unexpected("(", "identifier");
  return { kind: "distinct", name: reader.identifier() };
}

function parseWildcard(reader: TokenReader): Wildcard {
  reader.advance();
  if (!reader.is("::") || reader.spaced) return { kind: "wildcard", type: undefined };
  reader.advance();
  if (reader.spaced) reader.foundSpace("field", "tag");
  if (reader.accept("FIELD")) return { kind: "wildcard", type: "field" };
  if (reader.accept("TAG")) return { kind: "wildcard", type: "tag" };
  return reader.unexpected("field", "tag");
}

/** A sign belongs to a literal, and multiplies anything else. */
function parseSigned(reader: TokenReader): Expression {
  const sign = reader.type === "-" ? -1n : 1n;
  reader.advance();
  if (!["NUMBER", "INTEGER", "DURATIONVAL", "(", "IDENT"].includes(reader.type)) {
    reader.unexpected("identifier", "number", "duration", "(");
  }
  const operand = parseUnary(reader);
  switch (operand.kind) {
    case "number":
      return { kind: "number", value: operand.value * Number(sign) };
    case "integer":
      return { kind: "integer", value: BigInt.asIntN(64, operand.value * sign) };
    case "duration":
      return { kind: "duration", nanoseconds: BigInt.asIntN(64, operand.nanoseconds * sign) };
    case "unsigned":
      return sign === 1n ? operand : negated(reader, operand);
    default:
      return { kind: "binary", operator: "*", left: { kind: "integer", value: sign }, right: operand };
  }
}

function negated(reader: TokenReader, { value }: UnsignedLiteral): IntegerLiteral {
  if (-value < MIN_INT64) reader.fail(`constant -${value} underflows int64`);
  return { kind: "integer", value: -value };
}

function parseLiteral(reader: TokenReader): Expression | undefined {
  const literal = literalOf(reader);
  if (literal !== undefined) reader.advance();
  return literal;
}

function literalOf(reader: TokenReader): Expression | undefined {
  const { type, literal } = reader;
  switch (type) {
    case "STRING":
      return { kind: "string", value: literal };
    case "NUMBER": {
      const value = Number(literal);
      return Number.isFinite(value) ? { kind: "number", value } : reader.failHere("unable to parse number");
    }
    case "INTEGER": {
      const value = BigInt(literal);
      if (value >= MIN_INT64 && value <= MAX_INT64) return { kind: "integer", value };
      if (value > MAX_INT64 && value <= MAX_UINT64) return { kind: "unsigned", value };
      return reader.failHere("unable to parse integer");
    }
    case "TRUE":
    case "FALSE":
      return { kind: "boolean", value: type === "TRUE" };
    case "DURATIONVAL": {
      const nanoseconds = parseDuration(literal);
      if (typeof nanoseconds !== "bigint") return reader.fail(nanoseconds.problem);
      return { kind: "duration", nanoseconds };
    }
    case "REGEX":
      return { kind: "regex", pattern: literal };
    default:
      return undefined;
  }
}

/** What is ahead is the name of a parameter, or why its value is none. */
function failBound(reader: TokenReader): never {
  const name = reader.literal.replace(/^\$/, "");
  reader.fail(name === "" ? "empty bound parameter" : `missing parameter: ${name}`);
}
