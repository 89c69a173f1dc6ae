import assert from "node:assert/strict";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { poll } from "../support/wait.ts";
import { checkPlaces, DB, pause, startWriters, type Writers } from "./kill-loop-writers.ts";
import { type BackendStatus, mainListener, status } from "./replica-set.ts";

/** Each request of unknown outcome lets the relay wait for 10 s. */
const DRAIN_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
/** The longest of the pauses between what happens. */
const LULL_MS = 250;

export interface KillLoopOptions {
  readonly consistency: "one" | "any";
  readonly rounds: number;
  /** The same one makes the same choices; what the processes do meanwhile still differs. */
  readonly seed: number;
}

interface Scene extends KillLoopOptions {
  readonly servers: readonly RealInfluxdb[];
  readonly writers: Writers;
  readonly random: () => number;
  /** Starts the relay on the spool that it left. */
  startRelay(): Promise<void>;
  endRelay(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/**
 * Writers overwrite points through a relay with a spool, while in each round an InfluxDB is away for a moment (with
 * `any` sometimes both), and the relay is killed, or sometimes stopped, and started again. In the end everything is
 * back, and both servers must have every point with the value that was acknowledged last.
 * @returns how many writes were acknowledged.
 */
export async function killLoop(options: KillLoopOptions): Promise<number> {
  const directory = temporaryDirectory("kill-loop");
  const servers: RealInfluxdb[] = [];
  const writers = startWriters();
  let relay: RelayProcess | undefined;

  const scene: Scene = {
    ...options,
    servers,
    writers,
    random: randomFrom(options.seed),
    startRelay: async () => {
      relay = await startRelay({ config: configOf(servers, options.consistency, join(directory, "spool")) });
      writers.url = relay.url("main");
    },
    endRelay: async (signal) => {
      const ending = relay;
      assert.ok(ending);
      writers.url = undefined;
      const end = await ending.stop(signal, STOP_LIMIT_MS);
      assert.equal(end, signal === "SIGKILL" ? signal : 0, `how the relay ended\n${ending.output}`);
      const errors = ending.log.filter(({ level }) => level === "error");
      assert.deepEqual(errors, [], "the relay's errors");
    },
  };

  try {
    for (const _ of "ab") servers.push(await startRealInfluxdb({ databases: [DB] }));
    await scene.startRelay();
    for (let i = 0; i < options.rounds; i++) await playRound(scene);
    await writers.everyoneWrites();
    await writers.stop();
    assert.ok(relay);
    await drained(relay);
    await checkPlaces(writers.places, servers);
    return writers.acknowledged;
  } catch (error) {
    throw new Error(`SEED=${options.seed}, consistency ${options.consistency}: ${error}`, { cause: error });
  } finally {
    await relay?.kill();
    await Promise.all([writers.stop().catch(() => {}), ...servers.map((server) => server.close())]);
    removeDirectory(directory);
  }
}

async function playRound(scene: Scene): Promise<void> {
  const { servers, writers, random, consistency } = scene;
  const lull = () => pause(random() * LULL_MS);
  const one = servers[Math.floor(random() * 2)] as RealInfluxdb;
  const away = consistency === "any" && random() < 0.3 ? servers : [one];
  const absence = ABSENCES[Math.floor(random() * ABSENCES.length)] as Absence;
  const signal = random() < 0.75 ? "SIGKILL" : "SIGTERM";
  const backFirst = random() < 0.5;

  writers.mustTake = consistency === "any";
  await lull();
  // What a paused server has not read yet may be stored after what the next relay sends: then one point has one value.
  writers.mayOverwrite = !absence.keepsRequests;
  for (const server of away) await absence.leave(server);
  await lull();
  if (away.length === 2) await writers.everyoneWrites();
  await scene.endRelay(signal);
  if (absence.keepsRequests || random() < 0.3) writers.moveOn();
  writers.mayOverwrite = true;
  await lull();
  const comeBack = async () => {
    for (const server of away) await absence.comeBack(server);
  };
  if (backFirst) await comeBack();
  await scene.startRelay();
  if (!backFirst && away.length === 2) await writers.everyoneWrites();
  await lull();
  if (!backFirst) await comeBack();
}

/** How a server is away. */
interface Absence {
  leave(server: RealInfluxdb): Promise<void>;
  comeBack(server: RealInfluxdb): Promise<void>;
  /** True if it goes on with what it was sent meanwhile. */
  readonly keepsRequests: boolean;
}

const back = (server: RealInfluxdb) => server.start();
const ABSENCES: readonly Absence[] = [
  { leave: (server) => server.stop(), comeBack: back, keepsRequests: false },
  { leave: (server) => server.kill(), comeBack: back, keepsRequests: false },
  { leave: (server) => server.restart(), comeBack: async () => {}, keepsRequests: false },
  {
    leave: async (server) => server.pause(),
    comeBack: async (server) => server.resume(),
    keepsRequests: true,
  },
];

function configOf(servers: readonly RealInfluxdb[], consistency: string, dir: string): string {
  return `[spool]\ndir = "${dir}"\n${mainListener(servers, 'timeout = "1s"', `consistency = "${consistency}"`)}`;
}

/** Waits until nothing is left to be sent; nothing may have been given up on the way. */
async function drained(relay: RelayProcess): Promise<void> {
  let backends: readonly SpooledBackend[] = [];
  const empty = async () => {
    backends = (await status(relay)).backends as readonly SpooledBackend[];
    return backends.every(({ backlog, held }) => backlog.records === 0 && held.length === 0);
  };
  await poll(
    empty,
    "an empty backlog",
    DRAIN_LIMIT_MS,
    () => `: ${JSON.stringify(backends)}\n${relay.output}`,
  );
  for (const { lost, deadLetters } of backends) {
    assert.deepEqual(lost, [], "nothing was given up");
    assert.equal(deadLetters.records, 0, "nothing was refused");
  }
}

interface SpooledBackend extends BackendStatus {
  readonly lost: readonly unknown[];
  readonly deadLetters: { readonly records: number };
}

/** Numbers from 0 to 1, the same ones from the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed that the variable SEED names, or any. */
export function seedOf(): number {
  const given = process.env["SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}
