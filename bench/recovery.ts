/** A recovery beside what it is compared with: `node bench/recovery.ts --help`. */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureLive } from "./recovery-live.ts";
import { measureCompare, measureCopy, measureMemory } from "./recovery-measure.ts";
import { machine } from "./report.ts";
import type { Table } from "./spool-report.ts";

const USAGE = `Usage: node bench/recovery.ts [OPTION]...
  --case NAME    copy, compare, live, memory; may be repeated (copy, compare, live)
  --rounds N     rounds; the figures are medians over them (3)
  --points N     points of a round, in thousands (1000)
  --load N       of live: max-load-percent of recoveries and comparisons; may be repeated (25, 100)
  --markdown     another form of output`;

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: ["copy", "compare", "live"] },
    rounds: { type: "string", default: "3" },
    points: { type: "string", default: "1000" },
    load: { type: "string", multiple: true, default: ["25", "100"] },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  const options = {
    rounds: whole("--rounds", values.rounds),
    points: whole("--points", values.points) * 1_000,
    loads: values.load.map((load) => whole("--load", load)),
  };
  console.log(`${machine()}; medians over ${options.rounds} rounds, by turns.\n`);
  const measures = { copy: measureCopy, compare: measureCompare, live: measureLive, memory: measureMemory };
  const isCase = (name: string): name is keyof typeof measures => Object.hasOwn(measures, name);
  for (const name of values.case) {
    if (!isCase(name)) throw new RangeError(`--case: ${Object.keys(measures).join(", ")}, not ${name}`);
    const before = load();
    console.log(toText(await measures[name](options), values.markdown));
    console.log(`Load average of the last minute: ${before} before, ${load()} after.\n`);
  }
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function whole(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new RangeError(`${option}: a whole number, not ${value}`);
  return number;
}

function toText({ title, head, rows }: Table, markdown: boolean): string {
  const line = (cells: readonly string[]) => (markdown ? `| ${cells.join(" | ")} |` : cells.join("  "));
  const ruler = markdown ? [head.map((_, i) => (i === 0 ? "---" : "---:"))] : [];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((cells) => cells[i]?.length ?? 0)));
  const pad = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
  return [markdown ? `**${title}**\n` : title, ...[head, ...ruler, ...rows].map(pad).map(line), ""].join(
    "\n",
  );
}
