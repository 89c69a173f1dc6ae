import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStatement } from "../../../src/influxql/parse.ts";
import type { KeyMap } from "../../../src/query/sharded/key-map.ts";
import { planStatement } from "../../../src/query/sharded/planner.ts";
import { mapBy } from "./maps.ts";

/** A plan in a line: its kind, its shards, and what a refusal names. */
function planned(text: string, map: KeyMap): string {
  const plan = planStatement(parseStatement(text), map, "db0");
  if (plan.kind === "route") return `route ${plan.shard}`;
  if (plan.kind === "refuse") return `refuse ${plan.reason}`;
  return `${plan.kind} ${plan.shards.join()}`;
}

function check(map: KeyMap, cases: string): void {
  for (const line of cases.trim().split("\n")) {
    const [text = "", expected = ""] = line.split(" => ").map((part) => part.trim());
    const actual = planned(text, map);
    const matches = expected.startsWith("refuse") ? actual.startsWith(expected) : actual === expected;
    assert.ok(matches, `${text}\n  expected ${expected}\n  actual   ${actual}`);
  }
}

const TAG = mapBy("tag:c");

test("a query whose tag is pinned goes to the shard of its value", () => {
  check(
    TAG,
    `
    SELECT u FROM m WHERE c = 'a1' => route 0
    SELECT u FROM m WHERE c = 'b1' => route 1
    SELECT u FROM m WHERE 'b1' = c => route 1
    SELECT u FROM m WHERE (c = 'b1') => route 1
    SELECT u FROM m WHERE ((c = 'b1') AND time > 0) => route 1
    SELECT u FROM m WHERE time > now() - 1h AND c = 'c1' AND host =~ /x/ => route 2
    SELECT u FROM m WHERE c = 'a1' AND (host = 'x' OR host = 'y') => route 0
    SELECT u FROM m WHERE c = 'a1' OR c = 'd1' => route 0
    SELECT u FROM m WHERE (c = 'a1' OR c = 'b1') AND c = 'a1' => route 0
    SELECT u FROM m WHERE c = 'a1' AND c = 'b1' => route 0
    SELECT u FROM m WHERE c::tag = 'b1' => route 1
    SELECT u FROM m WHERE c = '' => route 1
    SELECT stddev(u) FROM m WHERE c = 'b1' => route 1
    SELECT holt_winters(mean(u), 2, 2) FROM m WHERE c = 'b1' GROUP BY time(1m) => route 1
    SELECT u FROM /m.*/ WHERE c = 'b1' => route 1
    SELECT u FROM m, n WHERE c = 'b1' => route 1
    SELECT mean(x) FROM (SELECT u AS x FROM m WHERE c = 'b1') => route 1
    SELECT x FROM (SELECT mean(x) AS x FROM (SELECT u AS x FROM m WHERE c = 'b1')) => route 1
    EXPLAIN SELECT u FROM m WHERE c = 'b1' => route 1
    EXPLAIN ANALYZE SELECT u FROM m WHERE c = 'b1' => route 1
    `,
  );
});

test("a tag that is not pinned is looked for on the shards that may have it", () => {
  check(
    TAG,
    `
    SELECT u FROM m => merge-rows 0,1,2
    SELECT u FROM m WHERE c = 'a1' OR c = 'b1' => merge-rows 0,1
    SELECT u FROM m WHERE c = 'a1' OR (c = 'b1' AND host = 'x') => merge-rows 0,1
    SELECT u FROM m WHERE c = 'a1' OR host = 'x' => merge-rows 0,1,2
    SELECT u FROM m WHERE c != 'a1' => merge-rows 0,1,2
    SELECT u FROM m WHERE c =~ /a1/ => merge-rows 0,1,2
    SELECT u FROM m WHERE c !~ /a1/ => merge-rows 0,1,2
    SELECT u FROM m WHERE c > 'a1' => merge-rows 0,1,2
    SELECT u FROM m WHERE c::field = 'a1' => merge-rows 0,1,2
    SELECT u FROM m WHERE c::string = 'a1' => merge-rows 0,1,2
    SELECT u FROM m WHERE c = 1 => merge-rows 0,1,2
    SELECT u FROM m WHERE c = host => merge-rows 0,1,2
    SELECT u FROM m WHERE cc = 'a1' => merge-rows 0,1,2
    SELECT * FROM m => merge-rows 0,1,2
    SELECT /u/ FROM m => merge-rows 0,1,2
    SELECT u, c FROM m LIMIT 5 OFFSET 2 => merge-rows 0,1,2
    SELECT u * 2 + abs(n) FROM m => merge-rows 0,1,2
    SELECT sin(u) FROM m => merge-rows 0,1,2
    SELECT u FROM m GROUP BY host ORDER BY time DESC => merge-rows 0,1,2
    SELECT u FROM m, n => merge-rows 0,1,2
    SELECT u FROM /m/ => merge-rows 0,1,2
    SELECT u FROM other.rp.m => merge-rows 0,1,2
    SELECT u FROM m fill(0) => merge-rows 0,1,2
    SELECT u FROM m fill(previous) => refuse fill(previous) of points on several shards: add GROUP BY c or pin it in WHERE (c = '...')
    `,
  );
});

