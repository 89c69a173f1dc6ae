import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type FaultyInfluxdb,
  type RecordedRequest,
  startFaultyInfluxdb,
} from "../support/faulty-influxdb.ts";
import { poll } from "../support/wait.ts";
import { type Answer, type Sent, send } from "./client.ts";
import { type Launcher, listenerConfig, type Option, type RunningRelay } from "./launcher.ts";

/** A relay and the InfluxDBs behind it, for a group of tests. */
export interface Scene {
  readonly relay: RunningRelay;
  readonly a: FaultyInfluxdb;
  readonly b: FaultyInfluxdb;
  /** All of them, in the order of the config. */
  readonly backends: readonly FaultyInfluxdb[];
  /** To a path of the relay. */
  send(path: string, sent?: Sent): Promise<Answer>;
  /** Writes a body to a database. */
  post(db: string, body: string | Uint8Array, sent?: Omit<Sent, "body">): Promise<Answer>;
  /** A database that no other test writes to. */
  newDb(): string;
}

export interface SceneOptions {
  /** Of the listener. */
  readonly listener?: Readonly<Record<string, Option>>;
  /** Of each output. */
  readonly output?: Readonly<Record<string, Option>>;
  /** Of one output, in their order. */
  readonly outputs?: readonly Readonly<Record<string, Option>>[];
  /** Each InfluxDB is a shard of its own, named as its output. */
  readonly sharded?: true;
  /** How many InfluxDBs; 2 if absent. */
  readonly backends?: number;
  readonly env?: Record<string, string>;
}

/** Registers a test that gets the scene; a reason skips it. */
export type SceneTest = (name: string, run: (scene: Scene) => unknown, skip?: string | undefined) => void;

const DATABASES = Array.from({ length: 60 }, (_, i) => `db${i}`);
/** Written by the scene itself. */
const WARM = "warm";

/** A group of tests with a scene of its own. After each test the backends are made well again. */
export function scene(
  launcher: Launcher,
  title: string,
  options: SceneOptions,
  tests: (test: SceneTest) => void,
): void {
  describe(title, () => {
    const backends: FaultyInfluxdb[] = [];
    let relay: RunningRelay | undefined;
    let taken = 0;
    let warmed = 0;

    before(async () => {
      for (let i = 0; i < (options.backends ?? 2); i++) {
        backends.push(await startFaultyInfluxdb({ databases: [...DATABASES, WARM, "база"] }));
      }
      const output = backends.map(({ url }, i) => ({
        name: nameAt(i),
        location: `${url}/write`,
        ...options.output,
        ...options.outputs?.[i],
      }));
      const outputs = options.sharded
        ? { shard: output.map((one) => ({ name: one.name, output: [one] })) }
        : { output };
      relay = await launcher.start(
        listenerConfig(launcher, { ...options.listener, ...outputs }),
        options.env,
      );
    });

    afterEach(async () => {
      for (const backend of backends) {
        backend.setFault();
        backend.release();
      }
      await poll(everyoneTakesWrites, "every backend takes writes again");
    });

    after(async () => {
      await relay?.stop();
      await Promise.all(backends.map((backend) => backend.close()));
    });

    /** Only a listener without `auth` lets the scene write. Of shards each gets the line with its name. */
    async function everyoneTakesWrites(): Promise<boolean> {
      if (Array.isArray(options.listener?.["auth"])) return true;
      const time = ++warmed;
      const lines = backends.map((_, i) => `warm,t=${nameAt(i)} v=1 ${time}`);
      await send(`${url()}/write?db=${WARM}`, { body: lines.join("\n") });
      return backends.every(({ requests }, i) =>
        requests.some(({ text }) => text.includes(lines[i] as string)),
      );
    }

    const url = () => (relay as RunningRelay).url;

    const make = (): Scene => ({
      relay: relay as RunningRelay,
      a: backends[0] as FaultyInfluxdb,
      b: backends[1] as FaultyInfluxdb,
      backends,
      send: (path, sent) => send(`${url()}${path}`, sent),
      post: (db, body, sent) => send(`${url()}/write?db=${encodeURIComponent(db)}`, { ...sent, body }),
      newDb: () => {
        const db = DATABASES[taken++];
        assert.ok(db !== undefined, "the scene has too few databases");
        return db;
      },
    });

    tests((name, run, skip) =>
      test(name, { skip: skip ?? false }, async () => {
        await run(make());
      }),
    );
  });
}

const nameAt = (i: number): string => "abc"[i] as string;

/** What a backend got for a database, oldest first. */
export function writesTo({ requests }: FaultyInfluxdb, db: string): readonly RecordedRequest[] {
  return requests.filter(({ path, parameters }) => path.startsWith("/write?") && parameters.get("db") === db);
}

/** The first write that a backend gets for a database. */
export async function firstWrite(backend: FaultyInfluxdb, db: string): Promise<RecordedRequest> {
  await poll(async () => writesTo(backend, db).length > 0, `a write to ${db}`);
  return writesTo(backend, db)[0] as RecordedRequest;
}

/** Waits until each backend stored these points, as canonical lines. */
export async function stored(
  backends: readonly FaultyInfluxdb[],
  db: string,
  points: readonly string[],
  limitMs?: number,
): Promise<void> {
  for (const backend of backends) {
    const seen = () => backend.points(db).join("\n");
    await poll(
      async () => seen() === points.join("\n"),
      `${points.join("\n")} in ${db}`,
      limitMs,
      () => `; it has ${seen()}`,
    );
  }
}

/** Looks whether an answer is an error in InfluxDB's form. */
export function assertError(answer: Answer, status: number, message: string | RegExp): void {
  const { error } = JSON.parse(answer.text) as { error: string };
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["content-type"], "application/json");
  if (typeof message === "string") assert.equal(error, message);
  else assert.match(error, message);
  if (status !== 401) assert.equal(answer.headers["x-influxdb-error"], error);
}
