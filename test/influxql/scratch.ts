import { HOUR, START } from "./data-set.ts";

/**
 * Statements that change something do so to databases and users whose names begin with this: a test puts another name
 * in its place, so that two runs do not meet.
 */
export const SCRATCH = "scratch";

/** Make what the statements find. */
export const SCRATCH_STATEMENTS: readonly string[] = [
  "CREATE DATABASE scratch WITH DURATION INF REPLICATION 1 SHARD DURATION 7d NAME autogen",
  'CREATE RETENTION POLICY "long term" ON scratch DURATION INF REPLICATION 1 SHARD DURATION 7d',
  'CREATE CONTINUOUS QUERY hourly ON scratch BEGIN SELECT mean(v) INTO scratch."long term".hourly FROM scratch.autogen.m GROUP BY time(1h), * END',
  "CREATE SUBSCRIPTION copy ON scratch.autogen DESTINATIONS ALL 'udp://127.0.0.1:9'",
];

/** For those that name the user; a password costs time. */
export const SCRATCH_USER_STATEMENTS: readonly string[] = [
  "CREATE USER scratch_user WITH PASSWORD 'first'",
  "GRANT ALL ON scratch TO scratch_user",
  "GRANT ALL PRIVILEGES TO scratch_user",
];

/** Of the database `scratch`: all in one time shard. */
export const SCRATCH_LINES: readonly string[] = [0n, 1n, 2n].flatMap((n) => {
  const time = START + n * 12n * HOUR;
  return [
    `m,customer_id=acme,host=h1 v=${n}.5,i=${n}i,s="a ${n}",b=true ${time}`,
    `m,customer_id=beta,host=h1 v=1${n},i=1${n}i ${time + 1n}`,
    `m,host=h2 v=2${n},s="\\"q\\"" ${time + 2n}`,
    `odd\\,\\ "name",customer_id=acme,tag\\ key=ö v=${n} ${time}`,
    `n,customer_id=beta other=${n}i ${time}`,
  ];
});
