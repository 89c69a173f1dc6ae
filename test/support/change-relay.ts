/**
 * Writes and changes through fan-outs over the InfluxDB servers A and B, with a spool in DIR. As a process of its own
 * it executes steps, each acknowledged before the next one, and then ends without a word, as by `kill -9`:
 *
 *     change-relay.ts DIR A B STEP...     a step is `write LINES` or `change STATEMENT`, in the database `d`
 */
import { argv, kill, pid } from "node:process";
import { nodePlatform } from "../../adapters/node/platform.ts";
import { Backend } from "../../src/backend/backend.ts";
import { createLog } from "../../src/observe/log.ts";
import { ChangeFanOut } from "../../src/query/change-fan-out.ts";
import { Spools } from "../../src/spool/spools.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import type { Reply } from "../../src/writer.ts";
import { OUTPUT, SPOOL } from "../backend/replica-set.ts";

export async function openRelay(dir: string, urls: readonly string[]) {
  const platform = nodePlatform(() => {});
  const { clock } = platform;
  const log = createLog(platform.log, clock);
  const config = { ...SPOOL, dir, storeCredentials: false };
  const root = await platform.openSpool?.(dir);
  if (root === undefined) throw new Error("this runtime has no files");
  const spools = await Spools.open({ root, config, clock, log });
  const backends: Backend[] = [];
  for (const [i, origin] of urls.entries()) {
    const name = String.fromCharCode(97 + i);
    const output = { ...OUTPUT, name, origin, timeoutMs: 5_000, maxDelayIntervalMs: 250 };
    backends.push(new Backend(name, output, platform, log, { spool: await spools.backend(name), config }));
  }
  for (const backend of backends) await backend.open();
  const spool = { graceMs: 10, refuseWhenFull: false };
  const writes = new FanOut({ replicas: backends, clock, deadlineMs: 5_000, budget: new Budget(1e9), spool });
  const changes = new ChangeFanOut({ replicas: backends, clock, onDisk: true });
  const { signal } = new AbortController();

  async function acknowledged(step: string, reply: Promise<Reply>): Promise<void> {
    const { kind, status, influxError } = await reply;
    if (kind !== "stored") throw new Error(`${step}: ${status} ${influxError}`);
  }

  return {
    backends,
    execute(step: string): Promise<void> {
      const [kind, ...words] = step.split(" ");
      const text = words.join(" ");
      const destination = { db: "d", rp: "", precision: "", credentials: undefined };
      if (kind === "write") {
        const body = new TextEncoder().encode(text);
        const how = { keep: "acknowledged", consistency: "one" } as const;
        const write = { destination, body, hasLines: true, closed: true, source: "", ...how };
        return acknowledged(step, writes.post(write, signal));
      }
      const scope = text.startsWith("CREATE DATABASE") ? undefined : ["d"];
      const change = { text, ...destination, scope, hasPassword: false, timeoutMs: 5_000 };
      return acknowledged(step, changes.post(change, signal));
    },
    async close(): Promise<void> {
      await Promise.all(backends.map((backend) => backend.stop()));
      await spools.close();
    },
  };
}

if (import.meta.main) {
  // The timers of the relay alone keep no process alive.
  setInterval(() => {}, 60_000);
  const [dir = "", a = "", b = "", ...steps] = argv.slice(2);
  const relay = await openRelay(dir, [a, b]);
  for (const step of steps) await relay.execute(step);
  kill(pid, "SIGKILL");
}
