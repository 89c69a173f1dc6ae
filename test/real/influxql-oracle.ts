import type { Entry } from "../influxql/corpus-entry.ts";
import { CREATE_STATEMENTS, dataSet } from "../influxql/data-set.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";

/** What decides whether a statement is read and printed rightly: an InfluxDB that has the data set. */
export interface Oracle {
  readonly server: RealInfluxdb;
  answer(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

export type Request = Pick<Entry, "q" | "db" | "params">;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const ADMIN = { username: "root", password: "secret" };

/** With users, so that a password can be tried. */
export async function startOracle(): Promise<Oracle> {
  const server = await startRealInfluxdb({ admin: ADMIN });
  try {
    for (const statement of CREATE_STATEMENTS) await server.query(statement);
    for (const { db, rp, lines } of dataSet()) {
      const { status } = await server.write(db, lines.join("\n"), { rp });
      if (status !== 204) throw new Error(`${db}.${rp}: ${status}`);
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  return { server, answer: (request) => ask(server.url, request), close: server.close };
}

async function ask(url: string, { q, db, params }: Request): Promise<Answer> {
  const parameters = new URLSearchParams({ db, ...(params === undefined ? {} : { params }) });
  const authorization = basic(ADMIN.username, ADMIN.password);
  // To compress an answer and to read it costs more than most queries.
  const headers = { authorization, "accept-encoding": "identity" };
  const body = new URLSearchParams({ q });
  const response = await fetch(`${url}/query?${parameters}`, { method: "POST", headers, body });
  return { status: response.status, body: await response.text() };
}

export async function canLogIn(url: string, username: string, password: string): Promise<boolean> {
  const headers = { authorization: basic(username, password) };
  const body = new URLSearchParams({ q: "SHOW DATABASES" });
  const response = await fetch(`${url}/query`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status !== 401;
}

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** The class of an answer, as entries of the corpus note it; `wrong` is not executed at all. */
export function classOf({ status, body }: Answer): Entry["answer"] | "wrong" {
  if (status === 400) return "wrong";
  // What JSON cannot carry, as infinity, InfluxDB answers in plain text with status 200.
  if (body.startsWith("json: error") || body.includes('"error":')) return "error";
  return body.includes('"values":') ? "rows" : "nothing";
}

/** What two answers have in common that tell of a server, or of chance: the columns, not the values. */
export function formOf({ status, body }: Answer): unknown {
  const { results } = JSON.parse(body) as {
    results: { error?: string; series?: { name?: string; columns: string[] }[] }[];
  };
  return {
    status,
    results: results.map(({ error, series = [] }) => [
      error,
      [...new Set(series.map(({ name, columns }) => JSON.stringify([name, columns])))],
    ]),
  };
}
