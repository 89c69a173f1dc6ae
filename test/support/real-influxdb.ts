import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type CanonicalField, canonicalLine } from "./canonical-points.ts";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "./child.ts";
import { findProgram } from "./require-real.ts";
import { createWatch, poll } from "./wait.ts";

/** One statement's result, as InfluxDB's JSON has it. */
export interface QueryResult {
  readonly statement_id: number;
  readonly error?: string;
  readonly series?: readonly {
    readonly name?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly columns: readonly string[];
    readonly values?: readonly (readonly (string | number | boolean | null)[])[];
  }[];
}

/** A real influxd, with its data in a temporary directory. */
export interface RealInfluxdb {
  /** `http://127.0.0.1:PORT`, the same after a restart. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** `host:port` of the service for backups; without `rpc` in the options nobody knows its port. */
  readonly rpc: string;
  /** @throws if InfluxDB reports any error; `queryText` shows it. */
  query(q: string, db?: string): Promise<readonly QueryResult[]>;
  /** The answer's body as it came; times as nanoseconds. */
  queryText(q: string, db?: string): Promise<string>;
  /** `parameters` are further ones of the URL. */
  write(db: string, lines: string, parameters?: Readonly<Record<string, string>>): Promise<Response>;
  /** Everything in a database's retention policy as sorted canonical lines; only these measurements if any are named. */
  points(db: string, options?: { rp?: string; measurements?: readonly string[] }): Promise<string[]>;
  /** After `stop` or `kill`: the same port and the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** As a power cut of the process: SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: connections are accepted by the kernel and nobody answers. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface RealInfluxdbOptions {
  /** Created at the first start. */
  readonly databases?: readonly string[];
  /** Turns authentication on with this user as the administrator, whom the helpers here use. */
  readonly admin?: { readonly username: string; readonly password: string };
  /** Chosen by the system if absent. */
  readonly port?: number;
  /** Makes the port of the service for backups known. */
  readonly rpc?: boolean;
  /** Further lines of the `[http]` section. */
  readonly http?: string;
}

