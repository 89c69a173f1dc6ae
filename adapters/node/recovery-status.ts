import type { Status } from "../../src/observe/status-schema.ts";
import { shellWord } from "./shell-word.ts";
import { age, policy, printable, table, time } from "./text-table.ts";

type Recovery = Status["recovery"];
type Backend = Recovery["backends"][number];
type Finding = Recovery["check"]["findings"][number];

/** Rows of the findings that are shown. */
const MAX_ROWS = 20;

/** What is done by itself about servers that differ, and what a person has to do. Nothing if that is nothing. */
export function recoverySections({ recovery }: Status, config: string): string[] {
  const idle = recovery.mode === "auto" ? ["idle"] : ["idle", "waiting"];
  const busy = recovery.backends.filter(({ state, alarms }) => !idle.includes(state) || alarms.length > 0);
  const lines = busy.flatMap((backend) => [
    `  ${printable(JSON.stringify(backend.name))}: ${printable(stateText(backend))}\n`,
    ...backend.alarms.map((alarm) => alarmText(alarm, backend.name, config)),
  ]);
  const found = lines.length === 0 ? [] : [`Recovery\n${lines.join("")}`];
  return [...found, ...findings(recovery.check, config)];
}

function stateText({ state, waiting, from, progress, last }: Backend): string {
  const ended = last === undefined ? "" : `; the last one: ${lastText(last)}`;
  if (state === "idle") return `nothing is done${ended}`;
  if (state === "waiting") return `waits: ${waiting}${ended}`;
  if (state === "comparing") return `compared with ${from}`;
  if (progress?.phase !== "copying") return `repaired from ${from}: what differs is being looked for`;
  const { points, pointsToCopy, pointsPerSecond, leftSeconds } = progress;
  const left = leftSeconds === undefined ? "" : `, ${age(leftSeconds * 1_000)} left`;
  return `repaired from ${from}: ${points} of ${pointsToCopy} points, ${pointsPerSecond}/s${left}`;
}

function lastText({ result, points, seconds, from, error }: NonNullable<Backend["last"]>): string {
  const copied = `${points} points copied from ${from} in ${age(seconds * 1_000)}`;
  return error === undefined ? `${result}, ${copied}` : `${result}, ${copied}: ${error}`;
}

function alarmText(alarm: Backend["alarms"][number], name: string, config: string): string {
  const { from, what, bothDiffer, command } = alarm;
  const both = bothDiffer ? ", and which of them is right is not known" : "";
  const choose = [
    `look: ${commandText(command, config)}`,
    `if ${from} is right: ${commandText(["recover", "--backend", name, "--from", from, "--deep"], config)}`,
    `if ${name} is right: ${commandText(["recover", "--backend", from, "--from", name, "--deep"], config)}`,
  ];
  const lines = choose.map((text) => `    -> ${printable(text)}\n`).join("");
  return `    it differs from ${printable(from)}${both}: ${printable(what)}\n${lines}`;
}

function findings({ findings: found, omitted }: Recovery["check"], config: string): string[] {
  const [first] = found;
  if (first === undefined) return [];
  const rows = found.slice(0, MAX_ROWS).map(findingRow);
  const hidden = found.length - rows.length + omitted;
  const more = hidden > 0 ? `... and ${hidden} more\n` : "";
  const [from = "", to = ""] = Object.keys(first.points);
  const command = commandText(["compare", "--from", from, "--to", to, "--db", first.db], config);
  const head = ["DATABASE", "POLICY", "MEASUREMENT", "FROM", "TO", "POINTS"];
  const action = `  -> look, then choose which one is right (docs/recovery.md): ${printable(command)}\n`;
  return [`Replicas with different numbers of points\n${table([head, ...rows])}${more}${action}`];
}

function findingRow({ db, rp, measurement, start, end, points }: Finding): string[] {
  const counts = Object.entries(points).map(([backend, count]) => `${backend}: ${count}`);
  return [db, policy(rp), measurement, time(BigInt(start)), time(BigInt(end)), counts.join(", ")];
}

function commandText(words: readonly string[], config: string): string {
  return `influxdb-relay ${[...words, "--config", config].map(shellWord).join(" ")}`;
}
