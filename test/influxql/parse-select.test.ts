import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expression } from "../../src/influxql/ast-expression.ts";
import type { Select } from "../../src/influxql/ast-select.ts";
import { parseExpression, parseQuery, parseStatement } from "../../src/influxql/parse.ts";

function select(text: string): Select {
  const statement = parseStatement(text);
  assert.equal(statement.kind, "select");
  return statement as Select;
}

const reference = (name: string) => ({ kind: "reference", name, type: undefined }) as const;
const integer = (value: bigint) => ({ kind: "integer", value }) as const;
const binary = (left: Expression, operator: string, right: Expression) => ({
  kind: "binary",
  operator,
  left,
  right,
});
const nowhere = { database: undefined, retentionPolicy: undefined };

test("a query with every clause", () => {
  const text = `SELECT mean("v") AS m INTO db.rp.:MEASUREMENT FROM cpu WHERE host = 'a' GROUP BY time(1h30m, -5m), *
    fill(-1.5) ORDER BY DESC LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4 TZ('Europe/Berlin')`;
  const duration = (nanoseconds: bigint) => ({ kind: "duration", nanoseconds });
  assert.deepEqual(select(text), {
    kind: "select",
    fields: [{ expression: { kind: "call", name: "mean", args: [reference("v")] }, alias: "m" }],
    into: { database: "db", retentionPolicy: "rp", name: undefined },
    from: [{ kind: "measurement", ...nowhere, name: "cpu" }],
    where: binary(reference("host"), "=", { kind: "string", value: "a" }),
    groupBy: [
      { kind: "call", name: "time", args: [duration(5400_000_000_000n), duration(-300_000_000_000n)] },
      { kind: "wildcard", type: undefined },
    ],
    fill: { kind: "value", value: { kind: "number", value: -1.5 } },
    order: "desc",
    limit: 1,
    offset: 2,
    seriesLimit: 3,
    seriesOffset: 4,
    timeZone: "Europe/Berlin",
  });
});

test("a query with none", () => {
  const { fields, from, ...others } = select("SELECT v FROM cpu");
  assert.equal(fields.length + from.length, 2);
  assert.deepEqual(others, {
    kind: "select",
    into: undefined,
    where: undefined,
    groupBy: [],
    fill: undefined,
    order: undefined,
    limit: undefined,
    offset: undefined,
    seriesLimit: undefined,
    seriesOffset: undefined,
    timeZone: undefined,
  });
});

test("sources of every form", () => {
  const named = (name: string, place = {}) => ({ kind: "measurement", ...nowhere, ...place, name });
  const regex = (pattern: string, place = {}) => ({
    kind: "measurement-regex",
    ...nowhere,
    ...place,
    pattern,
  });
  const { from } = select(
    `SELECT v FROM a, rp.b, db.rp.c, db..d, "x.y".e, /f\\/g/, rp./h/, db.rp./i/, db../j/, ""`,
  );
  assert.deepEqual(from, [
    named("a"),
    named("b", { retentionPolicy: "rp" }),
    named("c", { database: "db", retentionPolicy: "rp" }),
    named("d", { database: "db" }),
    named("e", { retentionPolicy: "x.y" }),
    regex("f/g"),
    regex("h", { retentionPolicy: "rp" }),
    regex("i", { database: "db", retentionPolicy: "rp" }),
    regex("j", { database: "db" }),
    named(""),
  ]);
  const [outer] = select("SELECT v FROM (SELECT v FROM (SELECT v FROM a)), b").from;
  assert.equal(outer?.kind === "subquery" && outer.select.from[0]?.kind, "subquery");
});

test("targets of every form", () => {
  const cases: readonly [string, object][] = [
    ["m", { ...nowhere, name: "m" }],
    ["rp.m", { ...nowhere, retentionPolicy: "rp", name: "m" }],
    ["db.rp.m", { database: "db", retentionPolicy: "rp", name: "m" }],
    ["db..m", { database: "db", retentionPolicy: undefined, name: "m" }],
    ["rp.:MEASUREMENT", { ...nowhere, retentionPolicy: "rp", name: undefined }],
    ["rp :MEASUREMENT", { ...nowhere, retentionPolicy: "rp", name: undefined }],
    ["db..:MEASUREMENT", { database: "db", retentionPolicy: undefined, name: undefined }],
  ];
  for (const [text, target] of cases) {
    assert.deepEqual(select(`SELECT v INTO ${text} FROM cpu`).into, target, text);
  }
});

