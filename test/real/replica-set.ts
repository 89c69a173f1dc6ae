import assert from "node:assert/strict";
import { type RealInfluxdb, type RealInfluxdbOptions, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";

/** Two replicas behind a relay, and a third InfluxDB that gets the same requests directly: what it does is right. */
export interface ReplicaSet {
  readonly a: RealInfluxdb;
  readonly b: RealInfluxdb;
  readonly oracle: RealInfluxdb;
  readonly relay: RelayProcess;
  readonly servers: readonly [RealInfluxdb, RealInfluxdb, RealInfluxdb];
  close(): Promise<void>;
}

export interface ReplicaSetOptions {
  readonly influxd?: RealInfluxdbOptions;
  /** Further keys of each output, as `timeout = "1s"`. */
  readonly output?: string;
  /** The rest of the config. */
  readonly config?: string;
}

export async function startReplicaSet(options: ReplicaSetOptions = {}): Promise<ReplicaSet> {
  const started: { close(): Promise<void> }[] = [];
  async function track<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
    const server = await starting;
    started.push(server);
    return server;
  }
  const close = async () => void (await Promise.all(started.map((server) => server.close())));
  try {
    const influxd = () => track(startRealInfluxdb(options.influxd));
    const servers = await allSettled([influxd(), influxd(), influxd()]);
    const [a, b, oracle] = servers as unknown as [RealInfluxdb, RealInfluxdb, RealInfluxdb];
    const config = `${mainListener([a, b], options.output)}\n${options.config ?? ""}`;
    const relay = await startRelay({ config });
    started.push({ close: relay.kill });
    return { a, b, oracle, relay, servers: [a, b, oracle], close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The results of all; an error only once each has ended, so that what did start can be closed. */
async function allSettled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** The listener `main` with the outputs `a`, `b` and so on. They are tried often: no test waits for a backoff of 10 s. */
export function mainListener(
  servers: readonly { readonly url: string }[],
  output = "",
  listener = "",
): string {
  const outputs = servers.map(({ url }, i) => {
    const name = String.fromCharCode("a".charCodeAt(0) + i);
    return `  { name = "${name}", location = "${url}/write", max-delay-interval = "250ms"${output === "" ? "" : `, ${output}`} },\n`;
  });
  return `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\n${listener}\noutput = [\n${outputs.join("")}]\n`;
}

export interface Request {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

/** One request to `path` with its query, below `url`. */
export async function ask(url: string, path: string, request: Request = {}): Promise<Answer> {
  const response = await fetch(url + path, request as RequestInit);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** Writes line protocol to a database, with further parameters of the URL. */
export function write(
  url: string,
  db: string,
  body: string | Uint8Array,
  parameters: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(url, `/write?${new URLSearchParams({ db, ...parameters })}`, { method: "POST", body, headers });
}

/** Asks until the answer is what is expected; the difference is in the error. */
export async function eventually<T>(ask: () => Promise<T>, expected: T, what: string, limitMs?: number) {
  let actual: T | undefined;
  try {
    await poll(
      async () => {
        actual = await ask();
        return isEqual(actual, expected);
      },
      what,
      limitMs,
    );
  } catch {
    assert.deepEqual(actual, expected, what);
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** What `/status` says, as far as these tests look at it. */
export interface Status {
  readonly listeners: readonly {
    name: string;
    replicas: readonly string[];
    counters: Record<string, number>;
  }[];
  readonly udp: readonly {
    name: string;
    kernelDrops?: number;
    datagrams: {
      received: number;
      forwarded: number;
      waiting?: number;
      lines: number;
      dropped: Record<string, number>;
      outputs?: readonly Record<string, number | string>[];
    };
  }[];
  readonly backends: readonly BackendStatus[];
  readonly removed: readonly BackendStatus[];
}

export interface BackendStatus {
  readonly name: string;
  readonly state: string;
  readonly backlog: { readonly records: number; readonly bytes: number };
  readonly held: readonly { readonly db: string; readonly rp: string; readonly records: number }[];
  readonly requests: Readonly<Record<string, number>>;
  readonly writes: number;
  readonly lanes: number;
}

export async function status(relay: RelayProcess): Promise<Status> {
  return readStatus<Status>((await ask(relay.url("main"), "/status")).body);
}

export async function backendStatus(relay: RelayProcess, name: string): Promise<BackendStatus> {
  const found = (await status(relay)).backends.find((backend) => backend.name === name);
  assert.ok(found, `no backend ${name} in /status`);
  // Without the reasons, which have a time in them.
  return { ...found, held: found.held.map(({ db, rp, records }) => ({ db, rp, records })) };
}

/**
 * Writes the bodies, each over a connection of its own, so that the relay takes them in this order while the replicas
 * hang: all wait behind the first, and could all be joined.
 */
export async function writeInOrder(
  { a, b, relay }: ReplicaSet,
  db: string,
  bodies: readonly string[],
): Promise<Answer[]> {
  const taken = async () => (await status(relay)).listeners[0]?.counters["writes"] ?? 0;
  const answers: Promise<Answer>[] = [];
  for (const server of [a, b]) server.pause();
  try {
    for (const body of bodies) {
      const before = await taken();
      answers.push(write(relay.url("main"), db, body));
      await poll(async () => (await taken()) > before, "the write to be taken");
    }
  } finally {
    for (const server of [a, b]) server.resume();
  }
  return Promise.all(answers);
}
