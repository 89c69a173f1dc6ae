import { Pool } from "undici";
import type { RealInfluxdb } from "../test/support/real-influxdb.ts";
import { DATABASE } from "./backends.ts";

const LINES = 5_000;
const HOSTS = 1_000;
export const MEASUREMENTS = 4;
/** A point a host and ten seconds; time shards of a day. */
const STEP_NS = 10_000_000_000n;
export const DAY_NS = 86_400_000_000_000n;
export const FIRST_NS = 1_785_715_200_000_000_000n;

/** The same points for each round, over some measurements and time shards: bodies of 5,000 lines. */
function* bodies(points: number): Generator<string> {
  for (let from = 0; from < points; from += LINES) {
    const lines: string[] = [];
    for (let i = from; i < from + LINES; i++) {
      const host = i % HOSTS;
      const step = Math.floor(i / HOSTS);
      const day = BigInt(step % 3) * DAY_NS;
      const user = ((i * 7919) % 100_000) / 1_000;
      const time = FIRST_NS + day + BigInt(step) * STEP_NS;
      lines.push(
        `m${host % MEASUREMENTS},host=h${host},region=r${host % 7} usage_user=${user},usage_system=${i}i ${time}`,
      );
    }
    yield lines.join("\n");
  }
}

export async function writeAll(influxdb: RealInfluxdb, points: number): Promise<number> {
  const pool = new Pool(influxdb.url, { connections: 1 });
  const all = [...bodies(points)];
  const started = performance.now();
  for (const body of all) {
    const answer = await pool.request({ method: "POST", path: `/write?db=${DATABASE}`, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 204) throw new Error(`${answer.statusCode} ${text}`);
  }
  const rate = (points * 1_000) / (performance.now() - started);
  await pool.destroy();
  return rate;
}

export async function emptied(influxdb: RealInfluxdb): Promise<void> {
  await influxdb.query(`DROP DATABASE ${DATABASE}`);
  await influxdb.query(`CREATE DATABASE ${DATABASE} WITH SHARD DURATION 1d NAME days`);
}
