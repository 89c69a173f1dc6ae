import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expression } from "../../src/influxql/ast-expression.ts";
import { formatTime, replaceNow } from "../../src/influxql/now.ts";
import { parseExpression, parseStatement } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";
import { mapExpression, type Rewriting, rewriteStatement } from "../../src/influxql/rewrite.ts";
import { walk } from "../../src/influxql/walk.ts";

const rewritten = (text: string, rewriting: Rewriting) =>
  print(rewriteStatement(parseStatement(text), rewriting));

const upper = (expression: Expression): Expression =>
  expression.kind === "reference" ? { ...expression, name: expression.name.toUpperCase() } : expression;

test("an expression is rewritten from its leaves up, and keeps what does not change", () => {
  const expression = parseExpression("(a + f(b, 1)) * c - d");
  assert.equal(print(mapExpression(expression, upper)), "(A + f(B, 1)) * C - D");
  assert.equal(
    mapExpression(expression, (part) => part),
    expression,
  );
  const order: string[] = [];
  mapExpression(expression, (part) => {
    order.push(print(part));
    return part;
  });
  assert.deepEqual(order, [
    "a",
    "b",
    "1",
    "f(b, 1)",
    "a + f(b, 1)",
    "(a + f(b, 1))",
    "c",
    "(a + f(b, 1)) * c",
    "d",
    "(a + f(b, 1)) * c - d",
  ]);
});

test("statements are rewritten in every clause and subquery", () => {
  const expression: Rewriting["expression"] = (part, clause) =>
    part.kind === "reference" ? { ...part, name: `${clause}:${part.name}` } : part;
  const measurement: Rewriting["measurement"] = (source) => ({ ...source, database: "x" });
  const cases: readonly [string, string][] = [
    [
      "SELECT a FROM m, (SELECT b FROM /n/ WHERE c = 1) WHERE d = 2 GROUP BY e",
      'SELECT "field:a" FROM x..m, (SELECT "field:b" FROM x../n/ WHERE "where:c" = 1) WHERE "where:d" = 2 GROUP BY "group by:e"',
    ],
    ["EXPLAIN SELECT a FROM m", 'EXPLAIN SELECT "field:a" FROM x..m'],
    [
      "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT a INTO t FROM m END",
      'CREATE CONTINUOUS QUERY q ON d BEGIN SELECT "field:a" INTO t FROM x..m END',
    ],
    ["DELETE FROM m WHERE a = 1", 'DELETE FROM x..m WHERE "where:a" = 1'],
    [
      "SHOW MEASUREMENTS WITH MEASUREMENT = m WHERE a = 1",
      'SHOW MEASUREMENTS WITH MEASUREMENT = x..m WHERE "where:a" = 1',
    ],
    ["SHOW FIELD KEYS FROM m", "SHOW FIELD KEYS FROM x..m"],
    [
      "SHOW TAG VALUES FROM m WITH KEY = k WHERE a = 1",
      'SHOW TAG VALUES FROM x..m WITH KEY = k WHERE "where:a" = 1',
    ],
    [
      "SHOW SERIES CARDINALITY FROM m WHERE a = 1 GROUP BY b",
      'SHOW SERIES CARDINALITY FROM x..m WHERE "where:a" = 1 GROUP BY "group by:b"',
    ],
    ["DROP DATABASE m", "DROP DATABASE m"],
  ];
  for (const [text, expected] of cases) assert.equal(rewritten(text, { expression, measurement }), expected);
});

test("a query is rewritten after its subqueries", () => {
  const order: string[] = [];
  const text = "SELECT a FROM (SELECT b FROM (SELECT c FROM m))";
  const limited = rewritten(text, {
    select: (select) => {
      order.push(print(select));
      return { ...select, limit: 1 };
    },
  });
  assert.equal(limited, "SELECT a FROM (SELECT b FROM (SELECT c FROM m LIMIT 1) LIMIT 1) LIMIT 1");
  assert.deepEqual(order, [
    "SELECT c FROM m",
    "SELECT b FROM (SELECT c FROM m LIMIT 1)",
    "SELECT a FROM (SELECT b FROM (SELECT c FROM m LIMIT 1) LIMIT 1)",
  ]);
});

test("walk visits all in the order of the text, and leaves out what it is told to", () => {
  const statement = parseStatement(
    "SELECT a, f(b) FROM m, (SELECT c FROM n) WHERE d = 1 AND (e) GROUP BY time(1h)",
  );
  const visited = (skipped: string) => {
    const kinds: string[] = [];
    walk(statement, (node) => {
      kinds.push(node.kind === "reference" ? node.name : node.kind);
      return node.kind !== skipped;
    });
    return kinds.join(" ");
  };
  assert.equal(
    visited(""),
    "select a call b measurement subquery select c measurement binary binary d integer paren e call duration",
  );
  assert.equal(
    visited("subquery"),
    "select a call b measurement subquery binary binary d integer paren e call duration",
  );
});

test("long chains are walked and rewritten", () => {
  const expression = parseExpression(Array(100_000).fill("a").join(" + "));
  let count = 0;
  walk(mapExpression(expression, upper), (node) => {
    if (node.kind === "reference" && node.name === "A") count += 1;
  });
  assert.equal(count, 100_000);
});

test("times have nine digits behind the second", () => {
  const cases: readonly [bigint, string][] = [
    [0n, "1970-01-01T00:00:00.000000000Z"],
    [1_767_323_045_123_456_789n, "2026-01-02T03:04:05.123456789Z"],
    [-1n, "1969-12-31T23:59:59.999999999Z"],
    [-(2n ** 63n), "1677-09-21T00:12:43.145224192Z"],
    [2n ** 63n - 1n, "2262-04-11T23:47:16.854775807Z"],
  ];
  for (const [time, text] of cases) assert.equal(formatTime(time), text);
});

test("now() is one instant in conditions and dimensions of all statements but continuous queries", () => {
  const at = "'2026-01-02T03:04:05.123456789Z'";
  const cases: readonly [string, string][] = [
    [
      "SELECT mean(v) FROM (SELECT v FROM m WHERE time < now()) WHERE time > NOW( ) - 1h GROUP BY time(1h, now())",
      `SELECT mean(v) FROM (SELECT v FROM m WHERE time < ${at}) WHERE time > ${at} - 1h GROUP BY time(1h, ${at} + 0s)`,
    ],
    ["DELETE WHERE time < now() - 1d", `DELETE WHERE time < ${at} - 1d`],
    ["SHOW SERIES WHERE time > now()", `SHOW SERIES WHERE time > ${at}`],
    ["EXPLAIN SELECT v FROM m WHERE time > now()", `EXPLAIN SELECT v FROM m WHERE time > ${at}`],
    ["SELECT now() FROM m WHERE now = now(1)", "SELECT now() FROM m WHERE now = now(1)"],
    [
      "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT v INTO t FROM m WHERE time > now() END",
      "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT v INTO t FROM m WHERE time > now() END",
    ],
  ];
  for (const [text, expected] of cases) {
    assert.equal(print(replaceNow(parseStatement(text), 1_767_323_045_123_456_789n)), expected);
  }
});
