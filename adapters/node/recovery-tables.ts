import { formatGoDuration } from "../../src/config/go-duration.ts";
import type { CompareReport, PointDifference, RecoverReport } from "../../src/recovery/report.ts";
import type { SchemaDifference } from "../../src/recovery/schema.ts";
import { printable, table } from "./text-table.ts";

/** What a comparison found, for people. */
export function compareText(report: CompareReport): string {
  const { source, target, equal, units, ms } = report;
  if (equal && units === 0) return [...sections(report), nothingText(report)].join("\n");
  const last = equal
    ? `${source} and ${target} are equal: ${count(units)} measurements and windows compared in ${duration(ms)}.\n`
    : `${source} and ${target} differ.\n`;
  return [...sections(report), last].join("\n");
}

/** What a recovery did, or would do, for people. */
export function recoverText(report: RecoverReport): string {
  const { source, target, dryRun, statements, copied, pointsToCopy, equal } = report;
  const made = statements.map((statement) => `  ${printable(statement)}\n`).join("");
  const parts = made === "" ? [] : [`${dryRun ? "Would run" : "Ran"} on ${target}:\n${made}`];
  parts.push(...sections(report));
  if (equal && report.units === 0 && statements.length === 0 && !report.continued) {
    return [...parts, nothingText(report)].join("\n");
  }
  if (dryRun) {
    parts.push(
      equal
        ? `${source} and ${target} are equal: nothing would be done.\n`
        : `About ${count(pointsToCopy)} points of ${source} would be compared with ${target} and copied where they differ.\n`,
    );
    return parts.join("\n");
  }
  parts.push(`${report.continued ? "Went on with an interrupted recovery. " : ""}${copiedText(report)}\n`);
  if (copied.rejected > 0)
    parts.push(`${target} refused ${count(copied.rejected)} points; see the reasons above.\n`);
  if (copied.pruned > 0) parts.push(`Deleted ${count(copied.pruned)} points that only ${target} had.\n`);
  parts.push(
    equal
      ? `${source} and ${target} are equal now.\n`
      : `${target} still differs from ${source}; it gets no queries from a running relay until that is settled.\n`,
  );
  return parts.join("\n");
}

/** Two servers are not equal in what a mistyped name stands for. */
const nothingText = ({ source, target }: CompareReport): string =>
  `Nothing was compared: neither ${source} nor ${target} has such points.\n`;

function copiedText({ source, target, copied, expired, ms }: RecoverReport): string {
  const old = expired === 0 ? "" : `; ${count(expired)} more are older than ${target} keeps`;
  return `Copied ${count(copied.points)} points from ${source} to ${target} in ${duration(ms)}${old}.`;
}

function sections({ source, target, schema, differences, omitted, notices }: CompareReport): string[] {
  const found = notices.map((notice) => `Note: ${printable(notice)}\n`);
  if (schema.length > 0) {
    const head = ["WHAT", "NAME", "DATABASE", source.toUpperCase(), target.toUpperCase()];
    found.push(table([head, ...schema.map(schemaRow)]));
  }
  if (differences.length > 0) {
    const head = ["DATABASE", "POLICY", "MEASUREMENT", "FROM", "TO", `IN ${source}`, `IN ${target}`, ""];
    found.push(table([head, ...differences.map(pointRow)]));
  }
  if (omitted > 0) found.push(`... and ${count(omitted)} rows more\n`);
  return found;
}

function schemaRow({ what, name, db, source, target }: SchemaDifference): string[] {
  const cell = (value: string | undefined) => (value === undefined ? "-" : value === "" ? "yes" : value);
  return [what, name, db ?? "", cell(source), cell(target)];
}

function pointRow({
  db,
  rp,
  measurement,
  start,
  end,
  sourcePoints,
  targetPoints,
  rows,
  reason,
}: PointDifference): string[] {
  const what =
    rows === undefined
      ? []
      : Object.entries(rows)
          .filter(([, number]) => number > 0)
          .map(([kind, number]) => `${count(number)} ${kind}`);
  const why = [what.join(", "), reason ?? ""].filter((text) => text !== "").join(": ");
  return [db, rp, measurement, time(start), time(end), count(sourcePoints), count(targetPoints), why];
}

function time(ns: string): string {
  return new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();
}

const duration = (ms: number): string => formatGoDuration(Math.round(ms));
const count = (value: number): string => value.toLocaleString("en");
