import { type Entry, reading } from "../corpus-entry.ts";

/** Aggregates, selectors, transformations and mathematics over whole series. With intervals: group-by.ts. */
export const FUNCTIONS: readonly Entry[] = [
  ...reading(
    "functions",
    "rows",
    `
SELECT count(amount) FROM orders
SELECT COUNT(amount) FROM orders
SELECT Count("amount") FROM orders
SELECT count(ref) FROM orders
SELECT count(paid) FROM orders
SELECT count(*) FROM orders
SELECT count(/a/) FROM orders
SELECT count(distinct(qty)) FROM orders
SELECT count(distinct qty) FROM orders
SELECT count(qty) + 1 FROM orders
SELECT count(amount) FROM orders WHERE customer_id = 'acme'
SELECT count(amount), sum(amount), mean(amount) FROM orders
SELECT count(amount), count(amount) FROM orders
SELECT count(amount) AS a, count(qty) AS b FROM orders
SELECT count(v) FROM mixed
SELECT count(usage_idle) FROM cpu
SELECT distinct(qty) FROM orders
SELECT distinct qty FROM orders
SELECT DISTINCT(paid) FROM orders
SELECT DISTINCT "ref" FROM orders
SELECT distinct(ref) FROM orders LIMIT 5
SELECT distinct(amount) FROM orders WHERE customer_id = 'acme'
SELECT integral(amount) FROM orders
SELECT integral(amount, 1h) FROM orders WHERE customer_id = 'acme'
SELECT integral(usage_idle, 1m) FROM cpu WHERE host = 'h9'
SELECT mean(amount) FROM orders
SELECT mean(*) FROM orders
SELECT mean(/usage/) FROM cpu
SELECT mean(qty) FROM orders WHERE product = 'apple'
SELECT mean(amount) AS average, mean(qty) FROM orders
SELECT mean(amount) * 2 + mean(qty) FROM orders
SELECT (mean(amount) - min(amount)) / (max(amount) - min(amount)) FROM orders
SELECT 100 - mean(usage_idle) FROM cpu
SELECT 100 * sum(qty) / count(qty) AS percent FROM orders
SELECT -mean(amount) FROM orders
SELECT median(amount) FROM orders
SELECT median(qty), median(amount) FROM orders
SELECT median(/usage/) FROM cpu
SELECT mode(qty) FROM orders
SELECT mode(ref) FROM orders
SELECT mode(paid) FROM orders
SELECT spread(amount) FROM orders
SELECT spread(*) FROM cpu
SELECT stddev(amount) FROM orders
SELECT stddev(qty) FROM orders WHERE customer_id = 'beta'
SELECT sum(amount) FROM orders
SELECT sum(qty) FROM orders
SELECT sum(*) FROM orders
SELECT sum(usage_idle), sum(n) FROM cpu
SELECT sum(i) FROM extremes
SELECT mean(i) FROM extremes
SELECT mean(i), count(i) FROM extremes WHERE i > 1
SELECT mean(line), mean(amount) FROM logs, orders
SELECT sum(amount) / sum(qty) FROM orders
SELECT sum(amount) FROM orders WHERE time >= '2024-03-10' AND time < '2024-03-11'
SELECT bottom(amount, 3) FROM orders
SELECT bottom(amount, customer_id, 3) FROM orders
SELECT bottom(amount, 3), customer_id, qty FROM orders
SELECT bottom(qty, 5) FROM orders
SELECT top(amount, 3) FROM orders
SELECT TOP(amount, 3) FROM orders ORDER BY time DESC
SELECT top(amount, customer_id, 3) FROM orders
SELECT top(amount, customer_id, product, 4) FROM orders
SELECT top(amount, 3), customer_id, qty FROM orders
SELECT top(amount, customer_id, 2), product FROM orders
SELECT top(n, 3) FROM cpu
SELECT first(amount) FROM orders
SELECT first(ref) FROM orders
SELECT first(paid) FROM orders
SELECT first(*) FROM orders
SELECT first(amount), customer_id FROM orders
SELECT first(amount), qty, product, customer_id FROM orders
SELECT first(amount), last(amount) FROM orders
SELECT first(v) FROM mixed
SELECT last(amount) FROM orders
SELECT last(*) FROM orders
SELECT last(/a/) FROM orders
SELECT last(amount), * FROM orders
SELECT last(amount) - first(amount) FROM orders
SELECT last(usage_idle) FROM cpu
SELECT last(amount) FROM orders WHERE time < '2024-03-10'
SELECT max(amount) FROM orders
SELECT max(amount), customer_id FROM orders
SELECT max(amount), min(amount) FROM orders
SELECT max(*) FROM orders
SELECT max(i), min(i) FROM extremes
SELECT max(i) FROM extremes
SELECT max(amount) AS largest, product FROM orders WHERE customer_id =~ /acme/
SELECT min(amount) FROM orders
SELECT min(qty), ref FROM orders
SELECT min(usage_idle), host, customer_id FROM cpu
SELECT percentile(amount, 90) FROM orders
SELECT percentile(amount, 99.9), customer_id FROM orders
SELECT percentile(amount, 50), percentile(qty, 50) FROM orders
SELECT percentile(*, 25) FROM orders
SELECT percentile(/usage/, 75) FROM cpu
SELECT percentile(amount, 100) FROM orders
SELECT cumulative_sum(amount) FROM orders LIMIT 10
SELECT cumulative_sum(qty) FROM orders WHERE customer_id = 'acme'
SELECT cumulative_sum(*) FROM orders LIMIT 10
SELECT derivative(reads) FROM disk WHERE customer_id = 'acme' AND path = '/'
SELECT derivative(reads, 1m) FROM disk WHERE customer_id = 'acme' AND path = '/'
SELECT non_negative_derivative(reads, 1m) FROM disk GROUP BY customer_id, path
SELECT non_negative_derivative(reads) FROM disk GROUP BY *
SELECT difference(reads) FROM disk GROUP BY customer_id, path
SELECT difference(amount) FROM orders LIMIT 10
SELECT non_negative_difference(reads) FROM disk GROUP BY customer_id, path
SELECT elapsed(amount) FROM orders LIMIT 5
SELECT elapsed(amount, 1s) FROM orders LIMIT 5
SELECT elapsed(ref, 1m) FROM orders
SELECT elapsed(amount, 1h), elapsed(qty, 1h) FROM orders LIMIT 5
SELECT moving_average(amount, 3) FROM orders LIMIT 5
SELECT moving_average(*, 10) FROM orders LIMIT 5
SELECT moving_average(amount, 2), moving_average(qty, 2) FROM orders LIMIT 5
SELECT derivative(amount, 1h) / derivative(qty, 1h) FROM orders LIMIT 5
SELECT difference(reads) AS d FROM disk GROUP BY path LIMIT 4
SELECT abs(n) FROM cpu WHERE host = 'h9'
SELECT abs(amount - 500) FROM orders LIMIT 5
SELECT ceil(amount), floor(amount), round(amount) FROM orders LIMIT 5
SELECT sqrt(amount), pow(amount, 2), pow(qty, 3) FROM orders LIMIT 5
SELECT exp(qty), ln(amount), log(amount, 2), log2(amount), log10(amount) FROM orders WHERE amount > 1 LIMIT 5
SELECT sin(amount), cos(amount), tan(amount) FROM orders LIMIT 5
SELECT asin(usage_idle / 100), acos(usage_idle / 100), atan(usage_idle), atan2(usage_idle, usage_user) FROM cpu LIMIT 5
SELECT round(mean(amount)) FROM orders
SELECT round(amount) AS r, customer_id FROM orders LIMIT 5
SELECT floor(amount / 100) * 100 FROM orders LIMIT 5
`,
  ),
  ...reading(
    "functions",
    "varies",
    `
SELECT sample(amount, 3) FROM orders
SELECT sample(ref, 2), customer_id FROM orders
SELECT sample(*, 2) FROM cpu
`,
  ),
  ...reading(
    "functions",
    "nothing",
    `
SELECT percentile(amount, 101) FROM orders
SELECT count(nothing) FROM orders
SELECT mean(ref) FROM nothing
SELECT elapsed(ref) FROM orders WHERE amount < -1
SELECT sum(amount) FROM orders WHERE customer_id = 'nobody'
SELECT distinct(customer_id) FROM orders
SELECT count(customer_id) FROM orders
SELECT first(nothing), last(nothing) FROM orders
SELECT max(amount), customer_id FROM orders WHERE time > '2024-03-14'
`,
  ),
  ...reading(
    "functions",
    "error",
    `
SELECT mean( ) FROM orders
SELECT median(ref) FROM orders WHERE amount < -1
SELECT cumulative_sum(paid) FROM orders WHERE amount < -1
SELECT integral(ref), count(amount) FROM orders WHERE amount < -1
SELECT first(ref) + 1, count(amount) FROM orders
SELECT max(amount) & 1, count(qty) FROM orders
SELECT mean(*) + 1 FROM nothing
SELECT derivative(reads, 15m), customer_id FROM disk GROUP BY customer_id, path
SELECT top(amount, 3) FROM orders LIMIT 2 OFFSET 1
SELECT mean(amount), qty FROM orders
SELECT mean(ref) FROM orders
SELECT sum(ref) FROM orders
SELECT count() FROM orders
SELECT count(amount, qty) FROM orders
SELECT count(5) FROM orders
SELECT mean(amount + qty) FROM orders
SELECT mean(mean(amount)) FROM orders
SELECT mean('amount') FROM orders
SELECT top(amount, 3), bottom(amount, 3) FROM orders
SELECT top(amount) FROM orders
SELECT top(amount, 0) FROM orders
SELECT top(amount, 'x') FROM orders
SELECT percentile(amount) FROM orders
SELECT percentile(amount, 'x') FROM orders
SELECT derivative(amount, 0s) FROM orders
SELECT derivative(amount, 5) FROM orders
SELECT derivative(mean(amount)) FROM orders
SELECT moving_average(amount) FROM orders
SELECT moving_average(amount, 1) FROM orders
SELECT elapsed(amount, 0s) FROM orders
SELECT elapsed(amount, 5) FROM orders
SELECT sample(amount) FROM orders
SELECT sample(amount, 0) FROM orders
SELECT integral(amount, 0s) FROM orders
SELECT holt_winters(amount, 3, 2) FROM orders
SELECT nosuch(amount) FROM orders
SELECT count(distinct(qty), amount) FROM orders
SELECT distinct(qty), amount FROM orders
SELECT distinct(qty), distinct(amount) FROM orders
SELECT log(amount) FROM orders
SELECT abs() FROM orders
SELECT abs('x') FROM orders
SELECT first(amount), last(amount), qty FROM orders
SELECT first(amount) FROM orders GROUP BY amount + 1
SELECT spread(paid) FROM orders
`,
  ),
];
