import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { nodePlatform } from "../../adapters/node/platform.ts";
import type { OutputConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { type CompareOptions, compareServers } from "../../src/recovery/compare.ts";
import { NO_RELAY, type RelayControl } from "../../src/recovery/control.ts";
import { Meter } from "../../src/recovery/progress.ts";
import { type RecoverOptions, Recovery } from "../../src/recovery/recover.ts";
import type { CompareReport, RecoverReport } from "../../src/recovery/report.ts";
import { Server } from "../../src/recovery/server.ts";
import { shareOf } from "../../src/recovery/share.ts";
import type { StateStore } from "../../src/recovery/state.ts";
import { DAY_NS, FIRST_DAY_NS, NASTY_DATABASES, nastyBodies } from "../support/nasty-points.ts";
import {
  identifier,
  type QueryResult,
  type RealInfluxdb,
  type RealInfluxdbOptions,
  startRealInfluxdb,
} from "../support/real-influxdb.ts";

/** Two InfluxDBs, and the recovery of the second from the first. */
export interface RecoveryScene {
  readonly a: RealInfluxdb;
  readonly b: RealInfluxdb;
  readonly outputs: readonly [OutputConfig, OutputConfig];
  readonly config: string;
  compare(options?: Partial<CompareOptions>): Promise<CompareReport>;
  recover(options?: Partial<RecoverOptions>, more?: RecoverMore): Promise<RecoverReport>;
  close(): Promise<void>;
}

export interface RecoverMore {
  readonly control?: RelayControl;
  readonly signal?: AbortSignal;
  readonly store?: StateStore;
  /** Of the servers' time. */
  readonly percent?: number;
}

const COMPARE: CompareOptions = { scope: {}, deep: false, patienceMs: 1_000 };
const RECOVER: RecoverOptions = {
  ...COMPARE,
  dryRun: false,
  prune: false,
  limits: {},
  suspectsOnly: false,
};

export async function startRecoveryScene(options: RealInfluxdbOptions = {}): Promise<RecoveryScene> {
  const [a, b] = await Promise.all([startRealInfluxdb(options), startRealInfluxdb(options)]);
  const credentials =
    options.admin === undefined
      ? ""
      : `, username = "${options.admin.username}", password = "${options.admin.password}"`;
  const output = (name: string, { url }: RealInfluxdb) =>
    `  { name = "${name}", location = "${url}/write"${credentials} },`;
  const config = `[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
${options.admin === undefined ? "" : 'auth = "none"\n'}output = [
${output("a", a)}
${output("b", b)}
]
`;
  const parsed = parseConfig(config, { name: "test", env: () => undefined, readFile: () => "" });
  const outputs = parsed.http[0]?.outputs as unknown as [OutputConfig, OutputConfig];

  async function withPair<T>(run: (pair: { source: Server; target: Server }, ports: Ports) => Promise<T>) {
    const platform = nodePlatform(() => {});
    const pair = { source: new Server(outputs[0], platform), target: new Server(outputs[1], platform) };
    // The timers of the relay's clock do not keep a process alive.
    const alive = setInterval(() => {}, 1_000);
    try {
      const { clock, random } = platform;
      return await run(pair, { clock, random, control: NO_RELAY, meter: new Meter(clock) });
    } finally {
      clearInterval(alive);
      await Promise.all([pair.source.close(), pair.target.close()]);
    }
  }

  return {
    a,
    b,
    outputs,
    config,
    compare: (changed = {}) =>
      withPair((pair, ports) =>
        compareServers(pair, { ...COMPARE, ...changed }, ports, new AbortController().signal),
      ),
    recover: (
      changed = {},
      {
        control = NO_RELAY,
        signal = new AbortController().signal,
        store = memoryStore(),
        percent = 100,
      } = {},
    ) =>
      withPair((servers, ports) => {
        const pair = { ...servers, share: shareOf(percent, ports.clock, signal) };
        return new Recovery(pair, { ...RECOVER, ...changed }, { ...ports, control }, store).run(signal);
      }),
    close: async () => {
      await Promise.all([a.close(), b.close()]);
    },
  };
}

type Ports = ConstructorParameters<typeof Recovery>[2];

export function memoryStore(): StateStore & { text: string | undefined } {
  return {
    text: undefined,
    async load() {
      return this.text;
    },
    async save(text) {
      this.text = text;
    },
    async remove() {
      this.text = undefined;
    },
  };
}

/** The beginning of a day, in nanoseconds. */
export const day = (at: number): bigint => FIRST_DAY_NS + BigInt(at) * DAY_NS;

export async function writeNasty(server: RealInfluxdb): Promise<void> {
  for (const { name, policies } of NASTY_DATABASES) {
    await server.query(`CREATE DATABASE ${identifier(name)}`);
    for (const policy of policies) await server.query(`CREATE RETENTION POLICY ${policy}`);
  }
  for (const { db, rp, lines } of nastyBodies()) await writeBytes(server, db, lines, rp);
}

export async function writeBytes(
  server: RealInfluxdb,
  db: string,
  lines: Uint8Array | string,
  rp = "",
): Promise<void> {
  const body = typeof lines === "string" ? lines : (lines as unknown as string);
  const answer = await server.write(db, body, rp === "" ? {} : { rp });
  assert.equal(answer.status, 204, await answer.text());
}

interface Place {
  readonly db: string;
  readonly rp: string;
  readonly start: string;
  readonly end: string;
}

/**
 * Everything that a server holds, as one hash for each database, policy, measurement and day, by ways that the recovery
 * itself does not go: JSON shows values exactly, CSV the bytes of strings, and the types of fields come from InfluxDB.
 */
export async function contents(server: RealInfluxdb, days: readonly Place[]): Promise<Map<string, string>> {
  const found = await types(server, days);
  for (const { db, rp, start, end } of days) {
    const measurements =
      (await server.query(`SHOW MEASUREMENTS ON ${identifier(db)}`))[0]?.series?.[0]?.values ?? [];
    const statements = measurements.map(([name]) => {
      const m = /[\0\r\ufffd]|^_(name|tags|measurements)$/.test(String(name))
        ? regex(String(name))
        : identifier(String(name));
      return `SELECT *::field FROM ${identifier(rp)}.${m} WHERE time >= ${start} AND time < ${end} GROUP BY *`;
    });
    if (statements.length === 0) continue;
    const q = statements.join("; ");
    const { results } = JSON.parse(await ask(server, db, "application/json", q)) as {
      results: QueryResult[];
    };
    for (const [i, [name]] of measurements.entries()) {
      if (results[i]?.series !== undefined) found.set(`${db} ${rp} ${name} ${start} has points`, "");
    }
    // JSON for the exact values; CSV for the bytes of strings.
    for (const accept of ["application/json", "application/csv"]) {
      const text = await ask(server, db, accept, q);
      found.set(`${db} ${rp} ${start} ${accept}`, createHash("sha1").update(text).digest("hex"));
    }
  }
  return found;
}

/** InfluxDB tells the types of the default policy's fields only, so each policy is that for a moment. */
async function types(server: RealInfluxdb, places: readonly Place[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const db of new Set(places.map((place) => place.db))) {
    const policies =
      (await server.query(`SHOW RETENTION POLICIES ON ${identifier(db)}`))[0]?.series?.[0]?.values ?? [];
    const byDefault = policies.find((policy) => policy[4] === true);
    for (const policy of [...policies, byDefault]) {
      await server.query(
        `ALTER RETENTION POLICY ${identifier(`${policy?.[0]}`)} ON ${identifier(db)} DEFAULT`,
      );
      const q = `SHOW FIELD KEYS ON ${identifier(db)}`;
      found.set(`${db} ${policy?.[0]} types`, await ask(server, db, "application/json", q));
    }
  }
  return found;
}

const regex = (name: string) =>
  `/^${Array.from(name, (c) => `\\x{${(c.codePointAt(0) ?? 0).toString(16)}}`).join("")}$/`;

async function ask(server: RealInfluxdb, db: string, accept: string, q: string): Promise<string> {
  const parameters = new URLSearchParams({ db, epoch: "ns" });
  const answer = await fetch(`${server.url}/query?${parameters}`, {
    method: "POST",
    headers: { accept },
    body: new URLSearchParams({ q }),
  });
  const text = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  assert.ok(!text.includes('"error"'), `${text}: ${q}`);
  return text;
}

/** Within what a statement may say. */
function timeOf(text: string): string {
  const ns = BigInt(Date.parse(text)) * 1_000_000n;
  const [min, max] = [-(2n ** 63n) + 2n, 2n ** 63n - 1n];
  return String(ns < min ? min : ns > max ? max : ns);
}

/** The time shards of both servers as places for {@link contents}: what the recovery should have found. */
export async function daysOf(...servers: readonly RealInfluxdb[]): Promise<Place[]> {
  const places = new Map<string, Place>();
  for (const server of servers) {
    const { series = [] } = (await server.query("SHOW SHARDS"))[0] ?? {};
    for (const { values = [] } of series) {
      for (const [, db, rp, , start, end] of values) {
        const place = { db: `${db}`, rp: `${rp}`, start: timeOf(`${start}`), end: timeOf(`${end}`) };
        places.set(JSON.stringify(place), place);
      }
    }
  }
  return [...places.values()];
}

/** Both servers hold the same, types included. */
export async function assertSameContents(a: RealInfluxdb, b: RealInfluxdb): Promise<Map<string, string>> {
  const days = await daysOf(a, b);
  const [ours, theirs] = await Promise.all([contents(a, days), contents(b, days)]);
  assert.deepEqual(theirs, ours);
  return ours;
}
