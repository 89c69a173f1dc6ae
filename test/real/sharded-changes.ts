import { SCRATCH, SCRATCH_LINES, SCRATCH_STATEMENTS, SCRATCH_USER_STATEMENTS } from "../influxql/scratch.ts";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { ask, type ShardedScene } from "./sharded-scene.ts";

/** The keys whose shards a statement is about; all shards; or nobody, as it is refused. */
export type Where = readonly string[] | "all" | "refused";

/** What changes where, in the database `scratch`, by the customer and by the measurement. */
export const CHANGES: readonly (readonly [statement: string, tag: Where, measurement: Where])[] = [
  ["DELETE FROM m", "all", ["m"]],
  ["DELETE FROM m WHERE time < '2024-03-09T12:00:00Z'", "all", ["m"]],
  ["DELETE FROM m WHERE customer_id = 'acme'", ["acme"], ["m"]],
  ["DELETE FROM m WHERE customer_id = 'acme' AND time < '2024-03-09T12:00:00Z'", ["acme"], ["m"]],
  ["DELETE FROM m WHERE customer_id = ''", [""], ["m"]],
  ["DELETE FROM m WHERE customer_id = 'acme' OR customer_id = 'beta'", ["acme", "beta"], ["m"]],
  ["DELETE FROM m WHERE customer_id = 'acme' OR host = 'h2'", "all", ["m"]],
  ["DELETE FROM m WHERE customer_id != 'acme'", "all", ["m"]],
  ["DELETE FROM m, n", "all", ["m", "n"]],
  ["DELETE FROM /^[mn]$/", "all", "all"],
  ["DELETE WHERE customer_id = 'beta'", ["beta"], "all"],
  ["DELETE WHERE time < '2024-03-09T12:00:00Z'", "all", "all"],
  ["DROP SERIES FROM m", "all", ["m"]],
  ["DROP SERIES FROM m WHERE customer_id = 'beta'", ["beta"], ["m"]],
  ["DROP SERIES FROM /^n/", "all", "all"],
  ["DROP SERIES WHERE host = 'h1'", "all", "all"],
  ["DROP SERIES WHERE customer_id = 'acme'", ["acme"], "all"],
  ["DROP MEASUREMENT n", "all", ["n"]],
  ['DROP MEASUREMENT "odd, \\"name\\""', "all", ['odd, "name"']],
  ['SELECT * INTO "long term".m FROM m GROUP BY *', "all", ["m"]],
  ['SELECT * INTO "long term".:MEASUREMENT FROM m GROUP BY *', "all", ["m"]],
  ['SELECT * INTO "long term".:MEASUREMENT FROM /.*/ GROUP BY *', "all", "all"],
  [
    "SELECT mean(v) INTO \"long term\".:MEASUREMENT FROM m WHERE customer_id = 'acme' GROUP BY customer_id",
    ["acme"],
    ["m"],
  ],
  ['SELECT sum(v) INTO "long term".:MEASUREMENT FROM m', "refused", ["m"]],
  ["SELECT v INTO copy FROM m WHERE customer_id = 'acme'", "refused", "refused"],
  ["CREATE DATABASE scratch_new", "all", "all"],
  ["DROP DATABASE scratch", "all", "all"],
  ["CREATE RETENTION POLICY short ON scratch DURATION 1d REPLICATION 1", "all", "all"],
  ['ALTER RETENTION POLICY "long term" ON scratch DURATION 90d DEFAULT', "all", "all"],
  ['DROP RETENTION POLICY "long term" ON scratch', "all", "all"],
  ["CREATE USER scratch_new WITH PASSWORD 'new'", "all", "all"],
  ["DROP USER scratch_user", "all", "all"],
  ["REVOKE ALL ON scratch FROM scratch_user", "all", "all"],
  ["GRANT READ ON scratch TO scratch_user", "all", "all"],
  [
    'CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT mean(v) INTO "long term".:MEASUREMENT FROM m GROUP BY time(1h), * END',
    "all",
    ["m"],
  ],
  [
    "CREATE CONTINUOUS QUERY cq ON scratch BEGIN SELECT mean(v) INTO hourly FROM m GROUP BY time(1h) END",
    "refused",
    "refused",
  ],
  ["DROP CONTINUOUS QUERY hourly ON scratch", "all", "all"],
  ["DROP SHARD 1", "refused", "refused"],
  ["KILL QUERY 1", "refused", "refused"],
  ["DROP SUBSCRIPTION copy ON scratch.autogen", "refused", "refused"],
];

