import assert from "node:assert/strict";
import { test } from "node:test";
import { ParseError } from "../../src/influxql/errors.ts";
import { parseQuery } from "../../src/influxql/parse.ts";

const STATEMENTS = "SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL";
const OPERANDS = "identifier, string, number, bool";

/** What influxd 1.6.7 answered behind `error parsing query: `. */
const ERRORS: readonly [text: string, message: string][] = [
  ["FOO", `found FOO, expected ${STATEMENTS} at line 1, char 1`],
  ["SELECT", `found EOF, expected ${OPERANDS} at line 1, char 8`],
  ["SELECT v", "found EOF, expected FROM at line 1, char 10"],
  ["SELECT v,", `found EOF, expected ${OPERANDS} at line 1, char 11`],
  ["SELECT v FROM 'cpu'", "found cpu, expected identifier at line 1, char 14"],
  ["SELECT v FROM db.rp.", "found EOF, expected identifier at line 1, char 22"],
  ["SELECT v FROM cpu WHERE host =", `found EOF, expected ${OPERANDS} at line 1, char 31`],
  ["SELECT v FROM cpu WHERE host = 'a", `found a, expected ${OPERANDS} at line 1, char 31`],
  [`SELECT v FROM cpu WHERE host = "`, `found BADSTRING, expected ${OPERANDS} at line 1, char 31`],
  ["SELECT v FROM cpu WHERE host = 'a\\q'", `found \\q, expected ${OPERANDS} at line 1, char 35`],
  ["SELECT v FROM cpu WHERE host =~ 'a'", "found a, expected regex at line 1, char 32"],
  ["SELECT v FROM cpu WHERE v =~ /a", "bad regex:  at line 1, char 29"],
  ["SELECT v FROM cpu WHERE v = 1.5h", "found h, expected ; at line 1, char 32"],
  ["SELECT v FROM cpu WHERE v > 1e5", "invalid duration"],
  ["SELECT v FROM cpu WHERE v = 99999999999999999999", "unable to parse integer at line 1, char 29"],
  ["SELECT v FROM cpu WHERE v = -9223372036854775809", "constant -9223372036854775809 underflows int64"],
  ["SELECT v FROM cpu WHERE !x", `found !, expected ${OPERANDS} at line 1, char 25`],
  ["SELECT v FROM cpu WHERE v = 😀", `found 😀, expected ${OPERANDS} at line 1, char 29`],
  ["SELECT v FROM cpu WHERE x = 'é😀' y", "found y, expected ; at line 1, char 34"],
  ["SELECT v FROM cpu WHERE (v > 1", "found EOF, expected ) at line 1, char 31"],
  ["SELECT v\r\nFROM cpu\n WHERE x =", `found EOF, expected ${OPERANDS} at line 3, char 11`],
  ["SELECT v FROM cpu SELECT u FROM cpu", "found SELECT, expected ; at line 1, char 19"],
  ["SELECT v FROM a.b.c.d", 'too many segments in "a"."b"."c".d at line 1, char 1'],
  ["SELECT v FROM (cpu)", "found cpu, expected SELECT at line 1, char 16"],
  ["SELECT v INTO :MEASUREMENT FROM cpu", "found :, expected identifier at line 1, char 15"],
  ["SELECT v INTO rp:MEASUREMENT FROM cpu", "found :, expected FROM at line 1, char 17"],
  [
    "SELECT v = 1 FROM cpu",
    "invalid operator = in SELECT clause at line 1, char 8; operator is intended for WHERE clause",
  ],
  [
    "SELECT v::foo FROM cpu",
    "found foo, expected float, integer, unsigned, string, boolean, field, tag at line 1, char 11",
  ],
  ["SELECT v::", "found EOF, expected float, integer, string, boolean, field, tag at line 1, char 11"],
  ["SELECT *::x FROM cpu", "found x, expected field, tag at line 1, char 11"],
  ["SELECT DISTINCT'v' FROM cpu", "found v, expected (, identifier at line 1, char 15"],
  [
    "SELECT -distinct(v) FROM cpu",
    "found DISTINCT, expected identifier, number, duration, ( at line 1, char 9",
  ],
  ["SELECT f(v FROM cpu", "found FROM, expected ) at line 1, char 12"],
  ["SELECT v FROM cpu GROUP host", "found host, expected BY at line 1, char 25"],
  ["SELECT v FROM cpu ORDER BY host", "only ORDER BY time supported at this time"],
  ["SELECT v FROM cpu ORDER BY time, time", "only ORDER BY time supported at this time"],
  ["SELECT v FROM cpu ORDER BY 5", "found 5, expected identifier, ASC, DESC at line 1, char 28"],
  ["SELECT v FROM cpu LIMIT -1", "found -, expected integer at line 1, char 25"],
  ["SELECT v FROM cpu fill", "fill must be a function call"],
  ["SELECT v FROM cpu fill()", "fill requires an argument, e.g.: 0, null, none, previous, linear"],
  ["SELECT v FROM cpu fill(NULL)", "expected number argument in fill()"],
  ["SELECT v FROM cpu tz", "tz must be a function call"],
  ["SELECT v FROM cpu tz('a', 'b')", "tz requires exactly one argument"],
  ["SELECT v FROM cpu tz(5)", "expected string argument in tz()"],
  ["SELECT v FROM cpu WHERE host = $h", "missing parameter: h"],
  ["SELECT v FROM cpu WHERE host = $", "empty bound parameter"],
  ["SELECT v FROM $m", "found $m, expected identifier at line 1, char 15"],
  ["EXPLAIN SHOW DATABASES", "found SHOW, expected SELECT at line 1, char 9"],
  ["SHOW FIELD", "found EOF, expected KEY, KEYS at line 1, char 12"],
  ["SHOW TAG VALUES", "found EOF, expected WITH at line 1, char 17"],
  ["SHOW TAG VALUES WITH KEY > a", "found >, expected IN, =, =~ at line 1, char 26"],
  ["SHOW MEASUREMENTS ON d.autogen", "found ., expected ; at line 1, char 23"],
  ["DELETE", "found EOF, expected FROM, WHERE at line 1, char 8"],
  ["DELETE FROM autogen.cpu", "retention policy not supported at line 1, char 1"],
  ["DROP SERIES FROM d..cpu", "database not supported at line 1, char 1"],
  ["KILL QUERY x", "found x, expected integer at line 1, char 12"],
  [
    "KILL QUERY 99999999999999999999",
    'strconv.ParseUint: parsing "99999999999999999999": value out of range at line 1, char 12',
  ],
  ["CREATE DATABASE x WITH FOO", "found FOO, expected DURATION, NAME, REPLICATION, SHARD at line 1, char 24"],
  ["CREATE RETENTION POLICY p ON d DURATION 1x REPLICATION 1", "invalid duration at line 1, char 41"],
  [
    "CREATE RETENTION POLICY p ON d DURATION 99999999w REPLICATION 1",
    "overflowed duration 99999999w: choose a smaller duration or INF at line 1, char 41",
  ],
  [
    "CREATE RETENTION POLICY p ON d DURATION 1h REPLICATION 0",
    "invalid value 0: must be 1 <= n <= 2147483647 at line 1, char 56",
  ],
  [
    "CREATE RETENTION POLICY p ON d DURATION 1h REPLICATION 1 SHARD DURATION INF",
    "invalid duration INF for shard duration at line 1, char 73",
  ],
  [
    "ALTER RETENTION POLICY autogen ON d",
    "found EOF, expected DURATION, REPLICATION, SHARD, DEFAULT at line 1, char 37",
  ],
  [
    "ALTER RETENTION POLICY autogen ON d DURATION 0s DURATION 0s",
    "found duplicate DURATION option at line 1, char 49",
  ],
  ["CREATE SUBSCRIPTION s ON d DESTINATIONS ALL 'x'", "found  , expected . at line 1, char 27"],
  [
    "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT mean(v) INTO m FROM cpu END",
    "found cpu, expected GROUP BY time(...) at line 1, char 65",
  ],
  [
    "CREATE CONTINUOUS QUERY q ON d RESAMPLE FOR 1m BEGIN SELECT mean(v) INTO m FROM cpu GROUP BY time(1h) END",
    "FOR duration must be >= GROUP BY time duration: must be a minimum of 1h, got 1m",
  ],
  [
    "CREATE CONTINUOUS QUERY q ON d BEGIN SELECT v FROM cpu END",
    "found FROM, expected INTO at line 1, char 47",
  ],
  [
    "CREATE CONTINUOUS QUERY q ON d RESAMPLE BEGIN SELECT v INTO m FROM cpu END",
    "found BEGIN, expected EVERY, FOR at line 1, char 41",
  ],
  ["GRANT FOO ON d TO x", "found FOO, expected READ, WRITE, ALL [PRIVILEGES] at line 1, char 7"],
  ["GRANT READ TO x", "found TO, expected ON at line 1, char 12"],
  ["GRANT ALL x", "found x, expected ON, TO at line 1, char 11"],
  ["SET PASSWORD FOR u 'x'", "found x, expected = at line 1, char 19"],
];

