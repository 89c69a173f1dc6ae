import { formatDuration } from "./duration.ts";
import { ParamsError } from "./errors.ts";
import { plainDecimal } from "./plain-decimal.ts";
import type { TokenType } from "./tokens.ts";

/**
 * Values for `$name` by name, as in the JSON of influxd's `params`: a string, a boolean, a number, or an object of
 * one entry that says the kind: `identifier` or `ident`, `regex`, `string`, `float` or `number`, `integer` or
 * `int`, `duration` (a text, or nanoseconds). A number without a fraction is an integer, unless `parseParams` read
 * it with a point; a bigint is an integer. Others are an error where they are used.
 */
export type Params = Readonly<Record<string, unknown>>;

/** The token that a parameter stands for. A BOUNDPARAM carries in `literal` why there is none. */
export interface Bound {
  readonly type: TokenType;
  readonly literal: string;
}

/** A number that had a point in its JSON. */
class JsonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** An integer that no int64 holds, or a number with an exponent and no point: influxd refuses both. */
class JsonBadInteger {
  readonly problem: string;
  constructor(text: string) {
    const why = /^-?\d+$/.test(text) ? "value out of range" : "invalid syntax";
    this.problem = `strconv.ParseInt: parsing "${text}": ${why}`;
  }
}

/** @throws ParamsError with influxd's text. */
export function parseParams(json: string): Params {
  let value: unknown;
  try {
    value = (JSON.parse as LosslessParse)(json, (_, value, { source }) =>
      typeof value === "number" ? exactNumber(source as string) : value,
    );
  } catch (error) {
    throw new ParamsError(`error parsing query parameters: ${(error as Error).message}`);
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value) || isNumber(value)) {
    const found = Array.isArray(value) ? "array" : isNumber(value) ? "number" : typeof value;
    throw new ParamsError(
      `error parsing query parameters: json: cannot unmarshal ${found === "boolean" ? "bool" : found} into Go value of type map[string]interface {}`,
    );
  }
  for (const entry of Object.values(value)) {
    if (entry instanceof JsonBadInteger) throw new ParamsError(`error parsing json value: ${entry.problem}`);
  }
  return value as Params;
}

/** With the third argument that ECMAScript has since 2025. */
type LosslessParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

function exactNumber(source: string): bigint | JsonFloat | JsonBadInteger {
  if (source.includes(".")) return new JsonFloat(Number(source));
  if (!/^-?\d+$/.test(source)) return new JsonBadInteger(source);
  const value = BigInt(source);
  return BigInt.asIntN(64, value) === value ? value : new JsonBadInteger(source);
}

const isNumber = (value: unknown): boolean =>
  typeof value === "bigint" || value instanceof JsonFloat || value instanceof JsonBadInteger;

/** Undefined if there is no such parameter. */
export function bind(params: Params, name: string): Bound | undefined {
  return Object.hasOwn(params, name) ? bindValue(params[name]) : undefined;
}

function bindValue(value: unknown): Bound {
  const number = numberOf(value);
  if (number !== undefined) return number;
  if (typeof value === "string") return { type: "STRING", literal: value };
  if (typeof value === "boolean") return { type: value ? "TRUE" : "FALSE", literal: "" };
  if (Array.isArray(value)) return unbound("unable to bind parameter with type []interface {}");
  if (typeof value !== "object" || value === null) {
    return unbound("unable to bind parameter with type <nil>");
  }
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) {
    return unbound("bound object parameter value must have exactly one entry");
  }
  return bindAs(...entry);
}

function bindAs(kind: string, value: unknown): Bound {
  const number = numberOf(value);
  if (number?.type === "BOUNDPARAM") return number;
  switch (kind) {
    case "ident":
    case "identifier":
      return text("IDENT", value, "identifier must be a string value");
    case "regex":
      return text("REGEX", value, "regex literal must be a string value");
    case "string":
      return text("STRING", value, "string literal must be a string value");
    case "float":
    case "number":
      if (number === undefined) return unbound("number literal must be a float value");
      return { type: "NUMBER", literal: number.literal };
    case "int":
    case "integer":
      return number?.type === "INTEGER" ? number : unbound("integer literal must be an integer value");
    case "duration":
      if (number?.type === "INTEGER") {
        return { type: "DURATIONVAL", literal: formatDuration(BigInt(number.literal)) };
      }
      return text("DURATIONVAL", value, "duration literal must be a string or integer value");
    default:
      return unbound(`unknown bind object type: ${kind}`);
  }
}

function numberOf(value: unknown): Bound | undefined {
  if (value instanceof JsonBadInteger) return unbound(value.problem);
  if (value instanceof JsonFloat) return { type: "NUMBER", literal: numberText(value.value) };
  if (typeof value === "bigint") return { type: "INTEGER", literal: String(value) };
  if (typeof value !== "number") return undefined;
  return Number.isSafeInteger(value)
    ? { type: "INTEGER", literal: String(value) }
    : { type: "NUMBER", literal: numberText(value) };
}

const numberText = (value: number): string => plainDecimal(value).replace(/\.0$/, "");

function text(type: TokenType, value: unknown, otherwise: string): Bound {
  return typeof value === "string" ? { type, literal: value } : unbound(otherwise);
}

const unbound = (problem: string): Bound => ({ type: "BOUNDPARAM", literal: problem });