let scenes = 0;

/**
 * The shards that the statement changed, as it changed the one InfluxDB. Each shard begins with all the points, so that
 * whoever executes the statement shows it. @throws if a shard is neither as it was nor as it should be
 */
export async function changedBy(
  { whole, relay, shards }: ShardedScene,
  listener: string,
  statement: string,
): Promise<readonly number[] | "refused"> {
  const own = `sc${String(scenes++).padStart(6, "0")}`;
  const mine = (text: string) => text.replaceAll(SCRATCH, own);
  const all = [whole, ...(shards[listener] ?? [])];
  const user = statement.includes(`${SCRATCH}_user`);
  const setup = mine([...SCRATCH_STATEMENTS, ...(user ? SCRATCH_USER_STATEMENTS : [])].join(";"));
  await Promise.all(all.map((server) => prepare(server, setup, own)));
  const before = await stateOf(whole, own);
  const question = { q: mine(statement), db: own };
  const { status, body } = await ask(relay.url(listener), question);
  if (status !== 400 && (status !== 200 || body.includes('"error"')))
    throw new Error(`${statement}: ${body}`);
  if (status === 200) await ask(whole.url, question);
  const [right, ...after] = await Promise.all(all.map((server) => stateOf(server, own)));
  if (status === 200 && right === before) throw new Error(`nothing would show that it ran: ${statement}`);
  const changed = after.flatMap((state, at) => {
    if (state === before) return [];
    if (state === right) return [at];
    throw new Error(`${statement}: shard ${at} has ${state}\nand should have ${right}\nor ${before}`);
  });
  await Promise.all(all.map((server) => drop(server, own)));
  if (status === 400 && changed.length > 0) throw new Error(`refused, but done: ${statement}`);
  return status === 400 ? "refused" : changed;
}

async function prepare(server: RealInfluxdb, setup: string, db: string): Promise<void> {
  await server.query(setup);
  const { status } = await server.write(db, SCRATCH_LINES.join("\n"));
  if (status !== 204) throw new Error(`the points were answered with ${status}`);
}

/** What InfluxDB tells of everything whose name begins so. A database may be gone. */
async function stateOf(server: RealInfluxdb, own: string): Promise<string> {
  const points = (rp: string) => `SELECT * FROM "${own}"."${rp}"./.*/ GROUP BY *`;
  const texts = await Promise.all(
    [
      "SHOW DATABASES; SHOW USERS; SHOW CONTINUOUS QUERIES; SHOW SUBSCRIPTIONS",
      `SHOW RETENTION POLICIES ON "${own}"`,
      `SHOW GRANTS FOR "${own}_user"`,
      points("autogen"),
      points("long term"),
    ].map((q) => server.queryText(q)),
  );
  return texts.join("");
}

async function drop(server: RealInfluxdb, own: string): Promise<void> {
  const results = await server.query("SHOW DATABASES; SHOW USERS");
  const [databases, users] = results.map(({ series = [] }) =>
    (series[0]?.values ?? []).map(([name]) => String(name)).filter((name) => name.startsWith(own)),
  );
  const statements = [
    ...(databases ?? []).map((name) => `DROP DATABASE "${name}"`),
    ...(users ?? []).map((name) => `DROP USER "${name}"`),
  ];
  if (statements.length > 0) await server.query(statements.join(";"));
}
