import type { Expression } from "./ast-expression.ts";
import type { Fill, Order } from "./ast-select.ts";
import { parseExpression, parseRegexOrExpression } from "./parse-expression.ts";
import type { TokenReader } from "./token-reader.ts";

/** More rows than anyone has: what a LIMIT beyond it comes to. */
const MAX_COUNT = BigInt(Number.MAX_SAFE_INTEGER);

const ONLY_TIME = "only ORDER BY time supported at this time";

export function parseWhere(reader: TokenReader): Expression | undefined {
  return reader.accept("WHERE") ? parseExpression(reader) : undefined;
}

export function parseGroupBy(reader: TokenReader): readonly Expression[] {
  if (!reader.accept("GROUP")) return [];
  reader.expect("BY");
  return reader.list(() => parseRegexOrExpression(reader));
}

export function parseOrder(reader: TokenReader): Order | undefined {
  if (!reader.accept("ORDER")) return undefined;
  reader.expect("BY");
  if (reader.is("IDENT")) {
    if (reader.literal !== "time") reader.fail(ONLY_TIME);
    reader.advance();
  } else if (!reader.is("ASC") && !reader.is("DESC")) {
    reader.unexpected("identifier", "ASC", "DESC");
  }
  const order = parseDirection(reader);
  if (!reader.is(",")) return order;
  while (reader.accept(",")) {
    reader.identifier();
    parseDirection(reader);
  }
  return reader.fail(ONLY_TIME);
}

function parseDirection(reader: TokenReader): Order {
  if (reader.accept("DESC")) return "desc";
  reader.accept("ASC");
  return "asc";
}

/** Undefined also for 0, which influxd takes for no limit and no offset. */
export function parseCount(
  reader: TokenReader,
  keyword: "LIMIT" | "OFFSET" | "SLIMIT" | "SOFFSET",
): number | undefined {
  if (!reader.accept(keyword)) return undefined;
  if (reader.type !== "INTEGER") reader.unexpected("integer");
  const count = BigInt(reader.literal);
  if (count < 0n) reader.failHere(`${keyword} must be >= 0`);
  reader.advance();
  return count === 0n ? undefined : Number(count < MAX_COUNT ? count : MAX_COUNT);
}

export function parseFill(reader: TokenReader): Fill | undefined {
  const args = parseClauseCall(reader, "fill");
  if (args === undefined) return undefined;
  const [option, ...others] = args;
  if (option === undefined || others.length > 0) {
    reader.fail("fill requires an argument, e.g.: 0, null, none, previous, linear");
  }
  if (option.kind === "integer" || option.kind === "number") return { kind: "value", value: option };
  const name = option.kind === "reference" && option.type === undefined ? option.name : "";
  switch (name) {
    case "null":
    case "none":
    case "previous":
    case "linear":
      return { kind: name };
    default:
      return reader.fail("expected number argument in fill()");
  }
}

export function parseTimeZone(reader: TokenReader): string | undefined {
  const args = parseClauseCall(reader, "tz");
  if (args === undefined) return undefined;
  const [zone, ...others] = args;
  if (zone === undefined || others.length > 0) reader.fail("tz requires exactly one argument");
  return zone.kind === "string" ? zone.value : reader.fail("expected string argument in tz()");
}

/** The arguments of a clause that has the form of a call; undefined if another clause follows. */
function parseClauseCall(reader: TokenReader, name: "fill" | "tz"): readonly Expression[] | undefined {
  if (reader.type !== "IDENT" || reader.literal.toLowerCase() !== name) return undefined;
  const expression = parseExpression(reader);
  return expression.kind === "call" ? expression.args : reader.fail(`${name} must be a function call`);
}
