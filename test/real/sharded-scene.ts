import type { ShardingConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ShardMap } from "../../src/shard/map.ts";
import { CREATE_STATEMENTS, DATABASE, dataSet, type Write } from "../influxql/data-set.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";

/** How the points of a listener are divided. */
export const LISTENERS: Readonly<Record<string, string>> = {
  tag: 'shard-by = "tag:customer_id"',
  measurement: 'shard-by = "measurement"',
};

/** The data set once more, with a time of its own for every point of a measurement. */
export const UNTIED = `${DATABASE}_untied`;

/** What a statement is over the data set without equal times. */
export const untied = (text: string) => text.replaceAll(new RegExp(`\\b${DATABASE}\\b`, "g"), UNTIED);

/** One InfluxDB that has everything, and for each listener of a relay three that have it divided. */
export interface ShardedScene {
  readonly whole: RealInfluxdb;
  readonly relay: RelayProcess;
  /** By listener, in the order of its map. */
  readonly shards: Readonly<Record<string, readonly RealInfluxdb[]>>;
  readonly maps: Readonly<Record<string, ShardMap>>;
  close(): Promise<void>;
}

export async function startShardedScene(listeners = Object.keys(LISTENERS)): Promise<ShardedScene> {
  const started: { close(): Promise<void> }[] = [];
  const start = async () => {
    const server = await startRealInfluxdb();
    started.push(server);
    return server;
  };
  const close = async () => void (await Promise.all(started.map((server) => server.close())));
  try {
    const starting = await Promise.allSettled(Array.from({ length: 1 + 3 * listeners.length }, start));
    const failed = starting.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const [whole, ...others] = starting.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const shards = Object.fromEntries(
      listeners.map((name, i) => [name, others.slice(3 * i, 3 * i + 3)] as const),
    );
    const config = listeners.map((name) => listenerText(name, shards[name] ?? [])).join("\n");
    const { http } = parseConfig(config, { name: "", env: () => undefined, readFile: () => "" });
    const maps = Object.fromEntries(
      http.map(({ name, sharding }) => [name, new ShardMap(sharding as ShardingConfig)]),
    );
    const relay = await startRelay({ config, readyWithinMs: 60_000 });
    started.push({ close: relay.kill });
    const urls = [(whole as RealInfluxdb).url, ...listeners.map((name) => relay.url(name))];
    await Promise.all(urls.map(fill));
    return { whole: whole as RealInfluxdb, relay, shards, maps, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenerText(name: string, servers: readonly { readonly url: string }[]): string {
  const shards = servers.map(
    ({ url }, i) =>
      `[[http.shard]]\nname = "s${i + 1}"\noutput = [{ name = "${name}-${i + 1}", location = "${url}/write" }]\n`,
  );
  return `[[http]]\nname = "${name}"\nbind-addr = "127.0.0.1:0"\n${LISTENERS[name]}\n${shards.join("")}`;
}

/** Makes the databases and writes the data set, as any client does. */
async function fill(url: string): Promise<void> {
  for (const q of [...CREATE_STATEMENTS, ...CREATE_STATEMENTS.slice(0, 2).map(untied)]) {
    const { body } = await ask(url, { q, db: "" });
    if (body.includes('"error"')) throw new Error(`${q}: ${body}`);
  }
  for (const { db, rp, lines } of [...dataSet(), ...dataSet().slice(0, 2).map(withOwnTimes)]) {
    const response = await fetch(`${url}/write?${new URLSearchParams({ db, rp })}`, {
      method: "POST",
      body: lines.join("\n"),
    });
    if (response.status !== 204) throw new Error(`${db}.${rp}: ${response.status} ${await response.text()}`);
  }
}

/** The times of points become later by as many nanoseconds as their measurement has had points of the same time. */
function withOwnTimes({ rp, lines }: Write): Write {
  const used = new Set<string>();
  const moved = lines.map((line) => {
    const at = line.lastIndexOf(" ");
    const measurement = /^(?:\\.|[^,\\])*/.exec(line)?.[0] ?? "";
    let time = BigInt(line.slice(at + 1));
    while (used.has(`${measurement} ${time}`)) time += 1n;
    used.add(`${measurement} ${time}`);
    return `${line.slice(0, at)} ${time}`;
  });
  return { db: UNTIED, rp, lines: moved };
}

export interface Question {
  readonly q: string;
  readonly db: string;
  readonly params?: string | undefined;
  /** Further parameters of the URL. */
  readonly more?: Readonly<Record<string, string>>;
  /** The answer comes compressed, which costs more than most queries. */
  readonly gzip?: boolean;
  readonly accept?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks a server or a relay in the same way. */
export async function ask(
  url: string,
  { q, db, params, more = {}, gzip = false, accept }: Question,
): Promise<Answer> {
  const parameters = new URLSearchParams({ db, ...(params === undefined ? {} : { params }), ...more });
  const headers = { "accept-encoding": gzip ? "gzip" : "identity", ...(accept !== undefined && { accept }) };
  const body = new URLSearchParams({ q });
  const response = await fetch(`${url}/query?${parameters}`, { method: "POST", headers, body });
  return { status: response.status, body: await response.text() };
}