test("operators bind as influxd's do", () => {
  const cases: readonly [string, string][] = [
    ["a + b * c - d", "((a + (b * c)) - d)"],
    ["a - b - c", "((a - b) - c)"],
    ["a | b & c ^ d", "((a | (b & c)) ^ d)"],
    ["a = 1 OR b != 2 AND c <> 3", "((a = 1) OR ((b != 2) AND (c != 3)))"],
    ["a =~ /x/ AND b !~ /y/ OR c", "(((a =~ /x/) AND (b !~ /y/)) OR c)"],
    ["a = b = c", "((a = b) = c)"],
    ["a % b / c", "((a % b) / c)"],
    ["-a * b", "((-1 * a) * b)"],
    ["a / -b * c", "((a / (-1 * b)) * c)"],
    ["a - -1", "(a - -1)"],
    ["a =~ /x/ + 1", "(a =~ (/x/ + 1))"],
  ];
  for (const [text, tree] of cases) assert.equal(outline(parseExpression(text)), tree, text);
});

function outline(expression: Expression): string {
  switch (expression.kind) {
    case "binary":
      return `(${outline(expression.left)} ${expression.operator} ${outline(expression.right)})`;
    case "reference":
      return expression.name;
    case "integer":
      return String(expression.value);
    case "regex":
      return `/${expression.pattern}/`;
    default:
      return assert.fail(expression.kind);
  }
}

test("literals", () => {
  const cases: readonly [string, Expression][] = [
    ["1", integer(1n)],
    ["007", integer(7n)],
    ["-9223372036854775808", integer(-(2n ** 63n))],
    ["9223372036854775807", integer(2n ** 63n - 1n)],
    ["9223372036854775808", { kind: "unsigned", value: 2n ** 63n }],
    ["1.", { kind: "number", value: 1 }],
    [".5", { kind: "number", value: 0.5 }],
    ["-0.0", { kind: "number", value: -0 }],
    ["true", { kind: "boolean", value: true }],
    ["FALSE", { kind: "boolean", value: false }],
    ["'it\\'s \\\"a\\\" \\\\ \\n'", { kind: "string", value: `it's "a" \\ \n` }],
    ["1w1d1h1m1s1ms1u1µ1ns", { kind: "duration", nanoseconds: 694_861_001_002_001n }],
    ["99999999999999999999999999999999.5", { kind: "number", value: 1e32 }],
  ];
  for (const [text, literal] of cases) assert.deepStrictEqual(parseExpression(text), literal, text);
});

test("names, casts, wildcards and calls", () => {
  const cases: readonly [string, object][] = [
    [`"a b"`, reference("a b")],
    ["a.b", reference("a.b")],
    [`"a"."b"`, reference("a.b")],
    ["verbose", reference("verbose")],
    ["v::float", { ...reference("v"), type: "float" }],
    ["v::FIELD", { ...reference("v"), type: "field" }],
    ["v::tag", { ...reference("v"), type: "tag" }],
    ["*::field", { kind: "wildcard", type: "field" }],
    ["DISTINCT v", { kind: "distinct", name: "v" }],
    ["distinct(v)", { kind: "call", name: "distinct", args: [reference("v")] }],
    ["MEAN( )", { kind: "call", name: "mean", args: [] }],
    ["top(v, /h/, 3)", { kind: "call", name: "top", args: [reference("v"), regexOf("h"), integer(3n)] }],
    ["a./2", binary(reference("a"), "/", integer(2n))],
  ];
  for (const [text, expression] of cases) assert.deepEqual(parseExpression(text), expression, text);
});

const regexOf = (pattern: string) => ({ kind: "regex", pattern });

test("0 is no limit, and a limit beyond all rows is one", () => {
  assert.equal(select("SELECT v FROM cpu LIMIT 0").limit, undefined);
  assert.equal(select("SELECT v FROM cpu LIMIT 99999999999999999999").limit, Number.MAX_SAFE_INTEGER);
});

test("statements with their own text", () => {
  const text =
    "; SELECT v -- the value; \n FROM cpu WHERE h = 'a;b' ; ;\u00a0;show databases/* all; */;DROP DATABASE x ";
  const refused = () => parseQuery(text);
  assert.throws(refused, /found \u00a0, expected SELECT/);
  const { statements } = parseQuery(text.replace("\u00a0", "\r\n"));
  assert.deepEqual(
    statements.map(({ statement, text }) => [statement.kind, text]),
    [
      ["select", "SELECT v -- the value; \n FROM cpu WHERE h = 'a;b'"],
      ["show-databases", "show databases"],
      ["drop-database", "DROP DATABASE x"],
    ],
  );
  assert.deepEqual(parseQuery(" ;; -- nothing"), { statements: [] });
});

test("a NUL is skipped behind a word and ends the text elsewhere, as influxd reads it", () => {
  const kinds = (text: string) => parseQuery(text).statements.map(({ statement }) => statement.kind);
  assert.deepEqual(kinds("SHOW DATABASES\0; DROP DATABASE x"), ["show-databases", "drop-database"]);
  assert.deepEqual(kinds("SHOW DATA\0BASES \0;\0 DROP DATABASE x"), ["show-databases"]);
  assert.deepEqual(kinds("SHOW USERS\0\0;SHOW QUERIES"), ["show-users", "show-queries"]);
});