test("a query whose series lie in one shard each runs there as it is", () => {
  check(
    TAG,
    `
    SELECT u FROM m GROUP BY c => concat-rows 0,1,2
    SELECT u FROM m GROUP BY * => concat-rows 0,1,2
    SELECT u FROM m GROUP BY c::tag => concat-rows 0,1,2
    SELECT u FROM m GROUP BY /^c/ => concat-rows 0,1,2
    SELECT u FROM m GROUP BY /x/ => merge-rows 0,1,2
    SELECT u FROM m GROUP BY /(?P<x>c)/ => merge-rows 0,1,2
    SELECT * FROM m GROUP BY host, c => concat-rows 0,1,2
    SELECT stddev(u) FROM m GROUP BY c, time(1m) fill(linear) => concat-rows 0,1,2
    SELECT percentile(u, 90), mode(n) FROM m GROUP BY * => concat-rows 0,1,2
    SELECT holt_winters(mean(u), 2, 2) FROM m GROUP BY time(1m), c => concat-rows 0,1,2
    SELECT sample(u, 2) FROM m GROUP BY c => concat-rows 0,1,2
    SELECT distinct(u) FROM m GROUP BY c LIMIT 2 => concat-rows 0,1,2
    SELECT top(u, 2) FROM m GROUP BY c LIMIT 2 => concat-rows 0,1,2
    SELECT u FROM m GROUP BY c fill(previous) => concat-rows 0,1,2
    SELECT mean(u) FROM m WHERE c = 'a1' OR c = 'b1' GROUP BY c SLIMIT 1 => concat-rows 0,1
    SELECT derivative(u) FROM m GROUP BY c => concat-rows 0,1,2
    SELECT stddev(x) FROM (SELECT mean(u) AS x FROM m GROUP BY host) GROUP BY c => concat-rows 0,1,2
    SELECT x FROM (SELECT u AS x FROM m GROUP BY c LIMIT 3) GROUP BY c => concat-rows 0,1,2
    SELECT x FROM (SELECT max(u) AS x FROM m) GROUP BY c LIMIT 2 => concat-rows 0,1,2
    SELECT sum(x) FROM (SELECT mean(u) AS x FROM m WHERE time > now() - 1h GROUP BY time(1m)) GROUP BY c => concat-rows 0,1,2
    SELECT sum(x) FROM (SELECT mean(u) AS x FROM m GROUP BY time(1m)) WHERE time >= 60s AND time < 150s GROUP BY c => concat-rows 0,1,2
    SELECT sum(x) FROM (SELECT mean(u) AS x FROM m GROUP BY time(1m)) WHERE time >= 61s GROUP BY c, time(5m) => concat-rows 0,1,2
    SELECT stddev(x) FROM (SELECT mean(u) AS x FROM m GROUP BY host, c) GROUP BY c => concat-rows 0,1,2
    `,
  );
});

