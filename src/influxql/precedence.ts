import type { BinaryOperator } from "./ast-expression.ts";

const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["OR"],
  ["AND"],
  ["=", "!=", "=~", "!~", "<", "<=", ">", ">="],
  ["+", "-", "|", "^"],
  ["*", "/", "%", "&"],
];

/** From 1; the higher binds the stronger. All associate to the left. */
export const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level + 1])),
);

export const precedenceOf = (operator: BinaryOperator): number => PRECEDENCE.get(operator) as number;
