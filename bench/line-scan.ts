/** Throughput of the line scan on one core, in MB/s: `node bench/line-scan.ts`. */
import { survey } from "../src/write/line-scan.ts";
import { parsePoints, timeRange } from "../src/write/points.ts";
import { splitLines } from "../src/write/split.ts";
import { stamp } from "../src/write/stamp.ts";
import { repeat } from "./repeat.ts";

const BODY_BYTES = 4_000_000;
const MIN_MS = 300;

const key = "cpu,host=server01,region=eu-west";
const fields = "usage_user=12.5,usage_system=3.25,usage_idle=84.25";
const time = "1465839830100400200";
const text = (line: string): Uint8Array => Buffer.from(`${line}\n`.repeat(BODY_BYTES / (line.length + 1)));

const plain = text(`${key} ${fields} ${time}`);
const plainUntimed = text(`${key} ${fields}`);
const quoted = text(`${key} ${fields},msg="user \\"bob\\" came" ${time}`);
const quotedUntimed = text(`${key} ${fields},msg="user \\"bob\\" came"`);
const copy = new Uint8Array(plain);

function measure(name: string, bytes: number, run: () => unknown): void {
  const megabytes = bytes / repeat(MIN_MS, run) / 1e3;
  console.log(`${name.padEnd(36)} ${megabytes.toFixed(0).padStart(6)} MB/s`);
}

measure("survey, plain (Buffer)", plain.length, () => survey(plain));
measure("survey, plain (Uint8Array)", copy.length, () => survey(copy));
measure("survey, with strings", quoted.length, () => survey(quoted));
measure(
  "survey + stamp, plain",
  plainUntimed.length,
  () => survey(plainUntimed) && stamp(plainUntimed, time),
);
measure(
  "survey + stamp, with strings",
  quotedUntimed.length,
  () => survey(quotedUntimed) && stamp(quotedUntimed, time),
);
measure("splitLines in two, plain", plain.length, () => splitLines(plain, BODY_BYTES / 2));
measure("timeRange, plain", plain.length, () => timeRange(plain, "ns"));
measure("parsePoints, plain", plain.length, () => parsePoints(plain, "ns", 0n));