test("what is merged exactly is computed from what the shards say", () => {
  check(
    TAG,
    `
    SELECT count(u) FROM m => merge-aggregates 0,1,2
    SELECT sum(u), mean(u), min(u), max(u), spread(u) FROM m => merge-aggregates 0,1,2
    SELECT mean(*) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT mean(/u|n/) FROM m GROUP BY host => merge-aggregates 0,1,2
    SELECT first(u) FROM m => merge-aggregates 0,1,2
    SELECT last(u), host FROM m => merge-aggregates 0,1,2
    SELECT last(u) FROM m GROUP BY time(1m) fill(previous) => merge-aggregates 0,1,2
    SELECT median(u), stddev(u), mode(u), percentile(u, 95) FROM m => merge-aggregates 0,1,2
    SELECT integral(u, 1m) FROM m => merge-aggregates 0,1,2
    SELECT distinct(u) FROM m => merge-aggregates 0,1,2
    SELECT DISTINCT u FROM m => merge-aggregates 0,1,2
    SELECT count(distinct(u)) FROM m => merge-aggregates 0,1,2
    SELECT count(DISTINCT u) FROM m => merge-aggregates 0,1,2
    SELECT top(u, 3) FROM m => merge-aggregates 0,1,2
    SELECT bottom(u, host, 3), n FROM m => merge-aggregates 0,1,2
    SELECT sum(u) / count(u) * 100 FROM m => merge-aggregates 0,1,2
    SELECT round(mean(u)), floor(max(u)), ceil(u) FROM m => merge-aggregates 0,1,2
    SELECT derivative(mean(u), 1s) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT non_negative_derivative(max(u)) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT difference(last(u)), non_negative_difference(sum(u)) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT moving_average(median(u), 3) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT cumulative_sum(count(u)), elapsed(sum(u)) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT difference(count(distinct(u))) FROM m GROUP BY time(1m) => merge-aggregates 0,1,2
    SELECT derivative(u) FROM m => merge-aggregates 0,1,2
    SELECT elapsed(u, 1s) FROM m GROUP BY host => merge-aggregates 0,1,2
    SELECT mean(u) FROM m LIMIT 5 OFFSET 1 SLIMIT 2 => merge-aggregates 0,1,2
    SELECT sum(x) FROM (SELECT u AS x FROM m) => merge-aggregates 0,1,2
    SELECT sum(x) FROM (SELECT u * 2 AS x FROM m WHERE n > 1) => merge-aggregates 0,1,2
    SELECT mean(x) FROM (SELECT max(u) AS x FROM m GROUP BY c) => merge-aggregates 0,1,2
    SELECT mean(x) FROM (SELECT max(u) AS x FROM m GROUP BY *) => merge-aggregates 0,1,2
    SELECT mean(x) FROM (SELECT max(u) AS x FROM m GROUP BY c, time(1m)) GROUP BY time(5m) => merge-aggregates 0,1,2
    SELECT median(x) FROM (SELECT max(u) AS x FROM m GROUP BY c) => merge-aggregates 0,1,2
    SELECT sum(x) FROM (SELECT u AS x FROM m WHERE c = 'a1'), (SELECT u AS x FROM m WHERE c = 'b1') => merge-aggregates 0,1
    SELECT sum(y) FROM (SELECT max(x) AS y FROM (SELECT u AS x FROM m) GROUP BY c) => merge-aggregates 0,1,2
    `,
  );
});

