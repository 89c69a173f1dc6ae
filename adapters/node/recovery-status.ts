import { recoveryText } from "../../src/observe/progress-text.ts";
import type { Status } from "../../src/observe/status-schema.ts";
import {
  type Action,
  alarmTrouble,
  commandText,
  findingAction,
  isQuiet,
} from "../../src/observe/troubles.ts";
import { policy, printable, table, time } from "./text-table.ts";

type Recovery = Status["recovery"];
type Backend = Recovery["backends"][number];
type Finding = Recovery["check"]["findings"][number];

/** Rows of the findings that are shown. */
const MAX_ROWS = 20;

/** What is done by itself about servers that differ, and what a person has to do. Nothing if that is nothing. */
export function recoverySections({ recovery }: Status, config: string): string[] {
  const busy = recovery.backends.filter((backend) => !isQuiet(backend, recovery.mode));
  const lines = busy.flatMap((backend) => [
    `  ${printable(JSON.stringify(backend.name))}: ${printable(recoveryText(backend))}\n`,
    ...backend.alarms.map((alarm) => alarmText(alarm, backend.name, config)),
  ]);
  const found = lines.length === 0 ? [] : [`Recovery\n${lines.join("")}`];
  return [...found, ...findings(recovery.check, config)];
}

function alarmText(alarm: Backend["alarms"][number], name: string, config: string): string {
  const { what, actions } = alarmTrouble(alarm, name);
  const lines = actions.map((action) => `    -> ${printable(actionText(action, config))}\n`).join("");
  return `    ${printable(what)}\n${lines}`;
}

function findings({ findings: found, omitted }: Recovery["check"], config: string): string[] {
  const [first] = found;
  if (first === undefined) return [];
  const rows = found.slice(0, MAX_ROWS).map(findingRow);
  const hidden = found.length - rows.length + omitted;
  const more = hidden > 0 ? `... and ${hidden} more\n` : "";
  const head = ["DATABASE", "POLICY", "MEASUREMENT", "FROM", "TO", "POINTS"];
  const action = `  -> ${printable(actionText(findingAction(first), config))}\n`;
  return [`Replicas with different numbers of points\n${table([head, ...rows])}${more}${action}`];
}

function findingRow({ db, rp, measurement, start, end, points }: Finding): string[] {
  const counts = Object.entries(points).map(([backend, count]) => `${backend}: ${count}`);
  return [db, policy(rp), measurement, time(BigInt(start)), time(BigInt(end)), counts.join(", ")];
}

/** With its command, if it has one. */
export function actionText({ text, words }: Action, config: string): string {
  return words === undefined ? text : `${text}: ${commandText(words, config)}`;
}
