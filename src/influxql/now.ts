import type { Statement } from "./ast.ts";
import type { Expression, StringLiteral } from "./ast-expression.ts";
import { rewriteStatement } from "./rewrite.ts";

/** Some 1677 to 2262, as far as nanoseconds in 64 bits go. `2026-01-02T03:04:05.000000000Z` */
export function formatTime(epochNanoseconds: bigint): string {
  const nanoseconds = BigInt.asUintN(64, ((epochNanoseconds % SECOND) + SECOND) % SECOND);
  const milliseconds = (epochNanoseconds - nanoseconds) / 1_000_000n;
  const seconds = new Date(Number(milliseconds)).toISOString().slice(0, 19);
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}Z`;
}

const SECOND = 1_000_000_000n;

/**
 * The statement with a time in place of each `now()` in its conditions and dimensions, so that several servers, or
 * one at several times, answer it for the same instant. In a field it stays, for it is an error there.
 *
 * influxd 1.6.7 evaluates the string as it does `now()` with `+`, `-` and durations on either side, also under
 * `tz()`. Of a GROUP BY offset it takes no string alone, but a sum with one. A continuous query keeps its `now()`:
 * that is the time of each run.
 */
export function replaceNow(statement: Statement, epochNanoseconds: bigint): Statement {
  if (statement.kind === "create-continuous-query") return statement;
  const time: StringLiteral = { kind: "string", value: formatTime(epochNanoseconds) };
  const isNow = (expression: Expression) =>
    expression.kind === "call" && expression.name === "now" && expression.args.length === 0;
  return rewriteStatement(statement, {
    expression: (expression, clause) => {
      if (clause === "field" || !isNow(expression)) return expression;
      if (clause === "where") return time;
      return { kind: "binary", operator: "+", left: time, right: { kind: "duration", nanoseconds: 0n } };
    },
  });
}