export async function startRealInfluxdb(options: RealInfluxdbOptions = {}): Promise<RealInfluxdb> {
  const dir = temporaryDirectory("influxd");
  const configFile = join(dir, "influxdb.conf");
  let child: Child | undefined;
  let port = options.port ?? 0;
  const rpc = `127.0.0.1:${options.rpc === true ? await freePort() : 0}`;

  const url = () => `http://127.0.0.1:${port}`;

  async function start(): Promise<void> {
    writeFileSync(configFile, configText(dir, port, rpc, options));
    const program = findProgram("influxd");
    if (program === undefined) throw new Error("influxd is not installed");
    const watch = createWatch();
    const listening = /Listening on HTTP.* addr=127\.0\.0\.1:(\d+)/;
    const started = startChild(program, ["run", "-config", configFile], {
      onLine: watch.changed,
      onEnd: watch.changed,
    });
    child = started;
    const printed = () => `\n${started.output}`;
    await watch.until(
      () => listening.test(started.output) || started.end !== undefined,
      "influxd to listen",
      30_000,
      printed,
    );
    port = Number(listening.exec(started.output)?.[1] ?? Number.NaN);
    if (Number.isNaN(port)) throw new Error(`influxd ended (${started.end})${printed()}`);
    await poll(ping, "influxd to answer /ping", 30_000, printed);
  }

  async function ping(): Promise<boolean> {
    const response = await fetch(`${url()}/ping`).catch(() => undefined);
    return response?.status === 204;
  }

  // To compress an answer and to read it costs more than most queries.
  const headers: Record<string, string> = {
    "accept-encoding": "identity",
    ...(options.admin && {
      authorization: `Basic ${btoa(`${options.admin.username}:${options.admin.password}`)}`,
    }),
  };

  async function queryText(q: string, db = ""): Promise<string> {
    const parameters = new URLSearchParams({ db, epoch: "ns" });
    const body = new URLSearchParams({ q });
    return (await fetch(`${url()}/query?${parameters}`, { method: "POST", headers, body })).text();
  }

  async function query(q: string, db?: string): Promise<readonly QueryResult[]> {
    return readResults(await queryText(q, db), q, JSON.parse);
  }

  async function losslessQuery(q: string, db: string): Promise<readonly QueryResult[]> {
    return readResults(await queryText(q, db), q, parseLossless);
  }

  async function points(
    db: string,
    { rp = "autogen", measurements }: { rp?: string; measurements?: readonly string[] } = {},
  ): Promise<string[]> {
    const all = await query(`SHOW MEASUREMENTS ON ${identifier(db)}`);
    const names = measurements ?? (all[0]?.series?.[0]?.values ?? []).map(([name]) => String(name));
    const lines: string[] = [];
    for (const name of names) {
      const types = await fieldTypes(db, name);
      const rows = `SELECT *::field FROM ${identifier(rp)}.${identifier(name)} GROUP BY *`;
      for (const { tags = {}, columns, values = [] } of (await losslessQuery(rows, db))[0]?.series ?? []) {
        for (const [time, ...cells] of values) {
          const fields = columns
            .slice(1)
            .map((column, at) => field(column, types.get(column), cells[at] ?? null));
          lines.push(canonicalLine(name, Object.entries(tags), fields.flat(), String(time)));
        }
      }
    }
    return lines.sort();
  }

  /** JSON does not tell 1 from 1.0. A field with several types, in several time shards, counts as the first. */
  async function fieldTypes(db: string, measurement: string): Promise<Map<string, CanonicalField["type"]>> {
    const result = await query(`SHOW FIELD KEYS ON ${identifier(db)} FROM ${identifier(measurement)}`);
    const rows = result[0]?.series?.[0]?.values ?? [];
    return new Map(
      rows.map(([name, type]) => [String(name), type as CanonicalField["type"]]).reverse() as [],
    );
  }

  const running = (): Child => {
    if (child === undefined || child.end !== undefined) throw new Error("influxd does not run");
    return child;
  };
  const stop = async () => void (await running().stop("SIGTERM", 30_000));

  async function close(): Promise<void> {
    if (child?.end === undefined) await child?.stop("SIGKILL");
    removeDirectory(dir);
  }

  async function prepare(): Promise<void> {
    await start();
    if (options.admin !== undefined) {
      const { username, password } = options.admin;
      await query(`CREATE USER ${identifier(username)} WITH PASSWORD '${password}' WITH ALL PRIVILEGES`);
    }
    for (const db of options.databases ?? []) await query(`CREATE DATABASE ${identifier(db)}`);
  }

  try {
    await prepare();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    url: url(),
    port,
    rpc,
    get pid() {
      return running().pid;
    },
    query,
    queryText,
    write: (db, body, parameters = {}) =>
      fetch(`${url()}/write?${new URLSearchParams({ db, ...parameters })}`, {
        method: "POST",
        headers,
        body,
      }),
    points,
    start,
    stop,
    restart: async () => {
      await stop();
      await start();
    },
    kill: async () => void (await running().stop("SIGKILL")),
    pause: () => running().signal("SIGSTOP"),
    resume: () => running().signal("SIGCONT"),
    close,
  };
}

/** Everything that InfluxDB writes by itself is off, so that a database holds what the test wrote. Port 0 lets the system choose. */
function configText(
  dir: string,
  port: number,
  rpc: string,
  { admin, http = "" }: RealInfluxdbOptions,
): string {
  return `reporting-disabled = true
bind-address = "${rpc}"
[meta]
  dir = "${dir}/meta"
[data]
  dir = "${dir}/data"
  wal-dir = "${dir}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  auth-enabled = ${admin !== undefined}
${http}
`;
}

/** influxd does not tell which port it was given for backups. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function identifier(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function readResults(text: string, q: string, parse: (text: string) => unknown): readonly QueryResult[] {
  const answer = parse(text) as { results?: QueryResult[]; error?: string };
  const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
  if (error !== undefined) throw new Error(`${error}: ${q}`);
  return answer.results ?? [];
}

/** JSON with every number as its own text, so that no digit of an int64 is lost. */
function parseLossless(text: string): unknown {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => unknown;
  return parse(text, (_, value, { source }) => (typeof value === "number" ? source : value));
}

function field(
  name: string,
  type: CanonicalField["type"] | undefined,
  cell: string | number | boolean | null,
): CanonicalField[] {
  return cell === null ? [] : [{ name, type: type ?? "float", text: String(cell) }];
}
