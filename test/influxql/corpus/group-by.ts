import { type Entry, reading } from "../corpus-entry.ts";

/** Within the morning of `cpu`, or over all days; New York's clocks go forward at 07:00Z of it. */
export const GROUP_BY: readonly Entry[] = [
  ...reading(
    "group by",
    "rows",
    `
SELECT distinct(qty) FROM orders WHERE time > '2024-03-09' GROUP BY time(1d) fill(linear)
SELECT sum(amount) FROM orders GROUP BY time(0s)
SELECT non_negative_difference(stddev(qty)), max(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(20m) fill(7)
SELECT derivative(derivative(sum(amount))) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(1h)
SELECT derivative(difference(sum(amount))) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(1h), customer_id
SELECT sum(amount) FROM orders GROUP BY customer_id
SELECT sum(amount) FROM orders GROUP BY customer_id, region
SELECT sum(amount) FROM orders GROUP BY region, customer_id
SELECT sum(amount) FROM orders GROUP BY *
SELECT sum(amount) FROM orders GROUP BY /^(cust|reg)/
SELECT sum(amount) FROM orders GROUP BY /cust/, product
SELECT sum(amount) FROM orders GROUP BY "customer_id"
SELECT sum(amount) FROM orders GROUP BY nothing
SELECT sum(amount) FROM orders GROUP BY amount
SELECT sum(amount) FROM orders GROUP BY customer_id::tag
SELECT max(amount), product FROM orders GROUP BY customer_id
SELECT top(amount, 2) FROM orders GROUP BY customer_id
SELECT count(*) FROM orders GROUP BY region
SELECT mean(usage_idle) FROM cpu GROUP BY host
SELECT mean(usage_idle), max(n) FROM cpu GROUP BY region, host ORDER BY time DESC
SELECT last(*) FROM cpu GROUP BY customer_id
SELECT median(usage_idle), stddev(usage_idle) FROM cpu GROUP BY customer_id
SELECT distinct(qty) FROM orders GROUP BY region
SELECT count(distinct(qty)) FROM orders GROUP BY customer_id
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h), customer_id
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY customer_id, time(6h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h), *
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY TIME(1d)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(24h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1440m)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1w)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d12h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d, 6h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d,-6h)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h, 20m) fill(none)
SELECT sum(amount), count(qty), mean(amount) FROM orders WHERE time >= '2024-03-10' AND time < '2024-03-11' GROUP BY time(2h)
SELECT count(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h)
SELECT count(amount), sum(qty) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(0)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(null)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(none)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(previous)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(linear)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(100)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(-1)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(1.5)
SELECT sum(qty) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) fill(1.5)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-12' AND time < '2024-03-14' GROUP BY time(6h) FILL( 0 )
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m)
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m) fill(linear)
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m) fill(previous)
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m), customer_id fill(none)
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(30m), host fill(none) ORDER BY time DESC
SELECT max(n), min(n), spread(n) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(20m), region
SELECT first(usage_idle), last(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h), customer_id, host
SELECT last(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h)
SELECT max(usage_idle), host FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h)
SELECT percentile(usage_idle, 95), median(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h)
SELECT mode(up), mode(n) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h)
SELECT top(usage_idle, 2), host FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h)
SELECT bottom(usage_idle, customer_id, 2) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(2h)
SELECT count(up), count(note) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h) fill(7)
SELECT distinct(up) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(2h)
SELECT integral(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' AND host = 'h9' GROUP BY time(1h)
SELECT derivative(mean(usage_idle), 1m) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m)
SELECT derivative(mean(usage_idle)) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(10m), host
SELECT non_negative_derivative(max(reads), 1s) FROM disk WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(15m), customer_id, path
SELECT difference(sum(amount)) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT non_negative_difference(count(amount)) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h) fill(0)
SELECT cumulative_sum(sum(amount)) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT cumulative_sum(count(amount)), sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h)
SELECT moving_average(mean(amount), 3) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT elapsed(max(amount), 1m) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT holt_winters(mean(amount), 3, 4) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT holt_winters_with_fit(mean(amount), 2, 0) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h)
SELECT round(mean(amount)) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT mean(amount) / max(amount) * 100 AS share FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d), region
SELECT sum(amount) / count(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-14' GROUP BY time(1d) fill(0)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h) LIMIT 3
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h) LIMIT 3 OFFSET 2
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h) ORDER BY time DESC LIMIT 3 OFFSET 2
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(6h), customer_id fill(0) ORDER BY time DESC LIMIT 2 OFFSET 1 SLIMIT 2 SOFFSET 1
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d), customer_id SLIMIT 2
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d), customer_id SLIMIT 3 SOFFSET 2
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09T03:30:00Z' AND time < '2024-03-09T20:15:00Z' GROUP BY time(4h)
SELECT sum(amount) FROM orders WHERE time > '2024-03-09T03:30:00Z' AND time <= '2024-03-09T20:00:00Z' GROUP BY time(4h)
SELECT sum(amount) FROM orders WHERE time < '2024-03-10' GROUP BY time(12h)
SELECT sum(amount) FROM orders WHERE customer_id = 'acme' AND time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT sum(amount) FROM orders GROUP BY time(520w)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d) tz('America/New_York')
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h) fill(0) tz('America/New_York')
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d), region TZ('Asia/Kolkata')
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d, 3h) tz('Europe/Berlin')
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d) ORDER BY time DESC LIMIT 2 tz('Australia/Lord_Howe')
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10 00:00:00' AND time < '2024-03-10 06:00:00' GROUP BY time(1h) fill(none) tz('America/New_York')
SELECT mean(usage_idle) FROM cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h) tz('UTC')
SELECT usage_idle FROM cpu WHERE time >= '2024-03-10T06:00:00Z' AND time < '2024-03-10T08:00:00Z' AND host = 'h9' tz('America/New_York')
SELECT amount FROM orders LIMIT 3 tz('')
SELECT amount FROM orders LIMIT 3 tz('Local')
SELECT first(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(1d), customer_id, product fill(none)
SELECT count(type) FROM events WHERE time >= '2024-03-09' AND time < '2024-03-12' GROUP BY time(12h), customer_id fill(0)
SELECT last(type), last(ok) FROM events WHERE time >= '2024-03-09' AND time < '2024-03-12' GROUP BY time(12h) fill(previous)
SELECT count(v) FROM mixed WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT last(v) FROM mixed WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-09T12:00:00Z' GROUP BY time(3600s)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-09T00:00:01Z' GROUP BY time(500ms)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-09T00:00:00.00001Z' GROUP BY time(5u)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-09T00:00:00.00001Z' GROUP BY time(5µ)
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-09T00:00:00.0000001Z' GROUP BY time(50ns)
SELECT mean(*) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(2d) fill(none)
SELECT amount FROM orders WHERE time < '2024-03-09T03:00:00Z' GROUP BY customer_id fill(0)
`,
  ),
  ...reading(
    "group by",
    "varies",
    "SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(1d, now())",
  ),
  ...reading(
    "group by",
    "nothing",
    `
SELECT sum(amount) FROM orders WHERE time >= '2024-03-14' AND time < '2024-03-15' GROUP BY time(6h) fill(0)
SELECT sum(amount) FROM nothing WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(6h)
SELECT sum(amount) FROM orders WHERE time >= now() - 1h GROUP BY time(1m) fill(null)
`,
  ),
  ...reading(
    "group by",
    "error",
    `
SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-13' GROUP BY time(12h, '2024-03-09T05:00:00Z')
SELECT amount FROM orders WHERE time > '2024-03-09' GROUP BY time(1h)
SELECT cumulative_sum(*) FROM nothing WHERE time >= '2024-03-09' AND time < '2024-03-10' GROUP BY time(1h)
SELECT sum(amount) FROM orders GROUP BY time(1h), time(2h)
SELECT sum(amount) FROM orders GROUP BY time()
SELECT sum(amount) FROM orders GROUP BY time(5)
SELECT sum(amount) FROM orders GROUP BY time(1h, 5)
SELECT sum(amount) FROM orders GROUP BY time(1h, 1m, 1m)
SELECT sum(amount) FROM orders GROUP BY mean(amount)
SELECT sum(amount) FROM orders GROUP BY 5
SELECT sum(amount) FROM orders GROUP BY 'customer_id'
SELECT amount FROM orders fill(linear)
`,
  ),
];
