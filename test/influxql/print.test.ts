import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expression } from "../../src/influxql/ast-expression.ts";
import { parseExpression, parseStatement } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";

/** Alone if it is printed as it is written, otherwise with what is printed. */
const STATEMENTS: readonly (string | readonly [string, string])[] = [
  "SELECT v FROM cpu",
  `SELECT mean(v) AS "the mean", /a\\/b/, *::field, DISTINCT "x y", v::integer FROM db.rp.cpu, "a b".c, db..d, /e/, rp./f/`,
  "SELECT v INTO db.rp.m FROM cpu",
  "SELECT v INTO rp.:MEASUREMENT FROM /.*/",
  ["SELECT v INTO rp :MEASUREMENT FROM cpu", "SELECT v INTO rp.:MEASUREMENT FROM cpu"],
  'SELECT v INTO "" FROM cpu',
  "SELECT max(m) FROM (SELECT mean(v) AS m FROM cpu GROUP BY time(1h), host fill(previous)) GROUP BY time(1d, -6h)",
  [
    `select "v" from "cpu" where "host" =~ /^(a|b)$/ and time >= now() - 1h30m group by time(60s), "select" fill(0) order by desc limit 0 tz('UTC')`,
    `SELECT v FROM cpu WHERE host =~ /^(a|b)$/ AND time >= now() - 90m GROUP BY time(1m), "select" fill(0) ORDER BY time DESC tz('UTC')`,
  ],
  "SELECT v FROM cpu ORDER BY time ASC LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4",
  "EXPLAIN SELECT v FROM cpu",
  "EXPLAIN ANALYZE SELECT v FROM cpu",
  "SHOW CONTINUOUS QUERIES",
  "SHOW DATABASES",
  "SHOW DIAGNOSTICS FOR 'build'",
  "SHOW FIELD KEY EXACT CARDINALITY ON d FROM cpu",
  "SHOW FIELD KEY CARDINALITY",
  "SHOW FIELD KEYS ON d FROM cpu, /x/ ORDER BY time ASC LIMIT 1 OFFSET 2",
  'SHOW GRANTS FOR "o\'neil"',
  "SHOW MEASUREMENT CARDINALITY",
  "SHOW MEASUREMENT EXACT CARDINALITY ON d FROM cpu WHERE a = 'b' GROUP BY c LIMIT 1 OFFSET 2",
  "SHOW MEASUREMENTS",
  "SHOW MEASUREMENTS ON d WITH MEASUREMENT =~ /c/ WHERE a = 'b' ORDER BY time DESC LIMIT 1 OFFSET 2",
  "SHOW MEASUREMENTS WITH MEASUREMENT = db.rp.m",
  ["SHOW MEASUREMENTS WITH MEASUREMENT = /m/", "SHOW MEASUREMENTS WITH MEASUREMENT =~ /m/"],
  "SHOW QUERIES",
  "SHOW RETENTION POLICIES",
  "SHOW RETENTION POLICIES ON d",
  "SHOW SERIES ON d FROM cpu WHERE a = 'b' ORDER BY time ASC LIMIT 1 OFFSET 2",
  ["SHOW SERIES EXACT FROM cpu", "SHOW SERIES FROM cpu"],
  "SHOW SERIES CARDINALITY",
  "SHOW SERIES EXACT CARDINALITY ON d",
  "SHOW SHARD GROUPS",
  "SHOW SHARDS",
  "SHOW STATS FOR 'indexes'",
  "SHOW STATS",
  "SHOW SUBSCRIPTIONS",
  "SHOW TAG KEY CARDINALITY",
  "SHOW TAG KEY EXACT CARDINALITY FROM cpu",
  "SHOW TAG KEYS ON d FROM cpu WHERE a = 'b' LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4",
  "SHOW TAG KEYS WITH KEY != a",
  "SHOW TAG VALUES ON d FROM cpu WITH KEY IN (a, \"in\") WHERE x = 'y' LIMIT 5",
  "SHOW TAG VALUES WITH KEY = a",
  "SHOW TAG VALUES WITH KEY != a",
  "SHOW TAG VALUES WITH KEY =~ /a/",
  "SHOW TAG VALUES WITH KEY !~ /a/",
  "SHOW TAG VALUES CARDINALITY WITH KEY = a",
  "SHOW TAG VALUES EXACT CARDINALITY ON d FROM cpu WITH KEY IN (a) WHERE b = 'c' GROUP BY d",
  "SHOW USERS",
  'CREATE DATABASE "a.b"',
  'CREATE DATABASE a WITH DURATION 1d REPLICATION 1 SHARD DURATION 1h NAME "b c"',
  ["CREATE DATABASE a WITH DURATION INF", "CREATE DATABASE a WITH DURATION 0s"],
  "CREATE DATABASE a WITH SHARD DURATION 0s",
  "CREATE RETENTION POLICY p ON d DURATION 1w REPLICATION 1 SHARD DURATION 1d DEFAULT",
  [
    "CREATE RETENTION POLICY p ON d DURATION INF REPLICATION 2",
    "CREATE RETENTION POLICY p ON d DURATION 0s REPLICATION 2",
  ],
  [
    "ALTER RETENTION POLICY DEFAULT ON d DEFAULT SHARD DURATION 0s REPLICATION 1 DURATION 2h",
    'ALTER RETENTION POLICY "default" ON d DURATION 2h REPLICATION 1 SHARD DURATION 0s DEFAULT',
  ],
  "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT mean(v) INTO m FROM cpu GROUP BY time(1h) END",
  "CREATE CONTINUOUS QUERY q ON d RESAMPLE EVERY 1m FOR 2h BEGIN SELECT mean(v) INTO m FROM cpu GROUP BY time(1h) END",
  "CREATE CONTINUOUS QUERY q ON d RESAMPLE FOR 2h BEGIN SELECT v INTO m FROM cpu END",
  "CREATE SUBSCRIPTION s ON d.autogen DESTINATIONS ANY 'udp://h1:9', 'udp://h2:9'",
  "CREATE USER u WITH PASSWORD 'it\\'s'",
  "CREATE USER u WITH PASSWORD '' WITH ALL PRIVILEGES",
  "DROP CONTINUOUS QUERY q ON d",
  "DROP DATABASE d",
  "DROP MEASUREMENT m",
  "DROP RETENTION POLICY p ON d",
  "DROP SERIES FROM cpu, /m/ WHERE a = 'b'",
  "DROP SHARD 18446744073709551615",
  "DROP SUBSCRIPTION s ON d.autogen",
  "DROP USER u",
  "DELETE FROM cpu",
  "DELETE WHERE time < '2026-01-01'",
  "GRANT READ ON d TO u",
  ["GRANT ALL PRIVILEGES ON d TO u", "GRANT ALL ON d TO u"],
  ["GRANT ALL TO u", "GRANT ALL PRIVILEGES TO u"],
  "REVOKE WRITE ON d FROM u",
  "REVOKE ALL PRIVILEGES FROM u",
  "SET PASSWORD FOR u = 'x\\\\\\n'",
  "KILL QUERY 36",
  'KILL QUERY 36 ON "host:8088"',
];

