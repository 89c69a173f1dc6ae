import { type Entry, reading } from "../corpus-entry.ts";
import { DATABASE } from "../data-set.ts";

/** How the same may be written: space, comments, case, quotes, numbers; and several statements in one text. */
export const LEXICAL: readonly Entry[] = [
  ...[
    "SELECT amount\nFROM orders\nLIMIT 2",
    "SELECT amount\r\nFROM orders\r\nLIMIT 2",
    "SELECT amount\rFROM orders LIMIT 2",
    "\t SELECT\tamount\n\n FROM   orders  LIMIT\t2 \n",
    "SELECT amount FROM orders LIMIT 2 -- the first ones",
    "SELECT amount -- in EUR\nFROM orders -- all\nLIMIT 2",
    "-- first a comment\nSELECT amount FROM orders LIMIT 2",
    "/* first a comment */ SELECT amount FROM orders LIMIT 2",
    "SELECT amount/* * ** */FROM orders LIMIT/* ; */2/***/",
    "SELECT amount /* two\nlines */ FROM orders LIMIT 2",
    "SELECT amount FROM orders WHERE /* ' \" */ customer_id = 'acme' /* -- */ LIMIT 2",
    "SELECT amount FROM orders WHERE customer_id/* a */=/* b */'acme' LIMIT 2",
    "SELECT amount FROM orders WHERE ref = '-- no comment' OR amount > 990",
    "SELECT amount FROM orders WHERE ref = '/* no comment */' OR amount > 990",
    "SELECT amount FROM orders WHERE ref = 'a;b' OR amount > 990; SELECT qty FROM orders LIMIT 1",
    "SELECT amount--1\nFROM orders LIMIT 2",
    "SELECT amount FROM orders LIMIT 2;",
    "SELECT amount FROM orders LIMIT 2 ; ; ",
    ";;SELECT amount FROM orders LIMIT 2",
    "SELECT amount,qty FROM orders WHERE amount>990 AND qty>=3 OR qty=0 LIMIT 2",
    "SELECT amount+qty,amount-qty,amount*qty,amount/qty,qty%3 FROM orders LIMIT 2",
    "SELECT amount*-1,amount*+1,(amount)*(qty) FROM orders LIMIT 2",
    'SELECT "amount"FROM orders WHERE ("customer_id")=\'acme\'LIMIT 2',
    "SELECT(amount)FROM(SELECT amount FROM orders)LIMIT 2",
    "SELECT mean( amount ),sum(qty )FROM orders",
    "SELECT usage_idle FROM cpu WHERE host='h9'AND region='eu'LIMIT 2",
    "SELECT amount FROM orders WHERE time<'2024-03-09T01:00:00Z'",
    "SELECT amount FROM orders WHERE time>=1709942400000000000 AND time<1709942400s+1h",
    "SELECT sum(amount) FROM orders WHERE time>='2024-03-09' AND time<'2024-03-10' GROUP BY time( 6h , 1h ) fill( none )",
    "SELECT msg FROM logs WHERE msg = 'größer als 世界 😀'",
    'SELECT "msg" AS "世界 😀" FROM "logs" WHERE "Größe" = \'s0\'',
    'SELECT value AS "tab\there" FROM "1m"',
    'SELECT value AS "new\\nline" FROM "1m"',
    'SELECT value AS "quote\\"d", value AS "sing\'le", value AS "x" FROM "1m"',
    'SELECT value AS "back\\\\slash" FROM "1m"',
    'SELECT value AS "" FROM "1m"',
    "SELECT msg FROM logs WHERE msg =~ /with 'single' and \"double\"/",
    "SELECT msg FROM logs WHERE msg =~ /<b>&amp;<\\/b>/",
    "SELECT msg FROM logs WHERE msg != 'new\\nline' AND msg != '\\'' AND msg != '\\\"' LIMIT 2",
    "SELECT msg FROM logs WHERE msg =~ /^\\d+\\.\\d$/",
    "SELECT msg FROM logs WHERE msg =~ /\\x6c\\x{61}/",
    "SELECT msg FROM logs WHERE msg =~ /\\p{Han}+/",
    "SELECT msg FROM logs WHERE msg =~ /(?P<word>pl)ain/",
    "SELECT msg FROM logs WHERE msg =~ //",
    "SELECT msg FROM logs WHERE msg =~ / /",
    "SELECT msg FROM logs WHERE msg =~ /[\\/]/",
    "SELECT msg FROM logs WHERE msg !~/plain/ AND msg=~/a/",
    "SELECT amount FROM orders WHERE amount > 0900",
    "SELECT amount FROM orders WHERE amount > 900.0 AND amount < 00950.50",
    "SELECT amount FROM orders WHERE amount > .5 AND amount < 20.",
    "SELECT amount * 1000000000000000000000.0 FROM orders LIMIT 2",
    "SELECT amount * 0.000000001, amount / 3.3333333333333333333 FROM orders LIMIT 2",
    "SELECT amount * 123456789.123456789, amount * 1.0000000000000001 FROM orders LIMIT 2",
    "SELECT qty + 9223372036854775807 FROM orders LIMIT 2",
    "SELECT qty * -9223372036854775808 FROM orders LIMIT 2",
    "SELECT i FROM extremes WHERE i < 9223372036854775808",
    "SELECT i FROM extremes WHERE i < 18446744073709551615",
    "SELECT amount FROM orders WHERE time > 1h AND time < 1709942400s + 1h1m1s1ms1u1ns",
    "SELECT amount FROM orders WHERE time > 1709942400s - 1w2d AND time < 1709942400s + 90m",
    "SELECT amount FROM orders WHERE time > -1s AND time < 19791d2h",
    "SELECT amount FROM orders WHERE time > 0 AND time < 1709946000000000u",
    "SELECT amount FROM orders WHERE time > 0 AND time < 1709946000000000µ",
    "SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d, 0s)",
    "SELECT derivative(amount, 1m30s) FROM orders LIMIT 2",
    "SELECT derivative(amount, 90000ms) FROM orders LIMIT 2",
    "SELECT elapsed(amount, 1u), elapsed(amount, 1ns), elapsed(amount, 1ms) FROM orders LIMIT 2",
    "SeLeCt MeAn(amount) fRoM orders GrOuP bY region FiLl(none) LiMiT 1 tZ('UTC')",
    "select amount from orders where paid = TRUE and ref =~ /R/ order by time desc limit 2 offset 1 slimit 1 soffset 0",
    'SELECT "amount" FROM "tele"."autogen"."orders" LIMIT 2',
    "SELECT orders.amount FROM orders LIMIT 2",
    'SELECT "all", "and", "by", "time", amount FROM orders LIMIT 2',
    'SELECT amount AS "limit", qty AS "group", ref AS "true" FROM orders LIMIT 2',
    'SELECT "Größe", line FROM logs LIMIT 2',
    'SELECT value FROM "my measurement" WHERE "tag key" = \'v 0\' AND "order" = \'by\' AND "field with space" > 1',
    'SELECT "from" FROM "select" WHERE "from" != \'f0\'',
    'SELECT "\\"q\\"" FROM "1m" WHERE "\\"q\\"" = true',
    'SELECT mean(value) FROM "cpu.load", "cpu/load" GROUP BY "tag key"',
    "SELECT first(amount) AS first, last(amount) AS last FROM orders",
    "SELECT mean(amount) AS mean, max(qty) AS fill, min(qty) AS tz FROM orders",
    "SELECT fill, tz, amount FROM orders LIMIT 2",
    "SELECT time_, _time, amount FROM orders LIMIT 2",
  ].map(
    (q): Entry => ({
      family: "lexical",
      kind: "read",
      q,
      db: DATABASE,
      answer: q.includes("orders.amount") ? "nothing" : "rows",
    }),
  ),
  ...reading(
    "several",
    "rows",
    `
SELECT amount FROM orders LIMIT 1; SELECT qty FROM orders LIMIT 1
SHOW DATABASES; SHOW MEASUREMENTS; SELECT amount FROM orders LIMIT 1
SELECT amount FROM orders LIMIT 1;SELECT amount FROM nothing;SELECT qty FROM orders LIMIT 1
SELECT count(amount) FROM orders; SHOW TAG KEYS FROM cpu; SHOW FIELD KEYS FROM cpu; SHOW SERIES FROM disk LIMIT 1;
SELECT sum(amount) FROM orders GROUP BY region;;SELECT sum(qty) FROM orders GROUP BY region;
`,
  ),
  ...reading(
    "several",
    "error",
    `
SELECT amount FROM orders LIMIT 1; SELECT nosuch(amount) FROM orders
SELECT nosuch(amount) FROM orders; SELECT amount FROM orders LIMIT 1
SELECT amount FROM orders LIMIT 1; SELECT mean(ref) FROM orders; SELECT amount FROM orders LIMIT 1
SELECT amount FROM nowhere..orders; SHOW DATABASES
SHOW DATABASES; SHOW FIELD KEYS ON nodb
SELECT amount FROM orders WHERE time > 1709942400s - (1h + 30m) AND time < 1709942400s + 2 * 30m
`,
  ),
];