test("what cannot be merged exactly is refused with the way out", () => {
  check(
    TAG,
    `
    SELECT holt_winters(mean(u), 2, 2) FROM m GROUP BY time(1m) => refuse holt_winters() cannot be computed over several shards: add GROUP BY c or pin it in WHERE (c = '...')
    SELECT holt_winters_with_fit(mean(u), 2, 2) FROM m GROUP BY time(1m) => refuse holt_winters_with_fit()
    SELECT sample(u, 2) FROM m => refuse sample()
    SELECT sum(x) FROM (SELECT mean(u) AS x FROM m GROUP BY time(1m)) WHERE time > now() - 1h GROUP BY c => refuse intervals of a subquery
    SELECT sum(x) FROM (SELECT mean(u) AS x FROM m GROUP BY c, time(1m)) WHERE time >= 61s => refuse intervals of a subquery
    SELECT sum(y) FROM (SELECT x AS y FROM (SELECT mean(u) AS x FROM m GROUP BY c, time(1m))) WHERE time >= 61s => refuse intervals
    SELECT sum(u), sample(u, 2) FROM m => refuse sample()
    SELECT exponential_moving_average(mean(u), 3) FROM m GROUP BY time(1m) => refuse exponential_moving_average()
    SELECT chande_momentum_oscillator(u, 3) FROM m => refuse chande_momentum_oscillator()
    SELECT nonsense(u) FROM m => refuse nonsense()
    SELECT distinct(u) FROM m LIMIT 2 => refuse distinct() with LIMIT
    SELECT distinct(u) FROM m OFFSET 2 => refuse distinct() with LIMIT
    SELECT top(u, 2) FROM m LIMIT 5 => refuse top() with LIMIT
    SELECT top(u, 2) + 1 FROM m => refuse top() in an expression
    SELECT sin(mean(u)) FROM m => refuse sin() of values merged
    SELECT pow(sum(u), 2) FROM m => refuse pow() of values merged
    SELECT difference(distinct(u)) FROM m GROUP BY time(1m) => refuse distinct()
    SELECT derivative(holt_winters(mean(u), 2, 2)) FROM m GROUP BY time(1m) => refuse holt_winters()
    SELECT mean(max(u)) FROM m => refuse max()
    SELECT mean(x) FROM (SELECT max(u) AS x FROM m GROUP BY host) => refuse the subquery's groups
    SELECT mean(x) FROM (SELECT max(u) AS x FROM m) => refuse the subquery's groups
    SELECT x FROM (SELECT max(u) AS x FROM m) => refuse the subquery's groups
    SELECT sum(x) FROM (SELECT u AS x FROM m GROUP BY c LIMIT 3) => refuse LIMIT or OFFSET in a subquery
    SELECT x FROM (SELECT x FROM (SELECT u AS x FROM m GROUP BY * OFFSET 3) GROUP BY *) => refuse LIMIT or OFFSET in a subquery
    SELECT max(x) FROM (SELECT u AS x FROM m GROUP BY c SLIMIT 1) GROUP BY c => refuse SLIMIT or SOFFSET in a subquery
    SELECT x FROM (SELECT x FROM (SELECT u AS x FROM m GROUP BY * SOFFSET 1) GROUP BY c) GROUP BY c => refuse SLIMIT or SOFFSET in
    SELECT x FROM (SELECT max(u) AS x FROM m GROUP BY c) LIMIT 2 => refuse LIMIT or OFFSET of the rows of a subquery
    SELECT x FROM (SELECT x FROM (SELECT last(u) AS x FROM m GROUP BY *)) OFFSET 2 => refuse LIMIT or OFFSET of the rows
    SELECT sum(x) FROM (SELECT sum(u) AS x FROM m GROUP BY c, h, time(1h) fill(5)) GROUP BY h => refuse fill() of intervals in a subquery
    SELECT x FROM (SELECT x FROM (SELECT sum(u) AS x FROM m GROUP BY *, time(1h) fill(previous))) => refuse fill() of intervals
    SELECT derivative(difference(mean(u))) FROM m GROUP BY time(1m) => refuse difference()
    SELECT u FROM m GROUP BY c ORDER BY time DESC SLIMIT 2 => refuse SLIMIT with ORDER BY time DESC
    SELECT u FROM m ORDER BY time DESC SOFFSET 2 => refuse SLIMIT with ORDER BY time DESC
    SELECT x FROM (SELECT u AS x FROM m LIMIT 3) => refuse the subquery's groups
    SELECT sum(x) FROM (SELECT u AS x FROM m fill(previous)) => refuse the subquery's groups
    SELECT sum(y) FROM (SELECT max(x) AS y FROM (SELECT u AS x FROM m) GROUP BY *) => refuse the subquery's groups
    SELECT * FROM (SELECT u FROM m) => refuse * and regular expressions over a subquery
    SELECT mean(*) FROM (SELECT u FROM m) => refuse * and regular expressions over a subquery
    SELECT mean(u) FROM (SELECT u FROM m) GROUP BY * => refuse * and regular expressions over a subquery
    EXPLAIN SELECT u FROM m => refuse EXPLAIN
    EXPLAIN ANALYZE SELECT u FROM m GROUP BY c => refuse EXPLAIN
    `,
  );
});

