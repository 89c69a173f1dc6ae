/** The disk spool beside what it is compared with: `node bench/spool.ts --help`. */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { machine } from "./report.ts";
import { measureAppend } from "./spool-append.ts";
import { measureDrain } from "./spool-drain.ts";
import { measureHealthy, measureLive, measureOutage } from "./spool-live.ts";
import { measureOpen } from "./spool-open.ts";
import { CASES, type SpoolOptions, type Table } from "./spool-report.ts";

const USAGE = `Usage: node bench/spool.ts [OPTION]...
  --case NAME       ${CASES.join(", ")}; may be repeated (all)
  --rounds N        rounds; the figures are medians over them (3)
  --seconds S       counted time of one measurement (3)
  --backlog-mb N    line protocol in the backlog of case drain, up to 1000 (200)
  --outage-s S      how long the outage of case outage is (60)
  --segments N      segments of case open (10000)
  --drain-mb N      drain-max-mb-per-second of case live; may be repeated (4, 8, 16, 64)
  --profile DIR     have the relays write CPU profiles to DIR
  --markdown        another form of output`;

const MEASURES: Readonly<Record<(typeof CASES)[number], (options: SpoolOptions) => Promise<Table[]>>> = {
  append: measureAppend,
  open: measureOpen,
  drain: measureDrain,
  healthy: measureHealthy,
  outage: measureOutage,
  live: measureLive,
};

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: [...CASES] },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    "backlog-mb": { type: "string", default: "200" },
    "outage-s": { type: "string", default: "60" },
    segments: { type: "string", default: "10000" },
    "drain-mb": { type: "string", multiple: true, default: ["4", "8", "16", "64"] },
    profile: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  const cases = values.case.map((name) => {
    const known = CASES.find((one) => one === name);
    if (known === undefined) throw new RangeError(`--case: one of ${CASES.join(", ")}, not ${name}`);
    return known;
  });
  const options: SpoolOptions = {
    rounds: whole("--rounds", values.rounds),
    seconds: whole("--seconds", values.seconds),
    backlogMb: Math.min(whole("--backlog-mb", values["backlog-mb"]), 1_000),
    outageSeconds: whole("--outage-s", values["outage-s"]),
    segments: whole("--segments", values.segments),
    drainMb: values["drain-mb"].map((text) => whole("--drain-mb", text)),
    profile: values.profile,
  };
  console.log(`${machine()}; medians over ${options.rounds} rounds, by turns.\n`);
  for (const name of cases) {
    const before = load();
    for (const table of await MEASURES[name](options)) {
      console.log(values.markdown ? markdown(table) : text(table));
    }
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

function text({ title, head, rows }: Table): string {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const cell = (value: string, i: number) =>
    i === 0 ? value.padEnd(widths[i] ?? 0) : value.padStart(widths[i] ?? 0);
  return [title, ...lines.map((line) => line.map(cell).join("  ")), ""].join("\n");
}

function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const ruler = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [`**${title}**`, "", ...[head, ruler, ...rows].map(line), ""].join("\n");
}
