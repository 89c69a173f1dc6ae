import type { Status } from "../../src/observe/status-schema.ts";
import { peerSections } from "./peer-status.ts";
import { recoverySections } from "./recovery-status.ts";
import { shellWord } from "./shell-word.ts";
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
  const { name, inSync, staleSeconds, backlog, held, deadLetters, lost, suspect } = backend;
  const heldRecords = held.reduce((sum, { records }) => sum + records, 0);
  return [
    name,
    inSync ? "yes" : "NO",
    inSync ? "-" : age(staleSeconds * 1_000),
    String(Math.max(0, backlog.records - heldRecords)),
    size(backlog.bytes),
    catchingUp(backend),
    String(heldRecords),
    String(deadLetters?.records ?? 0),
    String(lost.length),
    String(suspect.length),
  ];
}

/** At the rate at which it may get what it missed; what it could take may be less. */
function catchingUp({ backlog, state, drainBytesPerSecond }: Backend): string {
  if (backlog.records === 0) return "-";
  if (state === "down") return "when it is up";
  return age((backlog.bytes / drainBytesPerSecond) * 1_000);
}

/** What is wrong with a backend, each with what a person can do. */
function troubles(backend: Backend, config: string, mode: Status["recovery"]["mode"]): string[] {
  const { name, reasons, held, deadLetters, lost, suspect } = backend;
  const command = (text: string) => `influxdb-relay ${text} --config ${shellWord(config)}`;
  const server = shellWord(name);
  const found: [trouble: string, action: string][] = reasons.map((reason) => [
    reason,
    actionFor(reason, server, command, mode),
  ]);
  if (deadLetters !== undefined && deadLetters.records > 0) {
    const many = deadLetters.records === 1 ? "dead letter" : "dead letters";
    const look = command(`spool show --backend ${server} --dead`);
    found.push([`dead: ${deadLetters.records} ${many}`, `remove the cause, then replay or drop: ${look}`]);
  }
  if (found.length === 0) return [];
  const lines = found.map(([trouble, action]) => `  ${printable(trouble)}\n    -> ${printable(action)}\n`);
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

function actionFor(
  reason: string,
  server: string,
  command: (text: string) => string,
  mode: Status["recovery"]["mode"],
): string {
  if (reason.startsWith("drained")) return `when it may have queries again: ${command(`resume ${server}`)}`;
  if (reason.startsWith("behind")) return "nothing to do: it gets what it lacks, in order, by itself";
  if (reason.startsWith("held"))
    return "create what is missing there or correct its credentials: it is tried again by itself";
  if (reason.startsWith("lost") || reason.startsWith("suspect")) {
    const how =
      mode === "auto" ? "it is repaired by itself, see Recovery below; or now" : "repair it from a replica";
    return `${how}: ${command(`recover --backend ${server}`)}`;
  }
  return "start the server or repair the way to it: it is asked again by itself";
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
    Object.entries(types)
      .map(([backend, known]) => `${backend}: ${known.join(" and ")}`)
      .join(", "),
  ]);
  const more = omitted > 0 ? `... and ${omitted} more\n` : "";
  const action =
    "  -> each server refuses points that the other takes: copy the measurement from the server whose type is right\n";
  return [
    `Fields with different types\n${table([["DATABASE", "MEASUREMENT", "FIELD", "TYPES"], ...lines])}${more}${action}`,
  ];
}
