import type { Binary, Expression } from "../../influxql/ast-expression.ts";
import { printExpression } from "../../influxql/print-expression.ts";
import { add, subtract } from "./combine.ts";
import { asCall, isMath } from "./functions.ts";
import { type Value, wrap } from "./value.ts";

/** What a row has for the calls and references of a query, by their text. */
export type Symbols = ReadonlyMap<string, Value>;

/** Computes a column from what it is made of, as influxd does: division makes a float, and by zero it is zero. */
export function evaluate(expression: Expression, symbols: Symbols): Value {
  switch (expression.kind) {
    case "binary":
      return binary(expression, evaluate(expression.left, symbols), evaluate(expression.right, symbols));
    case "paren":
      return evaluate(expression.expression, symbols);
    case "number":
    case "integer":
    case "unsigned":
    case "boolean":
    case "string":
      return expression.value;
    default: {
      const call = asCall(expression);
      if (call !== undefined && isMath(call))
        return math(call.name, evaluate(call.args[0] as Expression, symbols));
      return symbols.get(symbolOf(expression)) ?? null;
    }
  }
}

/** The name of a call or reference among {@link Symbols}. */
export const symbolOf = (expression: Expression): string => printExpression(asCall(expression) ?? expression);

function binary({ operator }: Binary, left: Value, right: Value): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return ofIntegers(operator, left, right);
  if (isNumber(left) && isNumber(right)) return ofFloats(operator, Number(left), Number(right));
  return typeof (left ?? right) === "boolean" ? ofBooleans(operator, left ?? false, right ?? false) : null;
}

const isNumber = (value: Value): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

function ofIntegers(operator: Binary["operator"], left: bigint, right: bigint): Value {
  switch (operator) {
    case "+":
      return add(left, right);
    case "-":
      return subtract(left, right);
    case "*":
      return wrap(left * right);
    case "/":
      return right === 0n ? 0 : Number(left) / Number(right);
    case "%":
      return right === 0n ? 0n : left % right;
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    default:
      return null;
  }
}

function ofFloats(operator: Binary["operator"], left: number, right: number): Value {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? 0 : left / right;
    case "%":
      return left % right;
    default:
      return null;
  }
}

function ofBooleans(operator: Binary["operator"], left: Value, right: Value): Value {
  const both = typeof left === "boolean" && typeof right === "boolean";
  switch (operator) {
    case "&":
      return both && left && right;
    case "|":
      return both && (left || right);
    case "^":
      return both && left !== right;
    default:
      return null;
  }
}

function math(name: string, value: Value): Value {
  if (typeof value === "bigint" && name !== "sqrt") return value;
  if (!isNumber(value)) return null;
  const number = Number(value);
  switch (name) {
    case "abs":
      return Math.abs(number);
    case "ceil":
      return Math.ceil(number);
    case "floor":
      return Math.floor(number);
    case "sqrt":
      return Math.sqrt(number);
    default: {
      // Half goes away from zero.
      const whole = Math.trunc(number);
      return Math.abs(number - whole) >= 0.5 ? whole + Math.sign(number) : whole;
    }
  }
}