for (const [text, message] of ERRORS) {
  test(`${text} => ${message}`, () => {
    assert.throws(() => parseQuery(text), { name: "ParseError", code: "INFLUXQL_PARSE", message });
  });
}

test("a regular expression is a source's name only behind a point", () => {
  assert.throws(() => parseQuery("SELECT v FROM cpu /x/"), ParseError);
  assert.throws(() => parseQuery("SELECT v FROM cpu/x/"), {
    message: "found /, expected ; at line 1, char 18",
  });
});

test("line and char are those of the message, without space around the text", () => {
  assert.throws(
    () => parseQuery("\u00a0\u0085 SHOW DATABASES;\n\n  FOO\t"),
    (error) => {
      assert.ok(error instanceof ParseError);
      assert.match(error.message, /at line 3, char 3$/);
      assert.deepEqual([error.line, error.char], [3, 3]);
      return true;
    },
  );
});

test("depth has a bound, in parentheses, calls and subqueries, and length has none", () => {
  const deep = [
    (depth: number) => `SELECT ${"(".repeat(depth)}v${")".repeat(depth)} FROM cpu`,
    (depth: number) => `SELECT ${"f(".repeat(depth)}v${")".repeat(depth)} FROM cpu`,
    (depth: number) => `SELECT v FROM ${"(SELECT v FROM ".repeat(depth)}cpu${")".repeat(depth)}`,
  ];
  for (const text of deep) {
    parseQuery(text(200));
    assert.throws(() => parseQuery(text(201)), /^ParseError: nested more than 200 deep at line 1, char \d+$/);
    assert.throws(() => parseQuery(text(1_000_000)), ParseError);
  }
  parseQuery(`SELECT v FROM cpu WHERE ${Array(100_000).fill("h = 'a'").join(" OR ")}`);
  parseQuery(`SELECT v FROM cpu WHERE ${Array(1_000).fill("(f(h) = 'a')").join(" OR ")}`);
});
