import { catchingUp, heldRecords, lackedBytes, lackedRecords } from "../../src/observe/progress-text.ts";
import type { Status } from "../../src/observe/status-schema.ts";
import { typesText } from "../../src/observe/text.ts";
import { FIELD_TYPES_ACTION, troublesOf } from "../../src/observe/troubles.ts";
import { peerSections } from "./peer-status.ts";
import { actionText, recoverySections } from "./recovery-status.ts";
import { age, policy, printable, size, table, time } from "./text-table.ts";

type Backend = Status["backends"][number];
type Range = Backend["lost"][number];

/** Rows of one list that are shown. */
const MAX_ROWS = 20;

/** The state of a relay, for people. `config` is the file that commands are to name. */
export function statusText(status: Status, config: string): string {
  const all = [...status.backends, ...status.removed.map((each) => ({ ...each, name: `${each.name} *` }))];
  const sections = [
    table([
      ["SERVER", "QUERIES", "SINCE", "LACKS", "BYTES", "CATCHES UP IN", "HELD", "DEAD", "LOST", "SUSPECT"],
      ...all.map(figures),
    ]),
    ...(status.removed.length > 0 ? ["* left the config, and gets what it lacks if it answers\n"] : []),
    ...status.backends.flatMap((backend) => troubles(backend, config, status.recovery.mode)),
    ...recoverySections(status, config),
    ...peerSections(status),
    ...conflicts(status),
  ];
  return sections.join("\n");
}

function figures(backend: Backend): string[] {
  const { name, inSync, staleSeconds, deadLetters, lost, suspect } = backend;
  return [
    name,
    inSync ? "yes" : "NO",
    inSync ? "-" : age(staleSeconds * 1_000),
    String(lackedRecords(backend)),
    size(lackedBytes(backend)),
    catchingUp(backend),
    String(heldRecords(backend)),
    String(deadLetters?.records ?? 0),
    String(lost.length),
    String(suspect.length),
  ];
}

/** What is wrong with a backend, each with what a person can do. */
function troubles(backend: Backend, config: string, mode: Status["recovery"]["mode"]): string[] {
  const { name, held, lost, suspect } = backend;
  const found = troublesOf(backend, mode);
  if (found.length === 0) return [];
  const lines = found.map(({ what, actions }) => {
    const next = actions.map((action) => `    -> ${printable(actionText(action, config))}\n`);
    return `  ${printable(what)}\n${next.join("")}`;
  });
  const details = [
    ...rows(held, ({ db, rp, records, status, error }) => [
      ...["held", db, policy(rp), `${records} records`],
      status === undefined ? "not tried yet" : `${status} ${error}`,
    ]),
    ...rows(lost, (range) => rangeRow("lost", range)),
    ...rows(suspect, (range) => rangeRow("suspect", range)),
  ];
  const more = details.length === 0 ? "" : table(details.map((row) => ["   ", ...row]));
  return [`${printable(JSON.stringify(name))}\n${lines.join("")}${more}`];
}

function rangeRow(kind: string, { db, rp, min, max }: Range): string[] {
  const place = [db === "*" ? "any" : db, rp === "*" ? "any" : policy(rp)];
  return [kind, ...place, time(BigInt(min)), time(BigInt(max))];
}

/** The first of them, and how many there are more. */
function rows<T>(items: readonly T[], row: (item: T) => string[]): string[][] {
  const shown = items.slice(0, MAX_ROWS).map(row);
  return items.length > MAX_ROWS ? [...shown, [`... and ${items.length - MAX_ROWS} more`]] : shown;
}

function conflicts({ fieldTypes }: Status): string[] {
  const { conflicts: found, omitted } = fieldTypes;
  if (found.length === 0) return [];
  const lines = rows(found, ({ db, measurement, field, types }) => [
    ...[db, measurement, field],
    typesText(types),
  ]);
  const more = omitted > 0 ? `... and ${omitted} more\n` : "";
  const action = `  -> ${FIELD_TYPES_ACTION.text}\n`;
  return [
    `Fields with different types\n${table([["DATABASE", "MEASUREMENT", "FIELD", "TYPES"], ...lines])}${more}${action}`,
  ];
}
