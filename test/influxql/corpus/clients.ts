import { type Entry, reading } from "../corpus-entry.ts";

/** As Grafana, Chronograf, Kapacitor, the shell and dashboards for Telegraf's data ask. */
export const CLIENTS: readonly Entry[] = [
  ...reading(
    "grafana",
    "rows",
    String.raw`
SELECT mean("usage_idle") FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(10m) fill(null)
SELECT mean("usage_idle") FROM "cpu" WHERE ("host" = 'h1') AND time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(10m) fill(null)
SELECT mean("usage_idle") FROM "cpu" WHERE ("host" =~ /^(h1|h2)$/ AND "customer_id" =~ /^acme$/) AND time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(10m), "host" fill(null)
SELECT mean("usage_idle") AS "idle", mean("usage_user") AS "user" FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(20m), "customer_id" fill(none)
SELECT mean("usage_idle") FROM "autogen"."cpu" WHERE ("region" = 'eu' OR "region" = 'us') AND time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(1h), "region", "host" fill(previous)
SELECT mean("usage_idle") * -1 FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(30m) fill(linear)
SELECT non_negative_derivative(mean("reads"), 1s) FROM "disk" WHERE ("path" =~ /^\/$/) AND time >= 1710108000000ms and time <= 1710118800000ms GROUP BY time(15m), "customer_id" fill(null)
SELECT derivative(mean("used"), 10m) /1000 FROM "disk" WHERE time >= 1710108000000ms and time <= 1710118800000ms GROUP BY time(15m) fill(0)
SELECT last("used_percent") FROM "disk" WHERE ("path" = '/') AND time >= 1710108000000ms and time <= 1710118800000ms GROUP BY time(30m), "host" fill(null) ORDER BY time DESC
SELECT last("used_percent") FROM "disk" WHERE time >= 1710108000000ms and time <= 1710118800000ms GROUP BY "customer_id", "path"
SELECT count("amount") FROM "orders" WHERE ("paid" = true) AND time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(12h) fill(0)
SELECT distinct("ref") FROM "orders" WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d) fill(null)
SELECT percentile("amount", 95) FROM "orders" WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d), "region" fill(null)
SELECT sum("amount") FROM "orders" WHERE ("customer_id"::tag = 'acme') AND time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d), "product"::tag fill(null) ORDER BY time ASC tz('Europe/Berlin')
SELECT "msg" FROM "logs" WHERE time >= 1709942400000ms and time <= 1710288000000ms
SELECT "type", "customer_id" FROM "events" WHERE time >= 1709942400000ms and time <= 1710288000000ms ORDER BY time DESC LIMIT 100
SELECT "msg" , "level" FROM "logs" WHERE "level" =~ /warn|err/ AND time >= 1709942400000ms and time <= 1710288000000ms ORDER BY time DESC LIMIT 1000
SELECT cumulative_sum(count("qty")) FROM "orders" WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d)
SELECT moving_average(mean("usage_idle"), 3) FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(10m) fill(none)
SELECT "usage_idle" FROM "cpu" WHERE ("host" = 'h9') AND time >= 1710046800000ms and time <= 1710061200000ms
SELECT "usage_idle" FROM "cpu" WHERE time >= now() - 5000w AND time < 1710061200000ms GROUP BY "customer_id" LIMIT 3
SELECT sum("sum") FROM (SELECT sum("amount") FROM "orders" WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(6h), "customer_id" fill(0)) WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d)
SHOW RETENTION POLICIES on "tele"
SHOW MEASUREMENTS LIMIT 100
SHOW MEASUREMENTS WITH MEASUREMENT =~ /(?i)cpu/ LIMIT 100
SHOW FIELD KEYS FROM "cpu"
SHOW FIELD KEYS FROM "autogen"."cpu"
SHOW TAG KEYS FROM "cpu"
SHOW TAG KEYS FROM "autogen"."cpu"
SHOW TAG VALUES FROM "cpu" WITH KEY = "host"
SHOW TAG VALUES FROM "cpu" WITH KEY = "host" WHERE "customer_id" =~ /^acme$/
SHOW TAG VALUES WITH KEY = "customer_id"
SHOW TAG VALUES WITH KEY IN ("host", "customer_id") WHERE region = 'eu'
SHOW TAG VALUES FROM "orders" WITH KEY = "product" WHERE "customer_id" = 'acme' AND "region" != 'us'
SELECT mean("usage_idle") FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(1h) fill(null);SELECT max("n") FROM "cpu" WHERE time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(1h) fill(null)
SELECT mean("usage_idle") FROM "cpu" WHERE "host" = 'h1' AND time >= 1710046800000ms and time <= 1710061200000ms GROUP BY time(1h), "customer_id" fill(null);SELECT sum("amount") FROM "orders" WHERE time >= 1709942400000ms and time <= 1710288000000ms GROUP BY time(1d);SHOW TAG VALUES FROM "cpu" WITH KEY = "host"
`,
  ),
  ...reading(
    "grafana",
    "nothing",
    `
SELECT mean("usage_idle") FROM "cpu" WHERE time >= now() - 6h GROUP BY time(10m) fill(null)
SELECT last("used_percent") FROM "disk" WHERE ("customer_id" = 'acme') AND time >= now() - 15m GROUP BY "path"
SELECT mean("value") FROM "nothing" WHERE ("host" =~ /^$/) AND time >= now() - 1h and time <= now() GROUP BY time(10s), "host" fill(null)
`,
  ),
  ...reading(
    "chronograf",
    "rows",
    `
SHOW DATABASES; SHOW RETENTION POLICIES ON "tele"
SHOW MEASUREMENTS ON "tele"
SHOW FIELD KEYS ON "tele" FROM "autogen"."cpu"
SHOW TAG KEYS ON "tele" FROM "autogen"."cpu"
SHOW TAG VALUES ON "tele" FROM "autogen"."cpu" WITH KEY IN ("host","region")
SHOW SERIES ON "tele" FROM "cpu"
SELECT mean("usage_idle") AS "mean_usage_idle" FROM "tele"."autogen"."cpu" WHERE time > '2024-03-10T05:00:00.000Z' AND time < '2024-03-10T09:00:00.000Z' AND "host"='h1' GROUP BY time(600000ms) FILL(null)
SELECT mean("usage_idle") AS "mean_usage_idle", mean("usage_user") AS "mean_usage_user" FROM "tele"."autogen"."cpu" WHERE time > '2024-03-10T05:00:00.000Z' AND time < '2024-03-10T09:00:00.000Z' AND ("host"='h1' OR "host"='h2') GROUP BY time(1h), "host" FILL(none)
SELECT non_negative_derivative(max("reads"), 1s) AS "reads_per_s" FROM "tele"."autogen"."disk" WHERE time > '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(15m), "path"
SELECT "msg", "level" FROM "tele"."autogen"."logs" WHERE time > '2024-03-09' ORDER BY time DESC LIMIT 100
SELECT count("msg") AS "count" FROM "tele"."autogen"."logs" WHERE time >= '2024-03-09T00:00:00Z' AND time < '2024-03-09T03:00:00Z' GROUP BY time(10m), "level" FILL(0)
SELECT max("used_percent") FROM "tele"."autogen"."disk" WHERE time > '2024-03-10' AND time < '2024-03-12' GROUP BY "host"; SELECT max("n") AS "n" FROM "tele"."autogen"."cpu" GROUP BY "host"
SELECT * FROM "tele"."autogen"."cpu" WHERE time > '2024-03-10' ORDER BY time DESC LIMIT 10
`,
  ),
  ...reading(
    "telegraf",
    "rows",
    String.raw`
SELECT 100 - "usage_idle" FROM "cpu" WHERE "host" = 'h9' AND time > '2024-03-10T07:00:00Z' LIMIT 10
SELECT 100 - mean("usage_idle") AS "busy" FROM "cpu" WHERE time > '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(30m), "host"
SELECT mean("used") / mean("total") * 100 FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY "host", "path"
SELECT mean("used") / (mean("used") + mean("free")) * 100 AS "percent" FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(30m), "host", "path" fill(none)
SELECT top("used_percent", "host", 3) FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z'
SELECT last("used_percent") AS "used", "path" FROM "disk" GROUP BY "customer_id"
SELECT count(distinct("host")) FROM (SELECT last("usage_idle"), "host" FROM "cpu" GROUP BY "customer_id", "host")
SELECT sum("last") FROM (SELECT last("used") FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY "host", "path", "customer_id") GROUP BY "customer_id"
SELECT mode("up") FROM "cpu" GROUP BY "host"
SELECT sum("reads") FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' AND "path" !~ /^\/var/ GROUP BY time(1h), "customer_id" fill(none)
SELECT max("n") - min("n") FROM "cpu" WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY time(1h), "region"
SELECT * FROM "cpu" WHERE "host" = 'h9' ORDER BY time DESC LIMIT 1
SELECT difference(max("reads")) FROM "disk" WHERE time >= '2024-03-10T22:00:00Z' AND time < '2024-03-11T01:00:00Z' GROUP BY time(30m), "customer_id"
SELECT mean(usage_idle) FROM tele.autogen.cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T05:10:00Z' GROUP BY *
SELECT mean(usage_idle) as usage_idle FROM "tele"."autogen".cpu WHERE time >= '2024-03-10T05:00:00Z' AND time < '2024-03-10T09:00:00Z' GROUP BY customer_id, host, time(1h, 0s) fill(null)
`,
  ),
];
