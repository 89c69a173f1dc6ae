import { type Entry, lines } from "../corpus-entry.ts";
import { SCRATCH } from "../scratch.ts";

function mutating(family: string, answer: Entry["answer"], text: string): Entry[] {
  return lines(text).map((q) => ({ family, kind: "mutate", q, db: SCRATCH, answer }));
}

const LOGINS: readonly (readonly [q: string, username: string, password: string])[] = [
  [`CREATE USER scratch_new WITH PASSWORD 'new'`, "scratch_new", "new"],
  [
    String.raw`CREATE USER "scratch \"new\"" WITH PASSWORD 'it\'s "new" \\ é\n' WITH ALL PRIVILEGES`,
    'scratch "new"',
    'it\'s "new" \\ é\n',
  ],
  [`create user scratch_new with password '' with all privileges`, "scratch_new", ""],
  [String.raw`SET PASSWORD FOR scratch_user = 'it\'s new'`, "scratch_user", "it's new"],
  [`SET PASSWORD FOR "scratch_user" = 'a "b"'`, "scratch_user", 'a "b"'],
];

/** See scratch.ts for the database that they change. */
export const MUTATING: readonly Entry[] = [
  ...mutating(
    "into",
    "rows",
    String.raw`
SELECT * INTO m2 FROM m
SELECT * INTO m2 FROM m GROUP BY *
SELECT v INTO "long term".m2 FROM m
SELECT v INTO "long term"."m 2" FROM m GROUP BY customer_id
SELECT v INTO scratch."long term".m2 FROM m GROUP BY customer_id, host
SELECT v INTO scratch..m2 FROM m
SELECT v INTO "m, \"2\"" FROM "odd, \"name\""
SELECT * INTO "long term".:MEASUREMENT FROM /.*/ GROUP BY *
SELECT v INTO scratch."long term".:MEASUREMENT FROM /^m/
SELECT v into scratch."long term".:measurement from m
SELECT v INTO scratch..:MEASUREMENT FROM m WHERE time = '2024-03-09'
SELECT mean(v) INTO m2 FROM m WHERE time >= '2024-03-09' AND time < '2024-03-12' GROUP BY time(1d)
SELECT mean(v) AS v, max(i) AS i INTO m2 FROM m WHERE time >= '2024-03-09' AND time < '2024-03-12' GROUP BY time(12h), customer_id fill(0)
SELECT sum(v) INTO m2 FROM m WHERE time >= '2024-03-09' AND time < '2024-03-12' GROUP BY time(1d), * fill(none) tz('America/New_York')
SELECT sum(a) INTO m2 FROM (SELECT sum(v) AS a FROM m GROUP BY customer_id)
SELECT v, i, s, b INTO copy FROM m
SELECT v + i AS total, -v AS "minus v" INTO m2 FROM m
SELECT first(v), customer_id INTO m2 FROM m
SELECT top(v, 2) INTO m2 FROM m
SELECT v INTO m2 FROM m LIMIT 2 OFFSET 1
SELECT v INTO m2 FROM m GROUP BY customer_id ORDER BY time DESC LIMIT 1 SLIMIT 2
SELECT v INTO m2 FROM m WHERE (customer_id = 'acme' OR customer_id = '') AND v > 1.0
SELECT v INTO m2 FROM m, "odd, \"name\""
SELECT v INTO m2 FROM nothing
SELECT count(v) INTO m2 FROM m; SELECT count INTO m3 FROM m2
`,
  ),
  ...mutating(
    "into",
    "error",
    `
SELECT v INTO scratch_none..m2 FROM m
SELECT v INTO none.m2 FROM m
SELECT mean(v), i INTO m2 FROM m
`,
  ),
  ...mutating(
    "databases",
    "nothing",
    String.raw`
CREATE DATABASE scratch
CREATE DATABASE scratch_new
create database "scratch_new"
CREATE DATABASE "scratch \"new\", é"
CREATE DATABASE scratch_new WITH DURATION 30d
CREATE DATABASE scratch_new WITH DURATION INF
CREATE DATABASE scratch_new WITH DURATION 99999w
CREATE DATABASE scratch_new WITH REPLICATION 1
CREATE DATABASE scratch_new WITH SHARD DURATION 2h
CREATE DATABASE scratch_new WITH NAME "a policy"
CREATE DATABASE scratch_new WITH DURATION 90m REPLICATION 2 SHARD DURATION 1h NAME short
CREATE DATABASE scratch_new WITH REPLICATION 3 NAME "select"
CREATE DATABASE scratch_new; CREATE DATABASE scratch_newer;
DROP DATABASE scratch
DROP DATABASE "scratch"
DROP DATABASE scratch_none
CREATE RETENTION POLICY short ON scratch DURATION 1d REPLICATION 1
CREATE RETENTION POLICY short ON scratch DURATION 1d REPLICATION 1 DEFAULT
CREATE RETENTION POLICY "a b" ON "scratch" DURATION 1w2d REPLICATION 2 SHARD DURATION 90m
CREATE RETENTION POLICY forever ON scratch DURATION INF REPLICATION 1 SHARD DURATION 0s DEFAULT
CREATE RETENTION POLICY forever ON scratch DURATION 0s REPLICATION 1
CREATE RETENTION POLICY odd ON scratch DURATION 61m1s REPLICATION 1 SHARD DURATION 1h1m1s
CREATE RETENTION POLICY odd ON scratch DURATION 3600001ms REPLICATION 1
CREATE RETENTION POLICY odd ON scratch DURATION 3600000001u REPLICATION 1
CREATE RETENTION POLICY odd ON scratch DURATION 3600000000001ns REPLICATION 1
ALTER RETENTION POLICY autogen ON scratch DURATION 90d
ALTER RETENTION POLICY autogen ON scratch DURATION INF SHARD DURATION 2d
ALTER RETENTION POLICY autogen ON scratch SHARD DURATION 1h REPLICATION 2 DURATION 1d
ALTER RETENTION POLICY "long term" ON scratch DEFAULT
ALTER RETENTION POLICY "long term" ON scratch DEFAULT REPLICATION 3
DROP RETENTION POLICY "long term" ON scratch
DROP RETENTION POLICY autogen ON scratch
DROP RETENTION POLICY none ON scratch
DROP SHARD 999999
`,
  ),
  ...mutating(
    "databases",
    "error",
    `
CREATE DATABASE ""
CREATE DATABASE scratch WITH DURATION 30d
CREATE DATABASE scratch_new WITH DURATION 5m
CREATE RETENTION POLICY autogen ON scratch DURATION 1d REPLICATION 1
CREATE RETENTION POLICY short ON scratch DURATION 1m REPLICATION 1
CREATE RETENTION POLICY short ON scratch DURATION 1d REPLICATION 1 SHARD DURATION 2d
CREATE RETENTION POLICY short ON scratch_none DURATION 1d REPLICATION 1
ALTER RETENTION POLICY none ON scratch DURATION 1d
ALTER RETENTION POLICY default ON scratch DURATION 1d
ALTER RETENTION POLICY autogen ON scratch_none DEFAULT
KILL QUERY 999999
KILL QUERY 999999 ON "some host"
KILL QUERY 18446744073709551615
`,
  ),
  ...mutating(
    "continuous queries",
    "nothing",
    String.raw`
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT mean(v) INTO m_1h FROM m GROUP BY time(1h) END
create continuous query cq on scratch begin select mean(v) into m_1h from m group by time(1h) end
CREATE CONTINUOUS QUERY "a cq" ON "scratch" BEGIN SELECT mean(v) AS v, max(i) INTO "long term"."m 1h" FROM autogen.m WHERE customer_id =~ /^a\/b/ GROUP BY time(1h, 5m), * fill(none) END
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT mean(v) INTO scratch."long term".:MEASUREMENT FROM /.*/ GROUP BY time(1h), customer_id END
CREATE CONTINUOUS QUERY cq ON scratch RESAMPLE EVERY 10m BEGIN SELECT count(v) INTO m_1h FROM m GROUP BY time(1h) END
CREATE CONTINUOUS QUERY cq ON scratch RESAMPLE FOR 2h BEGIN SELECT count(v) INTO m_1h FROM m GROUP BY time(1h) END
CREATE CONTINUOUS QUERY cq ON scratch RESAMPLE EVERY 15m30s FOR 90m BEGIN SELECT count(v) INTO m_1h FROM m GROUP BY time(1h) fill(previous) END
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT v INTO copy FROM m END
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT * INTO copy FROM m WHERE v > 1 AND s = 'it\'s' LIMIT 5 END
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT sum(a) INTO m_1d FROM (SELECT max(v) AS a FROM m GROUP BY time(1h), host) GROUP BY time(1d) tz('Europe/Berlin') END
CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT derivative(mean(v), 1s) AS d INTO m_1h FROM m GROUP BY time(1h) END
CREATE CONTINUOUS QUERY hourly ON scratch BEGIN SELECT mean(v) INTO scratch."long term".hourly FROM scratch.autogen.m GROUP BY time(1h), * END
DROP CONTINUOUS QUERY none ON scratch
DROP CONTINUOUS QUERY hourly ON scratch_none
DROP CONTINUOUS QUERY hourly ON scratch
DROP CONTINUOUS QUERY "hourly" ON "scratch"
`,
  ),
  ...mutating(
    "continuous queries",
    "error",
    `
CREATE CONTINUOUS QUERY cq ON scratch_none BEGIN SELECT mean(v) INTO m_1h FROM m GROUP BY time(1h) END
CREATE CONTINUOUS QUERY hourly ON scratch BEGIN SELECT max(v) INTO other FROM m GROUP BY time(1h) END
`,
  ),
  ...mutating(
    "subscriptions",
    "nothing",
    `
CREATE SUBSCRIPTION "a sub" ON scratch."long term" DESTINATIONS ANY 'udp://127.0.0.1:9', 'http://127.0.0.1:9'
create subscription sub on "scratch"."autogen" destinations all 'https://127.0.0.1:9'
DROP SUBSCRIPTION copy ON scratch.autogen
DROP SUBSCRIPTION "copy" ON "scratch"."autogen"
`,
  ),
  ...mutating(
    "subscriptions",
    "error",
    `
CREATE SUBSCRIPTION sub ON scratch.none DESTINATIONS ALL 'udp://127.0.0.1:9'
CREATE SUBSCRIPTION sub ON scratch.autogen DESTINATIONS ALL 'nothing'
CREATE SUBSCRIPTION copy ON scratch.autogen DESTINATIONS ALL 'udp://127.0.0.1:9'
DROP SUBSCRIPTION none ON scratch.autogen
DROP SUBSCRIPTION copy ON scratch.none
`,
  ),
  ...mutating(
    "users",
    "nothing",
    `
DROP USER scratch_user
GRANT READ ON scratch TO scratch_user
GRANT WRITE ON "scratch" TO "scratch_user"
GRANT ALL PRIVILEGES ON scratch TO scratch_user
REVOKE READ ON scratch FROM scratch_user
REVOKE WRITE ON scratch FROM scratch_user
REVOKE ALL ON scratch FROM scratch_user
REVOKE ALL PRIVILEGES ON scratch FROM scratch_user
REVOKE ALL FROM scratch_user
REVOKE ALL PRIVILEGES FROM scratch_user
`,
  ),
  ...mutating(
    "users",
    "error",
    `
CREATE USER scratch_user WITH PASSWORD 'other'
CREATE USER "" WITH PASSWORD 'x'
SET PASSWORD FOR scratch_none = 'x'
DROP USER scratch_none
GRANT READ ON scratch TO scratch_none
GRANT ALL TO scratch_none
REVOKE ALL FROM scratch_none
REVOKE READ ON scratch_none FROM scratch_user
`,
  ),
  ...mutating(
    "delete",
    "nothing",
    String.raw`
DELETE FROM m
DELETE FROM "m"
DELETE FROM "odd, \"name\""
DELETE FROM m, n
DELETE FROM /^[mn]$/
DELETE FROM /./ WHERE customer_id = 'acme'
DELETE FROM nothing
DELETE FROM m WHERE time < '2024-03-10'
DELETE FROM m WHERE time >= '2024-03-09T00:00:00.000000001Z' AND time <= 1710028800000000000
DELETE FROM m WHERE time > 1710028800s - 1h AND time < 1710028800s + 1h AND customer_id = 'acme'
DELETE FROM m WHERE time < now()
DELETE FROM m WHERE customer_id = 'acme'
DELETE FROM m WHERE customer_id = ''
DELETE FROM m WHERE customer_id != 'acme' AND host = 'h1'
DELETE FROM m WHERE customer_id = 'acme' OR host = 'h2'
DELETE FROM m WHERE (customer_id =~ /^[ab]/ AND time > '2024-03-10') AND host !~ /2/
DELETE WHERE customer_id = 'acme'
DELETE WHERE time < '2024-03-10'
DELETE WHERE time < '2024-03-10' AND customer_id = 'beta'
DELETE WHERE "tag key" = 'ö'
delete from m where time > '2024-03-10T00:00:00Z'; delete from n
DROP MEASUREMENT m
DROP MEASUREMENT "odd, \"name\""
DROP MEASUREMENT nothing
DROP MEASUREMENT m; DROP MEASUREMENT n
DROP SERIES FROM m
DROP SERIES FROM m, n
DROP SERIES FROM /^[mn]$/
DROP SERIES FROM m WHERE customer_id = 'acme'
DROP SERIES FROM m WHERE customer_id = 'acme' AND host = 'h1'
DROP SERIES FROM m WHERE customer_id =~ /a|b/ OR host = 'h2'
DROP SERIES WHERE customer_id = 'beta'
DROP SERIES WHERE customer_id = ''
DROP SERIES WHERE "tag key" !~ /^$/
`,
  ),
  ...mutating(
    "delete",
    "error",
    `
DELETE FROM m WHERE v > 1
DELETE FROM m WHERE customer_id = 'acme' AND v > 1
DROP SERIES FROM m WHERE time < '2024-03-10'
DROP SERIES FROM m WHERE v > 1
`,
  ),
  ...LOGINS.map(
    ([q, username, password]): Entry => ({
      family: "users",
      kind: "mutate",
      q,
      db: SCRATCH,
      answer: "nothing",
      login: { username, password },
    }),
  ),
  {
    family: "into",
    kind: "mutate",
    q: "SELECT v INTO m2 FROM m WHERE customer_id = $c",
    params: '{"c":"acme"}',
    db: SCRATCH,
    answer: "rows",
  },
  {
    family: "delete",
    kind: "mutate",
    q: "DELETE FROM m WHERE customer_id = $c AND time < $t",
    params: '{"c":"acme","t":"2024-03-10"}',
    db: SCRATCH,
    answer: "nothing",
  },
];
