import { START } from "./data-set.ts";
import type { Dice } from "./dice.ts";
import { name, type Shape, string } from "./grammar-shape.ts";

/** `WHERE`, with a range of time within the data set's four days if it must not be open. */
export function where(dice: Dice, shape: Shape, closed: boolean): string {
  const parts: string[] = [];
  if (dice.once(2)) parts.push(condition(dice, shape, 3));
  if (closed || dice.once(3)) parts.push(timeRange(dice, closed));
  if (parts.length === 0) return "";
  // A condition of several parts stands in parentheses, for OR binds weaker than AND.
  const [first = "", ...rest] = parts;
  return ` WHERE ${rest.length === 0 ? first : `(${first}) AND ${rest.join(" AND ")}`}`;
}

export function condition(dice: Dice, shape: Shape, depth: number): string {
  if (depth === 0 || dice.once(2)) return comparison(dice, shape);
  const [left, right] = [condition(dice, shape, depth - 1), condition(dice, shape, depth - 1)];
  return dice.pick([
    `${left} AND ${right}`,
    `${left} OR ${right}`,
    `(${left}) AND (${right})`,
    `(${left} OR ${right})`,
    `((${left}))`,
  ]);
}

export function comparison(dice: Dice, shape: Shape): string {
  const tags = Object.entries(shape.tags);
  const kinds: [string, ...string[]] = ["tag", "tag"];
  if (numbers(shape).length > 0) kinds.push("number", "number", "sum");
  if (Object.keys(shape.strings).length > 0) kinds.push("string");
  if (shape.booleans.length > 0) kinds.push("boolean");
  switch (tags.length === 0 && numbers(shape).length > 0 ? "number" : dice.pick(kinds)) {
    case "number":
      return flipped(dice, number(dice, shape), dice.pick(OPERATORS), literal(dice));
    case "sum":
      return `${arithmetic(dice, shape, 2)} ${dice.pick(OPERATORS)} ${arithmetic(dice, shape, 1)}`;
    case "string":
      return textual(dice, ...dice.pick(some(Object.entries(shape.strings))));
    case "boolean":
      return `${name(dice, dice.pick(some(shape.booleans)))} ${dice.pick(["=", "!=", "<>"])} ${dice.pick(["true", "FALSE"])}`;
    default:
      return tags.length === 0 ? "true" : textual(dice, ...dice.pick(some(tags)));
  }
}

const OPERATORS = ["=", ">", "<", ">=", "<=", "!=", "<>"] as const;
const FLIPPED: Readonly<Record<string, string>> = { ">": "<", "<": ">", ">=": "<=", "<=": ">=" };

function flipped(dice: Dice, left: string, operator: string, right: string): string {
  return dice.once(6) ? `${right} ${FLIPPED[operator] ?? operator} ${left}` : `${left} ${operator} ${right}`;
}

function textual(dice: Dice, column: string, values: readonly string[]): string {
  const reference = name(dice, column);
  const value = string(dice.pick(some(values)));
  switch (dice.upTo(4)) {
    case 3:
      return `${reference} ${dice.pick(["!=", "<>"])} ${value}`;
    case 4:
      return `${reference} ${dice.pick(["=~", "!~"])} ${dice.pick(REGEXES)}`;
    default:
      return flipped(dice, reference, "=", value);
  }
}

/** Without space and quotes, see `spread`. */
export const REGEXES = [
  "/^acme/",
  "/a/",
  "/^(acme|beta|h1|eu)$/",
  "/.*/",
  "/.+/",
  "/^$/",
  "/[0-9]+/",
  "/^\\/var\\/log$/",
  "/\\\\Data/",
  "/(?i)ACME|EU/",
  "/ö|世/",
] as const;

const HOUR_S = 3600n;

export function timeRange(dice: Dice, closed: boolean): string {
  const from = START / 1_000_000_000n + BigInt(dice.upTo(36)) * HOUR_S;
  const to = from + BigInt(4 + dice.upTo(68)) * HOUR_S;
  const lower = `time ${dice.pick([">=", ">"])} ${timeText(dice, from)}`;
  const upper = flipped(dice, "time", dice.pick(["<", "<="]), timeText(dice, to));
  return closed ? `${lower} AND ${upper}` : dice.pick([lower, upper, `${upper} AND ${lower}`]);
}

function timeText(dice: Dice, seconds: bigint): string {
  const iso = new Date(Number(seconds) * 1000).toISOString();
  return dice.pick([
    `'${iso.slice(0, 19)}Z'`,
    `'${iso}'`,
    `'${iso.slice(0, 10)} ${iso.slice(11, 19)}'`,
    `'${iso.slice(0, 10)}'`,
    `${seconds}s`,
    `${seconds}000ms`,
    `${seconds}000000000`,
    `'${iso.slice(0, 19)}Z' - 90m`,
    `${seconds}s + 1h30m - 5s`,
  ]);
}

const numbers = (shape: Shape) => [...shape.floats, ...shape.integers];

const number = (dice: Dice, shape: Shape) => name(dice, dice.pick(some(numbers(shape))));

/** Of numbers only; a shape without numbers gives a literal. */
export function arithmetic(dice: Dice, shape: Shape, depth: number): string {
  if (numbers(shape).length === 0) return literal(dice);
  if (depth === 0) return dice.once(3) ? literal(dice) : number(dice, shape);
  const [left, right] = [arithmetic(dice, shape, depth - 1), arithmetic(dice, shape, depth - 1)];
  return dice.pick([
    left,
    `${left} + ${right}`,
    `${left} - ${right}`,
    `${left} * ${right}`,
    `${left} / ${right}`,
    `(${left} + ${right}) * ${literal(dice)}`,
    `${left} - (${right} - ${literal(dice)})`,
    `-(${left})`,
    `(${left})`,
  ]);
}

/** Without the sign that would make a comment of `- -1`. */
function literal(dice: Dice): string {
  return dice.pick([
    "1",
    "0",
    "2.5",
    "100",
    "50",
    "7",
    "500.25",
    "-3",
    "0.001",
    "9007199254740993",
    "-0.5",
    "12345678901234567890.5",
  ]);
}

/** For lists that are not empty. */
export function some<T>([first, ...rest]: readonly T[]): readonly [T, ...T[]] {
  if (first === undefined) throw new Error("nothing to choose");
  return [first, ...rest];
}
