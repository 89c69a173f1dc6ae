import { type Entry, reading } from "../corpus-entry.ts";

/** Subqueries, and what else may stand in FROM. */
export const SUBQUERIES: readonly Entry[] = [
  ...reading(
    "subqueries",
    "rows",
    `
SELECT * FROM (SELECT amount FROM orders) LIMIT 5
SELECT amount FROM (SELECT amount FROM orders) LIMIT 5
SELECT a FROM (SELECT amount AS a, qty AS b FROM orders) WHERE b > 15
SELECT a, b FROM (SELECT amount AS a, qty AS b, customer_id FROM orders) WHERE a > 900 AND customer_id = 'acme'
SELECT sum(a) FROM (SELECT amount * 2 AS a FROM orders)
SELECT sum(a) FROM (SELECT amount * qty AS a FROM orders WHERE paid = true) GROUP BY customer_id
SELECT sum(sq) FROM (SELECT amount * amount AS sq FROM orders)
SELECT mean(mean) FROM (SELECT mean(amount) FROM orders GROUP BY customer_id)
SELECT mean(sum) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id)
SELECT max(sum) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id)
SELECT max(sum), customer_id FROM (SELECT sum(amount) FROM orders GROUP BY customer_id)
SELECT top(sum, customer_id, 3) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id)
SELECT count(sum) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id, region)
SELECT sum(sum) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id, region) GROUP BY region
SELECT sum FROM (SELECT sum(amount) FROM orders GROUP BY customer_id) WHERE sum > 15000
SELECT sum, customer_id FROM (SELECT sum(amount) FROM orders GROUP BY customer_id) WHERE sum > 15000
SELECT total FROM (SELECT sum(amount) AS total FROM orders GROUP BY customer_id) WHERE customer_id =~ /^a/ GROUP BY customer_id
SELECT mean(max) FROM (SELECT max(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d))
SELECT mean(max) FROM (SELECT max(amount) FROM orders GROUP BY time(1d)) WHERE time >= '2024-03-09' AND time < '2024-03-13'
SELECT mean(max) FROM (SELECT max(amount) FROM orders GROUP BY time(6h), customer_id fill(none)) WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT sum(mean) FROM (SELECT mean(usage_idle) FROM cpu GROUP BY time(10m), host fill(previous)) WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h) fill(0)
SELECT max(derivative) FROM (SELECT derivative(mean(usage_idle), 1m) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m), host)
SELECT sum(d) FROM (SELECT non_negative_derivative(reads, 1m) AS d FROM disk GROUP BY customer_id, path)
SELECT sum(d) FROM (SELECT non_negative_difference(reads) AS d FROM disk GROUP BY customer_id, path) WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(1h), customer_id
SELECT derivative(sum, 1h) FROM (SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h))
SELECT difference(last) FROM (SELECT last(reads) FROM disk WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(30m), path fill(none)) GROUP BY path
SELECT moving_average(sum, 2) FROM (SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)) LIMIT 5
SELECT mean(a) - mean(b) AS gap FROM (SELECT usage_idle AS a, usage_user AS b FROM cpu WHERE host = 'h9')
SELECT count("distinct") FROM (SELECT distinct(qty) FROM orders)
SELECT count("distinct") FROM (SELECT distinct(qty) FROM orders GROUP BY region) GROUP BY region
SELECT max(n) FROM (SELECT n FROM cpu WHERE host = 'h9') GROUP BY region
SELECT last(x) FROM (SELECT last(usage_idle) AS x FROM cpu GROUP BY host, customer_id) GROUP BY host
SELECT percentile(total, 50) FROM (SELECT sum(amount) AS total FROM orders GROUP BY customer_id, product)
SELECT first(amount), customer_id FROM (SELECT * FROM orders WHERE qty > 5)
SELECT top(amount, 2), customer_id FROM (SELECT amount, customer_id FROM orders)
SELECT * FROM (SELECT * FROM orders LIMIT 3)
SELECT * FROM (SELECT * FROM orders ORDER BY time DESC LIMIT 3) ORDER BY time DESC
SELECT * FROM (SELECT mean(*) FROM cpu GROUP BY host)
SELECT * FROM (SELECT max(usage_idle), min(usage_idle) FROM cpu GROUP BY customer_id)
SELECT * FROM (SELECT amount, qty FROM orders GROUP BY customer_id LIMIT 1)
SELECT * FROM (SELECT amount FROM orders LIMIT 2 OFFSET 2) GROUP BY *
SELECT amount FROM (SELECT amount FROM orders GROUP BY customer_id LIMIT 3) GROUP BY customer_id LIMIT 2
SELECT * FROM (SELECT amount FROM (SELECT amount, qty FROM orders WHERE qty > 3) WHERE qty < 15) LIMIT 10
SELECT max(mean) FROM (SELECT mean(sum) FROM (SELECT sum(amount) FROM orders GROUP BY customer_id, region, product) GROUP BY customer_id, region) GROUP BY customer_id
SELECT mean(c) FROM (SELECT sum(b) AS c FROM (SELECT max(amount) AS b FROM orders GROUP BY time(1h), customer_id fill(none)) GROUP BY time(6h), customer_id fill(none)) WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT sum(a) FROM (SELECT amount AS a FROM orders), (SELECT usage_idle AS a FROM cpu)
SELECT mean(a) FROM (SELECT amount AS a FROM orders), (SELECT usage_idle AS a FROM cpu) GROUP BY customer_id
SELECT mean(mean_usage_idle) FROM (SELECT mean(usage_idle) AS mean_usage_idle FROM cpu GROUP BY customer_id), "long term".cpu
SELECT count(amount) FROM (SELECT amount FROM orders), orders
SELECT sum(amount) FROM (SELECT amount FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10') WHERE time >= '2024-03-09T06:00:00Z' AND time < '2024-03-11'
SELECT mean(amount) FROM (SELECT amount FROM orders WHERE customer_id = 'acme' OR customer_id = 'corp') GROUP BY customer_id
SELECT sum(n) FROM (SELECT n FROM cpu GROUP BY *) WHERE host =~ /h[12]/ GROUP BY host
SELECT spread(s), stddev(s) FROM (SELECT sum(qty) AS s FROM orders GROUP BY customer_id)
SELECT s / 2 AS half FROM (SELECT sum(qty) AS s FROM orders GROUP BY customer_id)
SELECT max(x) FROM (SELECT max(amount) AS x FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY customer_id SLIMIT 2) GROUP BY customer_id
SELECT max(x) FROM (SELECT amount AS x FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY customer_id SLIMIT 1 SOFFSET 1) GROUP BY customer_id
SELECT x FROM (SELECT last(amount) AS x FROM orders GROUP BY customer_id) LIMIT 3
SELECT last(x), mean(w) FROM (SELECT v AS x, w FROM mixed, events WHERE customer_id != 'acme') WHERE time >= '2024-03-11' AND time < '2024-03-12'
SELECT cumulative_sum(s) FROM (SELECT sum(qty) AS s FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d))
SELECT sum(amount) FROM (SELECT amount FROM orders) WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d) tz('America/New_York')
SELECT count(type) FROM (SELECT type, ok FROM events WHERE ok = true)
SELECT bottom(m, 2) FROM (SELECT min(usage_idle) AS m FROM cpu GROUP BY host)
SELECT mean("mean") FROM (SELECT mean("usage_idle") AS "mean" FROM "cpu" WHERE "host" =~ /^h/ GROUP BY time(10m), "host") WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(30m), "host" fill(none)
`,
  ),
  ...reading(
    "subqueries",
    "nothing",
    `
SELECT nothing FROM (SELECT amount FROM orders)
SELECT sum(amount) FROM (SELECT amount FROM orders WHERE customer_id = 'nobody')
SELECT amount FROM (SELECT amount FROM orders) WHERE customer_id = 'acme'
`,
  ),
  ...reading(
    "subqueries",
    "error",
    `
SELECT * FROM (SELECT * FROM orders ORDER BY time DESC LIMIT 3)
SELECT sum(x) FROM (SELECT mean(amount), qty FROM orders)
SELECT sum(amount) FROM (SELECT amount FROM orders GROUP BY time(1h))
SELECT mean(sum) FROM (SELECT sum(nosuch(amount)) FROM orders)
SELECT top(sum, 2) FROM (SELECT top(amount, 2), bottom(amount, 2) FROM orders)
`,
  ),
  ...reading(
    "sources",
    "rows",
    String.raw`
SELECT amount FROM autogen.orders LIMIT 2
SELECT amount FROM tele.autogen.orders LIMIT 2
SELECT amount FROM tele..orders LIMIT 2
SELECT amount FROM "tele".."orders" LIMIT 2
SELECT amount FROM "tele"."autogen"."orders" LIMIT 2
SELECT * FROM "long term".cpu
SELECT * FROM tele."long term".cpu GROUP BY customer_id
SELECT * FROM other..weather
SELECT mean(temperature) FROM other.autogen.weather GROUP BY city
SELECT * FROM "odd \"db"..weather
SELECT * FROM "odd \"db"."autogen".weather
SELECT value FROM "my measurement"
SELECT value, "field with space", "dotted.name", "from", "\"q\"" FROM "we,ird \"m\""
SELECT value FROM "select"
SELECT value FROM "1m"
SELECT value FROM "cpu.load"
SELECT value FROM "cpu/load"
SELECT value FROM "温度"
SELECT value FROM "back\\slash"
SELECT value FROM "it's"
SELECT value FROM tele.autogen."cpu.load" GROUP BY "tag key", "order"
SELECT value FROM "1m", "select", "my measurement"
SELECT usage_idle, amount FROM cpu, orders WHERE time < '2024-03-09T06:00:00Z'
SELECT count(usage_idle), sum(amount) FROM cpu, orders
SELECT mean(amount) FROM cpu, orders, nothing
SELECT * FROM cpu, disk WHERE host = 'h1' AND time >= '2024-03-11T00:00:00Z'
SELECT value FROM /^cpu/
SELECT value FROM /cpu[.\/]load/
SELECT value FROM /it's|back\\slash/
SELECT value FROM /^(1m|select)$/ GROUP BY customer_id
SELECT count(value) FROM /.*/
SELECT count(*) FROM /^(events|logs)$/
SELECT mean(value) FROM /cpu.load/ WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT last(*) FROM /./ WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY *
SELECT * FROM tele.autogen./^ev/
SELECT * FROM "long term"./c.u/ LIMIT 2
SELECT * FROM tele../^events$/
SELECT * FROM other.././ LIMIT 2
SELECT value FROM /^cpu\./, "1m", /温/
SELECT count(usage_idle) FROM autogen.cpu, "long term".cpu
SELECT count(temperature) FROM other..weather, "odd \"db"..weather
`,
  ),
  ...reading(
    "sources",
    "nothing",
    `
SELECT * FROM /^nothing/
SELECT dotted.nam FROM "1m"
SELECT * FROM "long term".orders
`,
  ),
  ...reading("sources", "error", 'SELECT value FROM cpu.load\nSELECT value FROM nodb.."1m"'),
  ...reading("sources", "rows", "SELECT * FROM weather\nSELECT count(temperature) FROM /w/", "other"),
  ...reading("sources", "rows", "SELECT * FROM weather\nSHOW MEASUREMENTS", 'odd "db'),
  ...reading("sources", "rows", "SELECT amount FROM tele..orders LIMIT 1\nSHOW DATABASES", ""),
  ...reading("sources", "error", "SELECT amount FROM orders\nSHOW MEASUREMENTS\nSHOW SERIES", ""),
];
