/** What figures cost on the way of a write, and a scrape: `node bench/metrics.ts`. */
import { expose } from "../src/observe/exposition.ts";
import type { Figures } from "../src/observe/figures.ts";
import { BODY_BYTES, Histogram, JOINED_WRITES, REQUEST_SECONDS } from "../src/observe/histogram.ts";
import { familiesOf } from "../src/observe/metrics.ts";
import { ALL_FIGURES } from "../test/support/figures.ts";
import { repeat } from "./repeat.ts";

const MIN_MS = 500;

/** Nanoseconds of one of the `times` things that a run does. */
function measure(name: string, times: number, run: () => void): void {
  const ns = (repeat(MIN_MS, run) * 1e6) / times;
  const text = ns < 10_000 ? `${ns.toFixed(1)} ns` : `${(ns / 1e6).toFixed(2)} ms`;
  console.log(`${name.padEnd(44)} ${text.padStart(10)}`);
}

const MANY = 1_000_000;
const values = Float64Array.from({ length: 1_024 }, (_, i) => ((i * 7_919) % 1_000) / 1_000);

function observe(name: string, bounds: readonly number[], scale: number): void {
  const histogram = new Histogram(bounds);
  measure(name, MANY, () => {
    for (let i = 0; i < MANY; i++) histogram.observe((values[i & 1_023] as number) * scale);
  });
}

observe("a duration below 1 ms", REQUEST_SECONDS, 0.001);
observe("a duration below 1 s", REQUEST_SECONDS, 1);
observe("a number of writes below 100", JOINED_WRITES, 100);
observe("a size below 1 MB", BODY_BYTES, 1e6);

/** A relay with so many listeners, shards and backends. */
function figuresOf(size: number): Figures {
  const named = <T extends { readonly name: string }>(items: readonly T[]) =>
    Array.from({ length: size }, (_, i) => ({ ...(items[0] as T), name: `name-${i}` }));
  const { listeners, udp, backends } = ALL_FIGURES;
  return {
    ...ALL_FIGURES,
    ...{ listeners: named(listeners), udp: named(udp), backends: named(backends) },
  };
}

for (const size of [2, 100]) {
  const figures = figuresOf(size);
  const lines = expose(familiesOf(figures), "text").split("\n");
  const series = lines.filter((line) => line !== "" && !line.startsWith("#")).length;
  measure(`text of ${size} of each kind, ${series} series`, 1, () => expose(familiesOf(figures), "text"));
}
