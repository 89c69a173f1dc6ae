import assert from "node:assert/strict";
import { listenerConfig } from "../conformance/launcher.ts";
import { type RunningWorker, startWorker, workerdLauncher } from "../conformance/workerd-launcher.ts";
import { temporaryDirectory } from "../support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { poll } from "../support/wait.ts";

const DB = "kills";
const WRITERS = 6;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Clients write through a Worker to two servers while in each round a server is away and the runtime is killed, or
 * stopped, with a backlog. In the end both servers must have every point that was acknowledged.
 * @returns how many those were.
 */
export async function killRounds(rounds: number, roundMs: number): Promise<number> {
  const directory = temporaryDirectory("objects");
  const servers = [
    await startRealInfluxdb({ databases: [DB] }),
    await startRealInfluxdb({ databases: [DB] }),
  ] as const;
  const output = servers.map(({ url }, i) => ({
    name: "ab"[i] as string,
    location: `${url}/write`,
    timeout: "2s",
    "max-delay-interval": "200ms",
  }));
  const RELAY_CONFIG = `[spool]\ndir = "objects"\n${listenerConfig(workerdLauncher, { output })}`;
  const start = () => startWorker({ RELAY_CONFIG }, { directory });
  let worker: RunningWorker | undefined = await start();
  const acknowledged = new Set<string>();
  let writing = true;

  async function writer(w: number): Promise<void> {
    for (let n = 1; writing; n++) {
      const line = `kills,w=${w} v=${n} ${n}`;
      const status = await post(worker?.url, line);
      if (status === 204) acknowledged.add(line);
      else await sleep(20);
    }
  }

  async function endWorker(running: RunningWorker, signal: NodeJS.Signals): Promise<void> {
    worker = undefined;
    await running.stop(signal);
  }

  async function disturb(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const server = servers[round % 2] as RealInfluxdb;
      await sleep(roundMs);
      if (round % 4 < 2) await server.stop();
      else await server.kill();
      await sleep(roundMs);
      await endWorker(worker as RunningWorker, round % 3 === 2 ? "SIGTERM" : "SIGKILL");
      if (round % 2 === 0) await server.start();
      worker = await start();
      await sleep(roundMs);
      if (round % 2 === 1) await server.start();
    }
    writing = false;
  }

  try {
    await Promise.all([disturb(), ...Array.from({ length: WRITERS }, (_, w) => writer(w))]);
    const lacking = async (server: RealInfluxdb) => {
      const has = new Set(await server.points(DB));
      return [...acknowledged].filter((line) => !has.has(line));
    };
    for (const server of servers) {
      let lacks: string[] = [];
      const all = async () => {
        lacks = await lacking(server);
        return lacks.length === 0;
      };
      await poll(all, "every acknowledged point", 60_000, () => `; ${lacks.length} lack, as ${lacks[0]}`);
    }
    assert.ok(acknowledged.size > rounds * WRITERS, `${acknowledged.size} points`);
    return acknowledged.size;
  } finally {
    writing = false;
    if (worker !== undefined) await endWorker(worker, "SIGKILL");
    await Promise.all(servers.map((server) => server.close()));
  }
}

/** Status 0 where nobody answered: whether it was stored is not known. */
async function post(url: string | undefined, body: string): Promise<number> {
  if (url === undefined) return 0;
  try {
    const answer = await fetch(`${url}/write?db=${DB}`, { method: "POST", body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