test("lists are united, and what is the same everywhere is asked of one shard", () => {
  check(
    TAG,
    `
    SHOW DATABASES => merge-list 0,1,2
    SHOW MEASUREMENTS => merge-list 0,1,2
    SHOW MEASUREMENTS ON other WITH MEASUREMENT =~ /x/ LIMIT 3 => merge-list 0,1,2
    SHOW MEASUREMENTS WHERE c = 'b1' => route 1
    SHOW MEASUREMENTS WHERE c = 'b1' OR c = 'a1' => merge-list 0,1
    SHOW MEASUREMENTS WHERE c = 'b1' AND h = 'x' => refuse SHOW MEASUREMENTS over
    SHOW MEASUREMENTS WHERE c = 'b1' OR c = 'a1' AND c = 'c1' => refuse SHOW MEASUREMENTS over
    SHOW MEASUREMENTS WHERE h = 'x' OR (h = 'y') => merge-list 0,1,2
    SHOW MEASUREMENTS WHERE h != 'x' => refuse SHOW MEASUREMENTS over several shards takes WHERE with = and OR only
    SHOW MEASUREMENTS WHERE h = 'x' AND r = 'y' => refuse SHOW MEASUREMENTS over
    SHOW MEASUREMENTS WHERE h = '' => refuse SHOW MEASUREMENTS over
    SHOW MEASUREMENTS WHERE h =~ /x/ => refuse SHOW MEASUREMENTS over
    SHOW TAG VALUES CARDINALITY WITH KEY = h WHERE r = 'x' => refuse SHOW CARDINALITY with WHERE
    SHOW TAG KEY CARDINALITY WHERE r = 'x' => refuse SHOW CARDINALITY with WHERE
    SHOW SERIES CARDINALITY WHERE r = 'x' => merge-list 0,1,2
    SHOW SERIES => merge-list 0,1,2
    SHOW SERIES FROM m WHERE c = 'b1' => route 1
    SHOW SERIES WHERE c = 'a1' OR c = 'b1' => merge-list 0,1
    SHOW TAG KEYS => merge-list 0,1,2
    SHOW TAG KEYS FROM m LIMIT 2 => merge-list 0,1,2
    SHOW TAG KEYS SLIMIT 1 => refuse SHOW TAG KEYS with SLIMIT
    SHOW TAG VALUES WITH KEY = host => merge-list 0,1,2
    SHOW TAG VALUES WITH KEY = host WHERE c = 'b1' => route 1
    SHOW TAG KEYS WHERE 'b1' = c => merge-list 0,1,2
    SHOW TAG KEYS WHERE c = 'b1' AND (h = 'x' AND 'b1' = c) => merge-list 0,1,2
    SHOW TAG VALUES WITH KEY IN (c, host) WHERE host = 'x' => merge-list 0,1,2
    SHOW FIELD KEYS => merge-list 0,1,2
    SHOW FIELD KEYS FROM m => merge-list 0,1,2
    SHOW SERIES CARDINALITY => merge-list 0,1,2
    SHOW SERIES EXACT CARDINALITY FROM m WHERE c = 'b1' => route 1
    SHOW SERIES EXACT CARDINALITY GROUP BY host => refuse SHOW CARDINALITY with GROUP BY
    SHOW MEASUREMENT CARDINALITY => merge-list 0,1,2
    SHOW TAG KEY CARDINALITY => merge-list 0,1,2
    SHOW TAG VALUES EXACT CARDINALITY WITH KEY = host => merge-list 0,1,2
    SHOW FIELD KEY CARDINALITY => merge-list 0,1,2
    SHOW FIELD KEY CARDINALITY ON other FROM other..m => merge-list 0,1,2
    SHOW SERIES CARDINALITY FROM other.rp.m => merge-list 0,1,2
    SHOW TAG VALUES CARDINALITY FROM other..m WITH KEY = host => refuse SHOW CARDINALITY FROM a policy or another database
    SHOW TAG KEY EXACT CARDINALITY FROM rp.m => refuse SHOW CARDINALITY FROM a policy or another database
    SHOW MEASUREMENT CARDINALITY ON other FROM db0../x/ => refuse SHOW CARDINALITY FROM a policy or another database
    SHOW MEASUREMENT CARDINALITY FROM m => merge-list 0,1,2
    SHOW MEASUREMENT EXACT CARDINALITY FROM m, n => refuse SHOW CARDINALITY FROM several names
    SHOW CONTINUOUS QUERIES => merge-list 0,1,2
    SHOW RETENTION POLICIES ON db0 => route 0
    SHOW USERS => route 0
    SHOW GRANTS FOR me => route 0
    SHOW SUBSCRIPTIONS => route 0
    SHOW SHARDS => refuse SHOW SHARDS is about one server
    SHOW SHARD GROUPS => refuse SHOW SHARD GROUPS
    SHOW STATS => refuse SHOW STATS
    SHOW DIAGNOSTICS => refuse SHOW DIAGNOSTICS
    SHOW QUERIES => refuse SHOW QUERIES
    KILL QUERY 3 => refuse KILL QUERY
    `,
  );
});

