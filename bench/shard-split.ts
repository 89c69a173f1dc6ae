/**
 * Throughput of dividing a body of 5,000 lines over 4 shards, in MB for a second of CPU time, whatever else the machine
 * does: `node bench/shard-split.ts`.
 */
import type { ShardKeyPart } from "../src/config/config.ts";
import { ShardMap } from "../src/shard/map.ts";
import { Splitter } from "../src/shard/splitter.ts";

const LINES = 5000;
const RUNS = 7;
const RUN_MS = 200;

type Line = (i: number) => string;

const time = (i: number) => 1_465_839_830_100_400_200n + BigInt(i);
const fields = "usage_user=12.5,usage_system=3.25,usage_idle=84.25";
const tagged: Line = (i) => `cpu,customer=c${i % 997},host=server01,region=eu-west ${fields} ${time(i)}`;
const tagLast: Line = (i) => `cpu,host=server01,region=eu-west,zone=c${i % 997} ${fields} ${time(i)}`;
const quoted: Line = (i) => `cpu,customer=c${i % 997},host=server01 ${fields},msg="say \\"hi\\"" ${time(i)}`;
const sorted: Line = (i) =>
  `cpu,customer=c${Math.floor(i / 50)},host=server01,region=eu-west ${fields} ${time(i)}`;
const measurements: Line = (i) => `m${i % 97},host=server01,region=eu-west ${fields} ${time(i)}`;
const oneKey: Line = (i) => `cpu,customer=c1,host=server01,region=eu-west ${fields} ${time(i)}`;

const CUSTOMER: ShardKeyPart = { kind: "tag", name: "customer" };
const EQUAL = [1, 1, 1, 1];

function measure(
  name: string,
  by: readonly ShardKeyPart[],
  line: Line,
  weights: readonly number[] = EQUAL,
): void {
  const shards = weights.map((weight, i) => ({ name: `s${i + 1}`, weight }));
  const splitter = new Splitter(new ShardMap({ by, pins: [], prefixPins: [], shards }));
  const body = Buffer.from(Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).join(""));
  const write = {
    body,
    closed: true,
    destination: { db: "d", rp: "", precision: "", credentials: undefined },
  };
  const rates = Array.from({ length: RUNS + 1 }, () => {
    const start = process.cpuUsage();
    let cpuMs = 0;
    let rounds = 0;
    for (; cpuMs < RUN_MS; rounds++) {
      splitter.split(write);
      const { user, system } = process.cpuUsage(start);
      cpuMs = (user + system) / 1e3;
    }
    return (rounds * body.length) / cpuMs / 1e3;
  });
  // The first run warms up.
  const [median = 0] = rates
    .slice(1)
    .sort((a, b) => a - b)
    .slice(RUNS >> 1);
  const parts = splitter.split(write).length;
  console.log(`${name.padEnd(44)} ${parts} parts ${median.toFixed(0).padStart(6)} MB/s`);
}

measure("by the first tag, 997 values", [CUSTOMER], tagged);
measure("by the first tag, in runs of 50 lines", [CUSTOMER], sorted);
measure("by the first tag, weighted", [CUSTOMER], tagged, [1, 2, 3, 4]);
measure("by the third tag", [{ kind: "tag", name: "zone" }], tagLast);
measure("by a tag, with strings in the lines", [CUSTOMER], quoted);
measure("by measurement, 97 of them", [{ kind: "measurement" }], measurements);
measure("by database, measurement and tag", [{ kind: "db" }, { kind: "measurement" }, CUSTOMER], tagged);
measure("one key: the body is passed on itself", [CUSTOMER], oneKey);
