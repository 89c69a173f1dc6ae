import { cpus } from "node:os";
import { type Row, SHAPES } from "./measure.ts";
import type { BackendsName, CaseName } from "./options.ts";

/** One case with one kind of backends. */
export interface Table {
  readonly backends: BackendsName;
  readonly backendsTitle: string;
  readonly case: CaseName;
  readonly rows: readonly Row[];
}

const COLUMNS: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ["", (row) => row.name],
  ["writes/s", (row) => figure(row.writesPerSecond)],
  ["lines/s", (row) => figure(row.linesPerSecond)],
  ["ratio", (row) => row.ratio.toFixed(2)],
  ["p50 ms", (row) => figure(row.p50Ms)],
  ["p99 ms", (row) => figure(row.p99Ms)],
  ["CPU us/write", (row) => figure(row.cpuUsPerWrite)],
  ["peak MB", (row) => figure(row.peakMemoryMb)],
];

export const LEGEND =
  "Ratio: writes/s beside the first row of the same round. CPU and peak memory (since its start) are those of the " +
  "server that the writes go to.";

/** What a reader must know of the machine to read the figures. */
export function machine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model ?? "unknown CPU"}, Node ${process.version}, ${process.platform} ${process.arch}`;
}

export function title(table: Table): string {
  return `${SHAPES[table.case].title}; ${table.backendsTitle}`;
}

export function toText(table: Table): string {
  const cells = [
    COLUMNS.map(([head]) => head),
    ...table.rows.map((row) => COLUMNS.map(([, cell]) => cell(row))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  "),
  );
  return [title(table), ...lines, ...remarks(table), ""].join("\n");
}

export function toMarkdown(table: Table): string {
  const line = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  const ruler = COLUMNS.map((_, i) => (i === 0 ? "---" : "---:"));
  const lines = [
    COLUMNS.map(([head]) => head),
    ruler,
    ...table.rows.map((row) => COLUMNS.map(([, cell]) => cell(row))),
  ];
  const after = remarks(table).flatMap((remark) => ["", remark]);
  return [`**${title(table)}**`, "", ...lines.map(line), ...after, ""].join("\n");
}

function remarks({ rows }: Table): string[] {
  return rows
    .filter(({ failed }) => failed > 0)
    .map(
      ({ name, failed, firstFailure }) =>
        `${name}: ${failed} writes failed, the first: ${firstFailure?.trim()}`,
    );
}

/** Three digits are all that such a measurement is good for. */
function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "n/a";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toPrecision(3)).toLocaleString("en", {
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: Math.min(digits, 2),
  });
}
