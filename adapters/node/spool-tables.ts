import type {
  BackendReport,
  Check,
  Part,
  PartReport,
  Shown,
  ShownRecord,
} from "../../src/admin/spool-commands.ts";
import type { RangeStatus } from "../../src/backend/backend-status.ts";
import { printable, table } from "./text-table.ts";

const PART_NAMES: Readonly<Record<Part, string>> = { backlog: "backlog", held: "held", dead: "dead letters" };
/** Nanoseconds since 1970 beyond which a range is one of all times: the bounds of InfluxDB's. */
const FIRST_NS = -(2n ** 63n);
const LAST_NS = 2n ** 63n - 1n;

/** What is kept, for people. `nowMs` is in milliseconds since 1970. */
export function listText(reports: readonly BackendReport[], nowMs: number): string {
  if (reports.length === 0) return "Nothing is stored.\n";
  const figures = reports.map(({ name, orphan, error, backlog, held, dead }) => [
    orphan ? `${name} *` : name,
    ...(error === undefined ? partCells(backlog, nowMs) : [`unreadable: ${error}`]),
    ...(error === undefined ? partCells(held, nowMs) : []),
    ...(error === undefined ? partCells(dead, nowMs) : []),
  ]);
  const head = ["SERVER", "BACKLOG", "BYTES", "OLDEST", "HELD", "BYTES", "OLDEST"];
  const sections = [
    table([[...head, "DEAD", "BYTES", "OLDEST"], ...figures]),
    ...(reports.some(({ orphan }) => orphan) ? ["* no output of the config has this name\n"] : []),
    ...heldSection(reports),
    ...rangeSection("Lost: the server lacks writes in these ranges of time", "lost", reports),
    ...rangeSection("Suspect: the server may differ from its replicas in these", "suspect", reports),
  ];
  const omitted = reports.reduce((sum, report) => sum + (report.omitted ?? 0), 0);
  if (omitted > 0) sections.push(`... and ${omitted} rows more\n`);
  return sections.join("\n");
}

export function showText({ records, more }: Shown): string {
  if (records.length === 0) return "There is nothing.\n";
  return records.map(recordText).join("") + (more ? "... and more: see --limit\n" : "");
}

export function verifyText(checks: readonly (Check & { readonly backend: string })[]): string {
  const rows = checks.flatMap(({ backend, parts, factsIntact }) => [
    ...parts.map(({ part, records, bytes, damaged, error }) => [
      backend,
      PART_NAMES[part],
      String(records),
      size(bytes),
      String(damaged),
      error ?? "",
    ]),
    ...(factsIntact ? [] : [[backend, "facts", "-", "-", "damaged", ""]]),
  ]);
  if (rows.length === 0) return "Nothing is stored.\n";
  return table([["SERVER", "PART", "RECORDS", "BYTES", "DAMAGED", ""], ...rows]);
}

/** As `3 records of the backlog of "b"`. */
export function recordsText(records: number, part: Part, backend: string): string {
  const of = { backlog: "of the backlog of", held: "held for", dead: "among the dead letters of" }[part];
  return `${records} ${records === 1 ? "record" : "records"} ${of} ${printable(JSON.stringify(backend))}`;
}

function partCells(part: PartReport | undefined, nowMs: number): string[] {
  if (part === undefined) return ["?", "?", "?"];
  const { records, bytes, oldestMs } = part;
  return [String(records), size(bytes), oldestMs === undefined ? "-" : age(nowMs - oldestMs)];
}

function heldSection(reports: readonly BackendReport[]): string[] {
  const rows = reports.flatMap(({ name, held }) =>
    (held?.destinations ?? []).map(({ db, rp, records, status, error }) => [
      name,
      db,
      policy(rp),
      String(records),
      status === undefined ? "not tried yet" : `${status} ${error}`,
    ]),
  );
  if (rows.length === 0) return [];
  return [
    `Held: the server is not ready for these\n${table([["SERVER", "DATABASE", "POLICY", "RECORDS", "WHY"], ...rows])}`,
  ];
}

function rangeSection(title: string, name: "lost" | "suspect", reports: readonly BackendReport[]): string[] {
  const rows = reports.flatMap((report) =>
    (report[name] ?? []).map(({ db, rp, min, max }: RangeStatus) => [
      report.name,
      db === "*" ? "any" : db,
      rp === "*" ? "any" : policy(rp),
      time(BigInt(min)),
      time(BigInt(max)),
    ]),
  );
  if (rows.length === 0) return [];
  return [`${title}\n${table([["SERVER", "DATABASE", "POLICY", "FROM", "TO"], ...rows])}`];
}

function recordText({
  db,
  rp,
  precision,
  timeMs,
  bytes,
  preview,
  reason,
  status,
  error,
}: ShownRecord): string {
  const fields = [
    new Date(timeMs).toISOString(),
    `db=${db}`,
    ...(rp === "" ? [] : [`rp=${rp}`]),
    ...(precision === "" ? [] : [`precision=${precision}`]),
    `${bytes} bytes`,
    ...(reason === undefined ? [] : [`${reason}: ${status} ${error}`]),
  ];
  const lines = preview.split("\n").filter((line) => line !== "");
  return [fields.join("  "), ...lines.map((line) => `  ${line}`)]
    .map((line) => `${printable(line)}\n`)
    .join("");
}

function policy(rp: string): string {
  return rp === "" ? "default" : rp;
}

function time(ns: bigint): string {
  if (ns <= FIRST_NS) return "the beginning";
  if (ns >= LAST_NS) return "the end";
  return new Date(Number(ns / 1_000_000n)).toISOString();
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
