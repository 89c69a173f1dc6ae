import { type Entry, lines, wrong } from "../corpus-entry.ts";

/** What people get wrong in what they read, and what InfluxDB's own parser stumbles over. */
export const WRONG_SELECT: readonly Entry[] = [
  ...lines(String.raw`
SELECT
SELECT FROM orders
SELECT amount
SELECT amount FROM
SELECT amount orders
SELECT amount FROM orders WHERE
SELECT amount FROM orders WHERE customer_id =
SELECT amount FROM orders WHERE customer_id = 'acme
SELECT amount FROM orders WHERE customer_id = "acme
SELECT amount FROM orders WHERE customer_id == 'acme'
SELECT amount FROM orders WHERE customer_id LIKE 'a%'
SELECT amount FROM orders WHERE customer_id IN ('acme', 'beta')
SELECT amount FROM orders WHERE customer_id IS NULL
SELECT amount FROM orders WHERE NOT customer_id = 'acme'
SELECT amount FROM orders WHERE customer_id = 'acme' AND
SELECT amount FROM orders WHERE customer_id = 'acme' && amount > 5
SELECT amount FROM orders WHERE customer_id = 'acme' || amount > 5
SELECT amount FROM orders WHERE (customer_id = 'acme'
SELECT amount FROM orders WHERE customer_id = 'acme')
SELECT amount FROM orders WHERE customer_id =~ 'acme'
SELECT amount FROM orders WHERE customer_id =~ acme
SELECT amount FROM orders WHERE customer_id =~ /acme
SELECT amount FROM orders WHERE customer_id =~ /a(cme/
SELECT amount FROM orders WHERE customer_id =~ /a[cme/
SELECT amount FROM orders WHERE customer_id =~ /*acme/
SELECT amount FROM orders WHERE customer_id =~ /a**/
SELECT amount FROM orders WHERE customer_id =~ /a{2,1}/
SELECT amount FROM orders WHERE customer_id =~ /(?=acme)/
SELECT amount FROM orders WHERE customer_id =~ /(?<name>acme)/
SELECT amount FROM orders WHERE customer_id =~ /\1/
SELECT amount FROM orders WHERE customer_id =~ /acme\/
SELECT amount FROM orders WHERE customer_id =~ /\q/
SELECT amount FROM orders WHERE customer_id !~
SELECT amount FROM orders WHERE customer_id ! 'acme'
SELECT amount FROM orders WHERE customer_id = 'ac\me'
SELECT amount FROM orders WHERE "custo\mer_id" = 'acme'
SELECT amount FROM orders WHERE amount BETWEEN 1 AND 2
SELECT amount FROM orders WHERE amount > 1e3
SELECT amount FROM orders WHERE amount > 1.5e3
SELECT amount FROM orders WHERE amount > 1_000
SELECT amount FROM orders WHERE amount > 0x10
SELECT amount FROM orders WHERE amount > 1,000
SELECT amount FROM orders WHERE amount > 99999999999999999999999
SELECT amount FROM orders WHERE amount > -9223372036854775809
SELECT amount FROM orders WHERE amount > --1
SELECT amount FROM orders WHERE amount > - -1
SELECT amount FROM orders WHERE time > now() - 1x
SELECT amount FROM orders WHERE time > now() - 1n
SELECT amount FROM orders WHERE time > now() - 1hour
SELECT amount FROM orders WHERE time > now() - 1.5h
SELECT amount FROM orders WHERE time > now() - 52000w
SELECT amount FROM orders WHERE time > now() - 99999999999999999999s
SELECT amount FROM orders WHERE time > 2024-03-10T00:00:00Z
SELECT amount FROM orders WHERE time > now( - 1h
SELECT amount, FROM orders
SELECT ,amount FROM orders
SELECT amount qty FROM orders
SELECT amount AS FROM orders
SELECT amount AS 'a' FROM orders
SELECT amount AS select FROM orders
SELECT amount as a.b FROM orders
SELECT key FROM orders
SELECT user FROM orders
SELECT name FROM orders
SELECT dotted.name FROM "1m"
SELECT Größe FROM logs
SELECT amount > 5 FROM orders
SELECT amount = 5 FROM orders
SELECT a AND b FROM orders
SELECT paid = true OR paid FROM orders
SELECT amount =~ /x/ FROM orders
SELECT amount + FROM orders
SELECT amount + * FROM orders,
SELECT (amount FROM orders
SELECT amount) FROM orders
SELECT amount::number FROM orders
SELECT amount::int FROM orders
SELECT amount:: FROM orders
SELECT amount::time FROM orders
SELECT *::float FROM orders
SELECT amount:float FROM orders
SELECT mean(amount FROM orders
SELECT mean(amount,) FROM orders
SELECT mean(,amount) FROM orders
SELECT mean amount FROM orders
SELECT mean (amount) FROM orders
SELECT mean(amount ) x FROM orders
SELECT distinct FROM orders
SELECT distinct 'amount' FROM orders
SELECT distinct amount, qty, FROM orders
SELECT count(distinct) FROM orders
SELECT count(distinct 5) FROM orders
SELECT amount FROM 'orders'
SELECT amount FROM 1m
SELECT amount FROM select
SELECT amount FROM orders,
SELECT amount FROM orders qty
SELECT amount FROM orders AS o
SELECT amount FROM orders JOIN cpu
SELECT amount FROM cpu-load
SELECT amount FROM cpu/load
SELECT amount FROM my measurement
SELECT amount FROM a.b.c.d
SELECT amount FROM a...d
SELECT amount FROM .orders
SELECT amount FROM tele . orders
SELECT amount FROM tele.. orders,
SELECT amount FROM tele.autogen.
SELECT amount FROM tele.'autogen'.orders
SELECT amount FROM :MEASUREMENT
SELECT amount FROM (orders)
SELECT amount FROM (SELECT amount FROM orders
SELECT amount FROM ((SELECT amount FROM orders))
SELECT amount FROM (SHOW MEASUREMENTS)
SELECT amount FROM (SELECT amount INTO x FROM orders))
SELECT amount FROM (SELECT amount FROM orders) AS o
SELECT amount FROM (SELECT amount FROM orders; )
SELECT amount FROM orders GROUP customer_id
SELECT amount FROM orders GROUP BY
SELECT amount FROM orders GROUP BY customer_id,
SELECT amount FROM orders GROUP BY time(1h
SELECT amount FROM orders GROUP BY time 1h
SELECT amount FROM orders GROUP BY customer_id WHERE amount > 5
SELECT amount FROM orders ORDER time
SELECT amount FROM orders ORDER BY
SELECT amount FROM orders ORDER BY amount
SELECT amount FROM orders ORDER BY amount DESC
SELECT amount FROM orders ORDER BY TIME
SELECT amount FROM orders ORDER BY time, amount
SELECT amount FROM orders ORDER BY time DESC, time
SELECT amount FROM orders ORDER BY 'time'
SELECT amount FROM orders ORDER BY time UP
SELECT amount FROM orders ORDER BY ASC, field1, field2 DESC
SELECT amount FROM orders LIMIT
SELECT amount FROM orders LIMIT -1
SELECT amount FROM orders LIMIT 1.5
SELECT amount FROM orders LIMIT '1'
SELECT amount FROM orders LIMIT 10s
SELECT amount FROM orders LIMIT 5, 5
SELECT amount FROM orders LIMIT all
SELECT amount FROM orders OFFSET x
SELECT amount FROM orders OFFSET 1 LIMIT 1
SELECT amount FROM orders SOFFSET 1 SLIMIT 1
SELECT amount FROM orders SLIMIT -1
SELECT amount FROM orders LIMIT 1 ORDER BY time
SELECT sum(amount) FROM orders fill(null) GROUP BY customer_id
SELECT sum(amount) FROM orders GROUP BY time(1h) fill
SELECT sum(amount) FROM orders GROUP BY time(1h) fill()
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(0, 1)
SELECT sum(amount) FROM orders GROUP BY time(1h) fill('0')
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(nothing)
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(NULL)
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(1h)
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(-x)
SELECT sum(amount) FROM orders GROUP BY time(1h) fill + 1
SELECT sum(amount) FROM orders GROUP BY time(1h) fill(none), customer_id
SELECT sum(amount) FROM orders tz(UTC)
SELECT sum(amount) FROM orders tz
SELECT sum(amount) FROM orders tz()
SELECT sum(amount) FROM orders tz('UTC', 'UTC')
SELECT sum(amount) FROM orders tz('Mars/Olympus')
SELECT sum(amount) FROM orders tz('browser') LIMIT 1
SELECT sum(amount) FROM orders tz('UTC') LIMIT 1
SELECT sum(amount) INTO FROM orders
SELECT sum(amount) INTO 'x' FROM orders
SELECT sum(amount) INTO a.b.c.d FROM orders
SELECT sum(amount) INTO a. FROM orders
SELECT sum(amount) INTO a.:measurements FROM orders
SELECT sum(amount) FROM orders INTO x
SELECT amount FROM orders SELECT qty FROM orders
SELECT amount FROM orders; SELECT
SELECT amount FROM orders; FOO; SELECT qty FROM orders
SELECT /**/ amount FROM orders
SELECT/**/amount FROM orders
SELECT amount FROM orders /* the end */ WHERE amount > 5
SELECT amount FROM orders /* never closed
SELECT amount FROM /* all */ orders
SELECT amount // qty FROM orders
SELECT "amount FROM orders
SELECT"amount" FROM orders
SELECT amount" FROM orders
SELECT amount FROM "orders" WHERE "" = ''a
SELECT amount FROM orders WHERE amount > #5
SELECT amount FROM orders @now
SELECT amount FROM orders WHERE amount > ~5
SELECT amount FROM orders WHERE a[0] = 1
SELECT ${"$"}{field} FROM orders
SELECT amount FROM [orders]
SELECT amount FROM orders?
FOO
foo bar
"SELECT" amount FROM orders
'SELECT'
5
/
*
(
\
é
SELCT amount FROM orders
INSERT cpu,host=h1 value=1
INSERT INTO cpu VALUES (1)
UPDATE orders SET amount = 1
USE tele
DESCRIBE orders
BEGIN
`).map(wrong),
  ...[
    "SELECT amount\nFROM orders\nWHERE",
    "SELECT amount\r\n  FROM\r\n  orders WHERE amount >\r\n\r\n",
    "SELECT amount FROM orders WHERE ref = 'two\nlines'",
    "SELECT amount FROM orders WHERE ref =~ /two\nlines/",
    'SELECT "two\nlines" FROM orders',
    "SELECT amount FROM orders\u00a0LIMIT 1",
    "SELECT amount FROM orders -- comment\n LIMIT x",
    "SELECT amount FROM orders /* two\nlines */ LIMIT x",
    "SELECT 'ö世😀' + FROM orders",
    "SELECT amount FROM 温度",
    "SELECT amount FROM orders WHERE msg = 😀",
    "\ufeffSELECT amount FROM orders",
    "SELECT “amount” FROM orders",
    "SELECT amount FROM orders WHERE customer_id = ‘acme’",
    "SELECT `amount` FROM orders",
  ].map(wrong),
];