for (const entry of STATEMENTS) {
  const [text, printed] = typeof entry === "string" ? [entry, entry] : entry;
  test(`statement: ${text}`, () => {
    const statement = parseStatement(text);
    assert.equal(print(statement), printed);
    assert.deepStrictEqual(parseStatement(printed), statement);
  });
}

const EXPRESSIONS: readonly (string | readonly [string, string])[] = [
  "a + b * c - (d - e) / f",
  "a / -b * c",
  "a % +(b)",
  "a & -f(b)",
  ["-a + b", "-1 * a + b"],
  ["a - -(b)", "a - -1 * (b)"],
  ["a - - 5", "a - -5"],
  "a - -1h",
  ["a<>1 or b", "a != 1 OR b"],
  "a =~ /\\// AND b !~ /x\\.y|\\d/",
  ["1000000000000000000000000000000.0", "1000000000000000000000000000000.0"],
  "0.0000000000000000000001",
  "123456789.125",
  ["1.", "1.0"],
  "-9223372036854775808",
  "18446744073709551615",
  ["90s", "90s"],
  ["7d", "1w"],
  ["1h1ns", "3600000000001ns"],
  ["5µ", "5u"],
  `"and" AND "über" = 'a\\nb\\\\c\\'"' AND "1a" AND "a\\"\\\\"`,
  '"future" + "past" + "verbose"',
  '"my func"(a)',
  "distinct(a)",
];

for (const entry of EXPRESSIONS) {
  const [text, printed] = typeof entry === "string" ? [entry, entry] : entry;
  test(`expression: ${text}`, () => {
    const expression = parseExpression(text);
    assert.equal(print(expression), printed);
    assert.deepStrictEqual(parseExpression(printed), expression);
  });
}

test("parentheses come where a tree that was put together needs them", () => {
  const of = (left: Expression, operator: "-" | "*" | "AND", right: Expression): Expression => ({
    kind: "binary",
    operator,
    left,
    right,
  });
  const [a, b, c] = ["a OR b", "c - d", "e * f"].map((text) => parseExpression(text)) as [
    Expression,
    Expression,
    Expression,
  ];
  assert.equal(print(of(a, "AND", a)), "(a OR b) AND (a OR b)");
  assert.equal(print(of(b, "-", b)), "c - d - (c - d)");
  assert.equal(print(of(c, "*", c)), "e * f * (e * f)");
  assert.equal(print(of(of(b, "*", c), "-", b)), "(c - d) * (e * f) - (c - d)");
});

test("a chain may be as long as it likes", () => {
  const text = Array(100_000).fill("a = 1").join(" OR ");
  assert.equal(print(parseExpression(text)), text);
});
