import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Launcher, listenerConfig } from "../conformance/launcher.ts";
import { processLauncher } from "../conformance/process-launcher.ts";
import { workerdLauncher } from "../conformance/workerd-launcher.ts";
import { canonicalLine } from "../support/canonical-points.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";

const DB = "runtimes";
/** Each kind of write as often as it goes with each of the others. */
const WRITES = 300;
const CLIENTS = 8;
const FIRST_NS = 1_700_000_000_000_000_000n;

interface Sent {
  readonly db: string;
  readonly body: string;
  readonly packed: Uint8Array | undefined;
  readonly status: number;
  readonly error: RegExp | undefined;
  /** The points that InfluxDB has afterwards, those without a time with the time 0. */
  readonly points: readonly string[];
}

/** Write number `i`: timed or not, packed or not, right or wrong. */
function writeNumber(i: number): Sent {
  const timed = i % 3 !== 0;
  const time = timed ? String(FIRST_NS + BigInt(i)) : "";
  const lines = [0, 1].map(
    (line) => `${timed ? "timed" : "untimed"},i=${i},line=${line} v=${i}.5,n=${i}i ${time}`,
  );
  const points = [0, 1].map((line) => {
    const tags: [string, string][] = [
      ["i", String(i)],
      ["line", String(line)],
    ];
    const fields = [
      { name: "n", type: "integer", text: String(i) },
      { name: "v", type: "float", text: `${i}.5` },
    ] as const;
    return canonicalLine(timed ? "timed" : "untimed", tags, [...fields], timed ? time : "0");
  });
  const good = lines.map((line) => `${line.trimEnd()}\n`).join("");
  const packed =
    i % 4 === 0 ? Buffer.concat([gzipSync(good.slice(0, 20)), gzipSync(good.slice(20))]) : undefined;
  const sent = { db: DB, body: good, packed, status: 204, error: undefined, points };
  if (i % 10 === 1) {
    return {
      ...sent,
      packed: undefined,
      body: `${good}bad,i=${i} v=\n`,
      status: 400,
      error: /partial write|unable to parse/,
    };
  }
  if (i % 25 === 2) return { ...sent, db: "missing", status: 404, error: /database not found/, points: [] };
  if (i % 50 === 12)
    return {
      ...sent,
      packed: gzipSync(good).subarray(0, -4),
      status: 400,
      error: /unexpected EOF/,
      points: [],
    };
  return sent;
}

const withoutTime = (line: string) => (line.startsWith("untimed") ? line.replace(/ \d+$/, " 0") : line);

/** To read all points again and again until all are there takes a core. */
async function countOf(server: RealInfluxdb): Promise<number> {
  const [counts] = await server.query("SELECT count(v) FROM timed, untimed", DB);
  return (counts?.series ?? []).reduce((sum, { values }) => sum + Number(values?.[0]?.[1]), 0);
}

const LAUNCHERS: readonly Launcher[] = [processLauncher("node"), processLauncher("deno"), workerdLauncher];

for (const launcher of LAUNCHERS) {
  test(`${WRITES} writes through ${launcher.runtime}: both servers have the same points, and the right ones`, {
    skip: requireReal("influxd"),
  }, async (t) => {
    const open: { close(): Promise<void> }[] = [];
    t.after(() => Promise.allSettled(open.map(({ close }) => close())));
    const start = async () => {
      const server = await startRealInfluxdb({ databases: [DB] });
      open.push(server);
      return server;
    };
    const [a, b] = [await start(), await start()];
    const output = [a, b].map(({ url }, i) => ({ name: "ab"[i] as string, location: `${url}/write` }));
    const relay = await launcher.start(listenerConfig(launcher, { output }));
    open.push({ close: relay.stop });

    const writes = Array.from({ length: WRITES }, (_, i) => writeNumber(i));
    const waiting = writes.values();
    const client = async () => {
      for (const { db, body, packed, status, error } of waiting) {
        const response = await fetch(`${relay.url}/write?db=${db}`, {
          method: "POST",
          body: (packed ?? body) as BodyInit,
          headers: packed === undefined ? {} : { "Content-Encoding": "gzip" },
        });
        assert.equal(response.status, status, body);
        if (error !== undefined) assert.match(await response.text(), error);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));

    const expected = writes.flatMap(({ points }) => points).sort();
    const has = async (server: typeof a) => (await countOf(server)) === expected.length;
    await poll(async () => (await has(a)) && (await has(b)), "all points", 20_000);
    const points = await a.points(DB);
    assert.deepEqual(points.map(withoutTime).sort(), expected);
    assert.deepEqual(await b.points(DB), points);
  });
}
