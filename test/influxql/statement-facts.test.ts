import assert from "node:assert/strict";
import { test } from "node:test";
import { databasesOf } from "../../src/influxql/databases.ts";
import { parseStatement } from "../../src/influxql/parse.ts";
import { quoteIdentifier, quoteRegex, quoteString } from "../../src/influxql/quote.ts";
import { firstKeyword, hasPassword, isMutating } from "../../src/influxql/statement-facts.ts";

/** With the databases that it touches when the request is for `own`. */
const STATEMENTS: readonly [text: string, changes: boolean, databases: string | undefined][] = [
  ["SELECT v FROM m", false, "own"],
  ["SELECT v FROM a..m, b.rp.m, rp.m, a..n", false, "a b own"],
  ["SELECT v FROM (SELECT v FROM a..m), (SELECT v FROM (SELECT v FROM b../x/))", false, "a b"],
  ["SELECT v INTO b..t FROM a..m", true, "a b"],
  ["SELECT v INTO t FROM a..m", true, "a own"],
  ["SELECT v FROM (SELECT v INTO b..t FROM a..m)", false, "a"],
  ["EXPLAIN ANALYZE SELECT v INTO t FROM a..m", false, "a own"],
  ["SHOW MEASUREMENTS", false, "own"],
  ["SHOW MEASUREMENTS ON a", false, "a"],
  ["SHOW MEASUREMENTS ON a WITH MEASUREMENT = b..m", false, "a b"],
  ["SHOW SERIES ON a FROM m", false, "a"],
  ["SHOW TAG VALUES FROM b..m WITH KEY = k", false, "own b"],
  ["SHOW SERIES CARDINALITY ON a", false, "a"],
  ["SHOW RETENTION POLICIES", false, "own"],
  ["SHOW DATABASES", false, undefined],
  ["SHOW SUBSCRIPTIONS", false, undefined],
  ["SHOW GRANTS FOR u", false, undefined],
  ["CREATE DATABASE a", true, "a"],
  ["DROP DATABASE a", true, "a"],
  ["CREATE RETENTION POLICY p ON a DURATION 1h REPLICATION 1", true, "a"],
  ["ALTER RETENTION POLICY p ON a DEFAULT", true, "a"],
  ["DROP RETENTION POLICY p ON a", true, "a"],
  ["CREATE CONTINUOUS QUERY q ON a BEGIN SELECT v INTO b..t FROM m END", true, "a b"],
  ["DROP CONTINUOUS QUERY q ON a", true, "a"],
  ["CREATE SUBSCRIPTION s ON a.p DESTINATIONS ALL 'x'", true, "a"],
  ["DROP SUBSCRIPTION s ON a.p", true, "a"],
  ["DROP MEASUREMENT m", true, "own"],
  ["DROP SERIES FROM m", true, "own"],
  ["DELETE WHERE time < 5", true, "own"],
  ["DROP SHARD 1", true, undefined],
  ["GRANT READ ON a TO u", true, "a"],
  ["REVOKE READ ON a FROM u", true, "a"],
  ["GRANT ALL TO u", true, undefined],
  ["REVOKE ALL FROM u", true, undefined],
  ["CREATE USER u WITH PASSWORD 'x'", true, undefined],
  ["DROP USER u", true, undefined],
  ["SET PASSWORD FOR u = 'x'", true, undefined],
  ["KILL QUERY 1", true, undefined],
];

for (const [text, changes, databases] of STATEMENTS) {
  test(`${text}: ${changes ? "changes" : "reads"} ${databases ?? "the server"}`, () => {
    const statement = parseStatement(text);
    assert.equal(isMutating(statement), changes);
    assert.deepEqual(databasesOf(statement, "own"), databases?.split(" "));
    const named = databases?.split(" ").filter((database) => database !== "own");
    assert.deepEqual(databasesOf(statement, undefined), named);
    assert.equal(hasPassword(statement), text.includes("PASSWORD"));
  });
}

test("the first keyword of what is no InfluxQL", () => {
  const cases: readonly [string, string][] = [
    ["  /*x*/ drop foo bar", "DROP"],
    [";; -- first\n;Insert cpu v=1", "INSERT"],
    ["foo", "FOO"],
    ["", ""],
    ["'drop' x", ""],
    ["(SELECT", ""],
    ["5", ""],
    ["/* drop", ""],
    ["$drop", ""],
  ];
  for (const [text, keyword] of cases) assert.equal(firstKeyword(text), keyword, text);
});

test("quotes", () => {
  assert.equal(quoteIdentifier("a_1"), "a_1");
  for (const name of ["1a", "a b", "a.b", "Select", "verbose", "true", "é", ""]) {
    assert.equal(quoteIdentifier(name), `"${name}"`);
  }
  assert.equal(quoteIdentifier('a"\\\n'), '"a\\"\\\\\\n"');
  assert.equal(quoteString('it\'s "a" \\ \n'), "'it\\'s \"a\" \\\\ \\n'");
  assert.equal(quoteRegex("a/b\n\\d"), "/a\\/b\\n\\d/");
});
