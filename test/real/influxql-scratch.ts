import type { Entry } from "../influxql/corpus-entry.ts";
import { SCRATCH, SCRATCH_LINES, SCRATCH_STATEMENTS, SCRATCH_USER_STATEMENTS } from "../influxql/scratch.ts";
import { identifier, type QueryResult } from "../support/real-influxdb.ts";
import { type Answer, canLogIn, type Oracle } from "./influxql-oracle.ts";

export interface Effect {
  readonly answer: Answer;
  /** What InfluxDB tells of databases and users that belong to the statement. */
  readonly state: unknown;
}

export type Mutation = Pick<Entry, "q" | "params" | "login" | "family">;

let scenes = 0;

/**
 * Of the statement on databases and users of its own, with what it names instead of theirs. Not two at a time: while
 * InfluxDB drops a database, it answers a deletion in another one with `engine is closed`.
 */
export async function effectOf(oracle: Oracle, mutation: Mutation): Promise<Effect> {
  const { q, params, login, family } = mutation;
  const { server } = oracle;
  const own = `sc${String(scenes++).padStart(6, "0")}`;
  const mine = (text: string) => text.replaceAll(SCRATCH, own);
  const theirs = (text: string) => text.replaceAll(own, SCRATCH).replace(/shard \d+:/, "shard:");
  // InfluxDB shows a continuous query as it prints it: ORDER BY DESC has no name in it.
  const shown = (text: string) => theirs(text).replaceAll(/ORDER BY (ASC|DESC)/g, "ORDER BY time $1");
  const withPoints = ["into", "delete"].includes(family);
  const users = q.includes(`${SCRATCH}_user`) ? SCRATCH_USER_STATEMENTS : [];
  await server.query(mine([...SCRATCH_STATEMENTS, ...users].join(";")));
  const written = withPoints ? (await server.write(own, SCRATCH_LINES.join("\n"))).status : 204;
  if (written !== 204) throw new Error(`the points were answered with ${written}`);
  const { status, body } = await oracle.answer({
    q: mine(q),
    db: own,
    ...(params === undefined ? {} : { params }),
  });
  const answer = { status, body: theirs(body) };
  const loggedIn = login === undefined || (await canLogIn(server.url, mine(login.username), login.password));
  if (!loggedIn) throw new Error(`nobody can log in: ${q}`);
  const state = JSON.stringify(await stateOf(oracle, own, withPoints));
  await drop(server, own);
  return { answer, state: JSON.parse(shown(state)) };
}

/** What names there are makes each further step slower. */
async function drop(server: Oracle["server"], own: string): Promise<void> {
  const [databases, users] = (await server.query("SHOW DATABASES; SHOW USERS")).map((result) =>
    firstCells(result).filter((cell) => cell.startsWith(own)),
  );
  const statements = [
    ...(databases ?? []).map((db) => `DROP DATABASE ${identifier(db)}`),
    ...(users ?? []).map((user) => `DROP USER ${identifier(user)}`),
  ];
  if (statements.length > 0) await server.query(statements.join(";"));
}

async function stateOf({ server }: Oracle, own: string, withPoints: boolean): Promise<unknown> {
  const all = await server.query("SHOW DATABASES; SHOW USERS; SHOW CONTINUOUS QUERIES; SHOW SUBSCRIPTIONS");
  const [databases, users] = all
    .slice(0, 2)
    .map((result) => firstCells(result).filter((cell) => cell.startsWith(own)));
  const perDatabase = all
    .slice(2)
    .map(({ series = [] }) => series.filter(({ name }) => name?.startsWith(own)));
  const grants = (users ?? []).map((user) => `SHOW GRANTS FOR ${identifier(user)}`);
  const policies = (databases ?? []).map((db) => `SHOW RETENTION POLICIES ON ${identifier(db)}`);
  const details =
    grants.length + policies.length === 0 ? [] : await server.query([...grants, ...policies].join(";"));
  const points = withPoints ? await pointsOf(server, databases ?? [], details.slice(grants.length)) : [];
  return [databases, all.slice(1, 2).map((result) => rowsOf(result, own)), perDatabase, details, points];
}

async function pointsOf(
  server: Oracle["server"],
  databases: readonly string[],
  policies: readonly QueryResult[],
): Promise<readonly QueryResult[]> {
  const statements = databases.flatMap((db, at) => [
    `SHOW FIELD KEYS ON ${identifier(db)}`,
    ...firstCells(policies[at]).map(
      (rp) => `SELECT * FROM ${identifier(db)}.${identifier(rp)}./.*/ GROUP BY *`,
    ),
  ]);
  return statements.length === 0 ? [] : server.query(statements.join(";"));
}

const firstCells = (result: QueryResult | undefined) =>
  (result?.series?.[0]?.values ?? []).map(([cell]) => String(cell));

const rowsOf = ({ series = [] }: QueryResult, own: string) =>
  (series[0]?.values ?? []).filter(([cell]) => String(cell).startsWith(own));
