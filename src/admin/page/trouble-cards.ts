import { html } from "hono/html";
import { policy } from "../../observe/text.ts";
import {
  type Action,
  alarmTrouble,
  commandWords,
  FIELD_TYPES_ACTION,
  findingAction,
  isQuiet,
  type Trouble,
  troublesOf,
} from "../../observe/troubles.ts";
import { type Markup, section } from "./markup.ts";
import type { PageBackend, Shown } from "./page-status.ts";
import { type Level, stateOf } from "./verdict.ts";

interface Card {
  readonly title: string;
  readonly level: Level;
  readonly troubles: readonly Trouble[];
}

/** What is wrong, each with what to do: first what does not end by itself. */
export function troubleSection(shown: Shown): Markup | "" {
  const cards = [...backendCards(shown), ...peerCards(shown), ...otherCards(shown)];
  const rank = ({ level, troubles }: Card) =>
    (level === "bad" ? 0 : 2) + (troubles.every(({ passes }) => passes) ? 1 : 0);
  const sorted = cards.toSorted((a, b) => rank(a) - rank(b));
  return section(
    "troubles",
    "What is wrong, and what to do",
    sorted.map((card) => cardOf(card, shown.config)),
  );
}

function backendCards({ status }: Shown): Card[] {
  const { backends, recovery } = status;
  return backends.flatMap((backend) => {
    const { alarms = [] } = recovery.backends.find(({ name }) => name === backend.name) ?? {};
    const troubles = [
      ...alarms.map((alarm) => alarmTrouble(alarm, backend.name)),
      ...troublesOf(backend, recovery.mode),
    ];
    return troubles.length === 0
      ? []
      : [{ title: backend.name, level: levelOf(backend, alarms.length), troubles }];
  });
}

function levelOf(backend: PageBackend, alarms: number): Level {
  const { level } = stateOf(backend);
  return level === "bad" || alarms > 0 ? "bad" : "warn";
}

function peerCards({ status }: Shown): Card[] {
  return status.peers
    .filter(({ problems }) => problems.length > 0)
    .map(({ name, problems }) => ({
      title: `Relay ${name}`,
      level: problems.some(({ severity }) => severity === "alarm") ? "bad" : "warn",
      troubles: problems.map(({ what, next }) => ({ what, actions: [{ text: next }], passes: false })),
    }));
}

function otherCards({ status }: Shown): Card[] {
  const { recovery, fieldTypes } = status;
  const [finding] = recovery.check.findings;
  const found: Card[] = [];
  if (finding !== undefined) {
    const what = `different numbers of points, as in ${finding.db} ${policy(finding.rp)} ${finding.measurement}`;
    found.push(warning("Replicas", { what, actions: [findingAction(finding)], passes: false }));
  }
  const [conflict] = fieldTypes.conflicts;
  if (conflict !== undefined) {
    const what = `fields with different types, as ${conflict.field} of ${conflict.measurement} in ${conflict.db}`;
    found.push(warning("Replicas", { what, actions: [FIELD_TYPES_ACTION], passes: false }));
  }
  return found;
}

function warning(title: string, trouble: Trouble): Card {
  return { title, level: "warn", troubles: [trouble] };
}

function cardOf({ title, level, troubles }: Card, config: string | undefined): Markup {
  return html`<article class="card ${level}"><h3>${title}</h3><ul>${groupsOf(openFirst(troubles)).map(
    ({ whats, actions, passes }) =>
      html`<li class="${passes ? "passes" : "open"}">${whats.map((what) => html`<p class="what">${what}</p>`)}${actions.map(
        (action) => actionOf(action, config),
      )}</li>`,
  )}</ul></article>`;
}

/** Troubles about which the same is done, together: nobody should wonder in what two commands differ. */
function groupsOf(troubles: readonly Trouble[]) {
  const groups = Map.groupBy(troubles, ({ actions, passes }) => JSON.stringify([actions, passes]));
  return [...groups.values()].map((group) => {
    const [{ actions, passes }] = group as [Trouble];
    return { whats: group.map(({ what }) => what), actions, passes };
  });
}

function openFirst(troubles: readonly Trouble[]): Trouble[] {
  return troubles.toSorted((a, b) => Number(a.passes) - Number(b.passes));
}

/** Each word of a command in one piece, so that no line ends within it if there is room. */
function actionOf({ text, words }: Action, config: string | undefined): Markup {
  if (words === undefined || config === undefined) return html`<p class="next">${text}</p>`;
  const pieces = commandWords(words, config).map((word) => html`<span>${word}</span> `);
  return html`<p class="next">${text}:</p><code>${pieces}</code>`;
}

/** Backends about which something is done, or should be. */
export function busyRecoveries({ status }: Shown) {
  return status.recovery.backends.filter((each) => !isQuiet(each, status.recovery.mode));
}