test("changes run on exactly the shards that they are about", () => {
  check(
    TAG,
    `
    CREATE DATABASE x => broadcast 0,1,2
    DROP DATABASE x => broadcast 0,1,2
    CREATE RETENTION POLICY p ON x DURATION 1d REPLICATION 1 => broadcast 0,1,2
    ALTER RETENTION POLICY p ON x DEFAULT => broadcast 0,1,2
    DROP RETENTION POLICY p ON x => broadcast 0,1,2
    CREATE USER me WITH PASSWORD 'x' => broadcast 0,1,2
    DROP USER me => broadcast 0,1,2
    SET PASSWORD FOR me = 'x' => broadcast 0,1,2
    GRANT READ ON x TO me => broadcast 0,1,2
    REVOKE ALL PRIVILEGES FROM me => broadcast 0,1,2
    DELETE FROM m => broadcast 0,1,2
    DELETE FROM m WHERE c = 'b1' => broadcast 1
    DELETE FROM m WHERE c = 'b1' AND time < 5 => broadcast 1
    DELETE WHERE time < 5 => broadcast 0,1,2
    DELETE FROM /m/ WHERE c = 'a1' OR c = 'b1' => broadcast 0,1
    DROP SERIES FROM m WHERE c = 'b1' => broadcast 1
    DROP SERIES FROM m WHERE c =~ /b1/ => broadcast 0,1,2
    DROP SERIES WHERE c = 'c1' => broadcast 2
    DROP SERIES WHERE 'c1' = c => broadcast 0,1,2
    DROP MEASUREMENT m => broadcast 0,1,2
    DROP SHARD 3 => refuse DROP SHARD
    CREATE SUBSCRIPTION s ON x.y DESTINATIONS ALL 'udp://h:1' => refuse subscriptions
    SELECT mean(u) INTO n FROM m GROUP BY time(1m), * => broadcast 0,1,2
    SELECT mean(u) INTO n FROM m GROUP BY time(1m), c => broadcast 0,1,2
    SELECT mean(u) INTO n FROM m WHERE c = 'b1' GROUP BY time(1m), c => broadcast 1
    SELECT mean(u) INTO n FROM m WHERE c = 'b1' GROUP BY time(1m) => refuse SELECT INTO would lose what tells the shard: add GROUP BY c
    SELECT mean(u) INTO n FROM m GROUP BY time(1m), host => refuse SELECT INTO would lose
    SELECT u INTO n FROM m GROUP BY * SLIMIT 2 => refuse SELECT INTO with SLIMIT
    SELECT x INTO n FROM (SELECT u AS x FROM m GROUP BY * SOFFSET 2) GROUP BY * => refuse SELECT INTO with SLIMIT
    SELECT u INTO n FROM m WHERE c = 'b1' GROUP BY * SLIMIT 2 => broadcast 1
    SELECT * INTO rp2.:MEASUREMENT FROM /.*/ GROUP BY * => broadcast 0,1,2
    CREATE CONTINUOUS QUERY q ON x BEGIN SELECT mean(u) INTO n FROM m GROUP BY time(1m), * END => broadcast 0,1,2
    CREATE CONTINUOUS QUERY q ON x BEGIN SELECT mean(u) INTO n FROM m GROUP BY time(1m) END => refuse SELECT INTO would lose
    DROP CONTINUOUS QUERY q ON x => broadcast 0,1,2
    `,
  );
});

