import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node } from "../../src/influxql/ast.ts";
import { ParseError } from "../../src/influxql/errors.ts";
import { parseExpression, parseQuery, parseStatement } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";
import { quoteIdentifier, quoteString } from "../../src/influxql/quote.ts";

const WORDS =
  "select v from cpu where time > now ( ) - 1h group by * , fill 0 null into db . rp :MEASUREMENT =~ /a/ !~ 'it' \"x y\" " +
  "show tag values with key in measurements on exact cardinality limit 5 ; drop series delete as :: field distinct + / % & " +
  "-9223372036854775808 18446744073709551615 1.5 .5 5. 1h30m 5µ $p $ -- \n /* */ and or = <> < explain analyze create " +
  "continuous query begin end resample every for database user password grant all to order desc tz é 😀 \\ \0";

const soup = fc
  .array(fc.constantFrom(...WORDS.split(" ")), { maxLength: 60 })
  .map((words) => words.join(" "));
const glued = fc
  .array(fc.constantFrom(...WORDS.split(" ")), { maxLength: 60 })
  .map((words) => words.join(""));
const anything = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), soup, glued);

/** Everything that the parser takes it reads again from its own print. */
function check(text: string): void {
  let statements: ReturnType<typeof parseQuery>["statements"];
  try {
    statements = parseQuery(text, { p: "x" }).statements;
  } catch (error) {
    assert.ok(error instanceof ParseError, String(error));
    return;
  }
  for (const { statement, text } of statements) {
    assert.deepStrictEqual(parseStatement(print(statement)), statement);
    assert.deepStrictEqual(parseStatement(text, { p: "x" }), statement);
  }
}

test("no text throws anything but a ParseError", () => {
  fc.assert(fc.property(anything, check), { numRuns: 3000 });
});

test("names and strings of any content come back", () => {
  // InfluxQL has no form for these two.
  const text = fc.string({ unit: "binary", maxLength: 30 }).filter((text) => !/[\r\0]/.test(text));
  fc.assert(
    fc.property(text, (content) => {
      const { name } = parseExpression(quoteIdentifier(content)) as Node & { kind: "reference" };
      const { value } = parseExpression(quoteString(content)) as Node & { kind: "string" };
      assert.deepEqual([name, value], [content, content]);
    }),
  );
});

test("numbers come back exactly", () => {
  const literal = (text: string) => parseExpression(text) as Node & { kind: "number" };
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(finite, (value) => {
      assert.deepStrictEqual(literal(print({ kind: "number", value })), { kind: "number", value });
    }),
  );
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(int64, (value) => {
      const integer = { kind: "integer", value } as const;
      assert.deepStrictEqual(parseExpression(print(integer)), integer);
    }),
  );
  const duration = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(duration, (nanoseconds) => {
      const expression = { kind: "duration", nanoseconds } as const;
      assert.deepStrictEqual(parseExpression(print(expression)), expression);
    }),
  );
});

test("time grows with the text and not with its square", () => {
  const pieces = [
    "(",
    "/*",
    "-",
    "'",
    "a.",
    "1h",
    "SELECT ",
    ";",
    "$a ",
    "\\",
    '"',
    "a::",
    "/",
    "= ",
    "DROP SERIES FROM a,",
  ];
  for (const piece of pieces) check(piece.repeat(200_000));
});
