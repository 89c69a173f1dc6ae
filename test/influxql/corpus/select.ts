import { type Entry, reading } from "../corpus-entry.ts";

/** Raw rows: columns, aliases, casts, arithmetic, order and limits. */
export const SELECT: readonly Entry[] = [
  ...reading(
    "select",
    "rows",
    `
SELECT * FROM orders
SELECT * FROM cpu
select * from orders limit 3
SELECT amount FROM orders
SELECT amount, qty FROM orders
SELECT amount, customer_id FROM orders
SELECT customer_id, amount, product, region FROM orders
SELECT amount, * FROM orders LIMIT 5
SELECT *, amount FROM orders LIMIT 5
SELECT amount, amount FROM orders LIMIT 5
SELECT amount AS a, amount AS a FROM orders LIMIT 5
SELECT amount AS a, qty AS "a" FROM orders LIMIT 5
SELECT time, amount FROM orders LIMIT 5
SELECT amount, time FROM orders LIMIT 5
SELECT time AS when_, amount FROM orders LIMIT 5
SELECT "amount" FROM "orders" LIMIT 5
SELECT "amount"::field FROM orders LIMIT 5
SELECT amount::float, qty::integer, paid::boolean, ref::string, product::tag FROM orders LIMIT 20
SELECT amount::field, product::tag FROM orders LIMIT 5
SELECT amount::integer FROM orders LIMIT 5
SELECT qty::float FROM orders LIMIT 5
SELECT amount::integer, qty::float FROM orders WHERE time < '2024-03-09T06:00:00Z'
SELECT *::field FROM orders LIMIT 5
SELECT *::field FROM orders GROUP BY * LIMIT 2
SELECT *::tag, amount FROM orders LIMIT 5
SELECT *::field, *::tag FROM orders LIMIT 5
SELECT /a/ FROM orders LIMIT 5
SELECT /^(amount|qty)$/ FROM orders LIMIT 5
SELECT /usage_.*/, n FROM cpu LIMIT 5
SELECT /path|used/ FROM disk LIMIT 5
SELECT amount AS "the amount", qty AS "Anzahl größer" FROM orders LIMIT 5
SELECT amount AS "select", qty AS "from" FROM orders LIMIT 5
SELECT amount + qty FROM orders LIMIT 10
SELECT amount - qty FROM orders LIMIT 10
SELECT amount * 2 FROM orders LIMIT 10
SELECT amount / 2 FROM orders LIMIT 10
SELECT qty / 2 FROM orders LIMIT 10
SELECT qty % 3 FROM orders LIMIT 10
SELECT qty & 3, qty | 8, qty ^ 5 FROM orders LIMIT 10
SELECT qty & 3 | 8 ^ 5 FROM orders LIMIT 10
SELECT -amount FROM orders LIMIT 10
SELECT - amount, -(amount), -(-amount) FROM orders LIMIT 3
SELECT +amount FROM orders LIMIT 10
SELECT -amount * -2 FROM orders LIMIT 10
SELECT amount - -3 FROM orders LIMIT 10
SELECT 2 * amount + 3 * qty FROM orders LIMIT 10
SELECT 2 * (amount + 3) * qty FROM orders LIMIT 10
SELECT (amount + qty) / (amount - qty) FROM orders LIMIT 10
SELECT ((amount)) FROM orders LIMIT 10
SELECT (amount) + (qty) AS total FROM orders LIMIT 10
SELECT amount + qty + 1 + 2.5 FROM orders LIMIT 10
SELECT amount - (qty - 1) - 2 FROM orders LIMIT 10
SELECT amount / (qty / 3) / 2 FROM orders LIMIT 10
SELECT amount - qty - 1 FROM orders LIMIT 10
SELECT amount / qty FROM orders LIMIT 30
SELECT amount / 0 FROM orders LIMIT 5
SELECT qty / 0 FROM orders LIMIT 5
SELECT amount * 1.0, amount * 0.5, amount * .25 FROM orders LIMIT 5
SELECT usage_idle + usage_user AS used, host FROM cpu WHERE time >= '2024-03-10T05:00:00Z' LIMIT 20
SELECT i + 1, i - 1, i * 2 FROM extremes
SELECT f, -f, f + 0, f / 10 FROM extremes
SELECT i FROM extremes
SELECT i % 10 FROM extremes
SELECT paid & true, paid ^ true FROM orders LIMIT 5
SELECT paid & false, paid | true FROM orders LIMIT 5
SELECT amount FROM orders LIMIT 5 OFFSET 5
SELECT amount FROM orders OFFSET 295
SELECT amount FROM orders LIMIT 0
SELECT amount FROM orders LIMIT 5 OFFSET 0
SELECT amount FROM orders ORDER BY time LIMIT 5
SELECT amount FROM orders ORDER BY time ASC LIMIT 5
SELECT amount FROM orders ORDER BY time DESC LIMIT 5
SELECT amount, customer_id FROM orders ORDER BY time DESC LIMIT 5 OFFSET 3
SELECT amount FROM orders ORDER BY ASC LIMIT 5
SELECT amount FROM orders ORDER BY DESC LIMIT 5
SELECT * FROM orders ORDER BY "time" desc LIMIT 5
SELECT amount FROM orders GROUP BY customer_id LIMIT 2
SELECT amount FROM orders GROUP BY customer_id LIMIT 2 OFFSET 1
SELECT amount FROM orders GROUP BY customer_id ORDER BY time DESC LIMIT 2
SELECT amount FROM orders WHERE time < '2024-03-10T00:00:00Z' GROUP BY customer_id SLIMIT 2
SELECT amount FROM orders WHERE time < '2024-03-10T00:00:00Z' GROUP BY customer_id SLIMIT 2 SOFFSET 1
SELECT amount FROM orders WHERE time < '2024-03-10T00:00:00Z' GROUP BY customer_id LIMIT 2 OFFSET 1 SLIMIT 2 SOFFSET 1
SELECT amount FROM orders GROUP BY customer_id SLIMIT 2
SELECT amount FROM orders GROUP BY customer_id SLIMIT 100 SOFFSET 3
SELECT usage_idle, note FROM cpu GROUP BY customer_id, host LIMIT 3
SELECT usage_idle FROM cpu GROUP BY * LIMIT 1
SELECT usage_idle, host FROM cpu GROUP BY host LIMIT 2
SELECT v FROM mixed
SELECT v, w FROM mixed
SELECT v::integer, v::float, v::string, v::boolean FROM mixed
SELECT v FROM mixed GROUP BY customer_id
SELECT * FROM both
SELECT kind, value FROM both
SELECT kind::field, kind::tag, value FROM both
SELECT kind FROM both GROUP BY kind
SELECT *::field FROM both GROUP BY *
SELECT * FROM ages
SELECT * FROM ages tz('Africa/Monrovia')
SELECT x FROM ages WHERE time <= 0
SELECT x FROM ages WHERE time > '2099-01-01'
SELECT msg FROM logs
SELECT * FROM logs
SELECT type, ok, customer_id FROM events
SELECT nothing, amount FROM orders LIMIT 5
`,
  ),
  ...reading(
    "select",
    "nothing",
    `
SELECT nothing FROM orders
SELECT customer_id FROM orders
SELECT *::tag FROM orders
SELECT amount FROM nothing
SELECT * FROM nothing
SELECT amount FROM orders OFFSET 300
SELECT amount FROM orders WHERE time > '2024-03-14'
SELECT ref::integer FROM orders
`,
  ),
  ...reading(
    "select",
    "error",
    `
SELECT'amount' FROM orders
SELECT 1 FROM orders
SELECT 'amount' FROM orders
SELECT time FROM orders
SELECT true FROM orders
SELECT amount + ref FROM orders
SELECT amount FROM orders GROUP BY time(1h)
SELECT amount FROM orders WHERE time > 'yesterday'
SELECT * FROM nowhere.autogen.orders
SELECT * FROM tele.nowhere.orders
SELECT f * 10 FROM extremes
SELECT amount & 1 FROM orders
SELECT i + 9223372036854775808 FROM extremes
`,
  ),
];