test("by measurement, nearly every query is of one shard", () => {
  check(
    mapBy("measurement"),
    `
    SELECT stddev(u) FROM a1 => route 0
    SELECT u FROM b1 => route 1
    SELECT u FROM other.rp.b1 => route 1
    SELECT u FROM a1, d1 => route 0
    SELECT u FROM a1, b1 => concat-rows 0,1
    SELECT mean(u) FROM a1, b1 GROUP BY time(1m) => concat-rows 0,1
    SELECT stddev(*) FROM /./ => concat-rows 0,1,2
    SELECT holt_winters(mean(u), 2, 2) FROM a1, b1 GROUP BY time(1m) => concat-rows 0,1
    SELECT mean(x) FROM (SELECT u AS x FROM b1) => route 1
    SELECT mean(x) FROM (SELECT max(u) AS x FROM a1), (SELECT max(u) AS x FROM b1) => concat-rows 0,1
    EXPLAIN SELECT u FROM a1, b1 => refuse EXPLAIN tells of one server, and this query is one of several: query one measurement at a time
    SHOW TAG KEYS FROM b1 => route 1
    SHOW MEASUREMENTS WHERE h != 'x' AND r = 'y' => merge-list 0,1,2
    SHOW SERIES FROM b1 WHERE host = 'x' => route 1
    SHOW FIELD KEYS FROM a1, b1 => merge-list 0,1
    SHOW MEASUREMENTS WITH MEASUREMENT = b1 => route 1
    SHOW MEASUREMENTS => merge-list 0,1,2
    DROP MEASUREMENT b1 => broadcast 1
    DELETE FROM b1 WHERE time < 5 => broadcast 1
    DELETE FROM /b/ => broadcast 0,1,2
    DROP SERIES FROM a1, b1 => broadcast 0,1
    SELECT mean(u) INTO a2 FROM a1 GROUP BY time(1m) => broadcast 0
    SELECT mean(u) INTO rp2.a1 FROM a1 GROUP BY time(1m) => broadcast 0
    SELECT mean(u) INTO b1 FROM a1 GROUP BY time(1m) => refuse SELECT INTO a measurement of another shard
    SELECT mean(u) INTO rp2.:MEASUREMENT FROM /./ GROUP BY time(1m) => broadcast 0,1,2
    CREATE CONTINUOUS QUERY q ON x BEGIN SELECT mean(u) INTO b1 FROM a1 GROUP BY time(1m) END => refuse SELECT INTO a measurement
    `,
  );
});

test("a key of several parts is looked for with all of them", () => {
  check(
    mapBy("db", "measurement", "tag:c"),
    `
    SELECT u FROM m WHERE c = 'b1' => route 1
    SELECT u FROM m => merge-rows 0,1,2
    SELECT stddev(u) FROM m GROUP BY c => concat-rows 0,1,2
    SELECT u FROM /m/ WHERE c = 'b1' => concat-rows 0,1,2
    SELECT u FROM x..m, y..m GROUP BY c => merge-rows 0,1,2
    SELECT stddev(u) FROM x..m, x..n GROUP BY c => concat-rows 0,1,2
    SELECT mean(u) INTO n FROM m GROUP BY time(1m), * => refuse SELECT INTO a measurement of another shard
    SELECT mean(u) INTO rp2.:MEASUREMENT FROM m GROUP BY time(1m), * => broadcast 0,1,2
    SELECT mean(u) INTO y..:MEASUREMENT FROM m GROUP BY time(1m), * => refuse SELECT INTO another database
    DELETE FROM m WHERE c = 'b1' => broadcast 1
    DROP MEASUREMENT m => broadcast 0,1,2
    `,
  );
  check(
    mapBy("tag:c", "tag:r"),
    `
    SELECT u FROM m WHERE r = 'b1' AND c = 'x' => route 1
    SELECT u FROM m WHERE c = 'x' => merge-rows 0,1,2
    SELECT u FROM m WHERE c = 'x' GROUP BY r => concat-rows 0,1,2
    SELECT stddev(u) FROM m GROUP BY c => merge-aggregates 0,1,2
    SELECT sample(u, 1) FROM m GROUP BY c => refuse sample() cannot be computed over several shards: add GROUP BY c, r or pin it in WHERE (c = '...' AND r = '...')
    `,
  );
  check(
    mapBy("db"),
    `
    SELECT stddev(u) FROM m => route 0
    SELECT u FROM a..m, b..m => merge-rows 0,1
    SHOW MEASUREMENTS ON b => route 1
    `,
  );
});
