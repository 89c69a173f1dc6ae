import { shellWord } from "./shell-word.ts";
import type { Status } from "./status-schema.ts";

type Backend = Status["backends"][number];
type Recovery = Status["recovery"];

/** What a person can do. */
export interface Action {
  readonly text: string;
  /** The arguments of influxdb-relay that do it, without the config. */
  readonly words?: readonly string[];
}

/** Something that is wrong. */
export interface Trouble {
  readonly what: string;
  readonly actions: readonly Action[];
  /** Nobody has to do anything. */
  readonly passes: boolean;
}

/** A command in the words that a shell takes it in. */
export function commandWords(words: readonly string[], config: string): string[] {
  return ["influxdb-relay", ...words, "--config", config].map(shellWord);
}

export function commandText(words: readonly string[], config: string): string {
  return commandWords(words, config).join(" ");
}

/** What is wrong with a backend, each with what a person can do. */
export function troublesOf(backend: Backend, mode: Recovery["mode"]): Trouble[] {
  const { reasons, deadLetters, name } = backend;
  const found = reasons.map((reason) => troubleOf(reason, backend, mode));
  if (deadLetters === undefined || deadLetters.records === 0) return found;
  const many = deadLetters.records === 1 ? "1 write" : `${deadLetters.records} writes`;
  const look = {
    text: "look why, remove the cause, then replay or drop them",
    words: ["spool", "show", "--backend", name, "--dead"],
  };
  return [...found, { what: `dead letters: ${many} given up`, actions: [look], passes: false }];
}

function troubleOf(reason: string, { name, held }: Backend, mode: Recovery["mode"]): Trouble {
  const trouble = (text: string, words?: readonly string[], passes = false): Trouble => ({
    ...{ what: reason, passes },
    actions: [words === undefined ? { text } : { text, words }],
  });
  if (reason.startsWith("drained")) return trouble("when it may have queries again", ["resume", name]);
  if (reason.startsWith("behind")) {
    return trouble("nothing to do: it gets what it lacks, in order, by itself", undefined, true);
  }
  if (reason.startsWith("held")) {
    const [answer] = held.flatMap(({ status, error = "" }) =>
      status === undefined ? [] : [`${status} ${error}`],
    );
    const text = "create what is missing there or correct its credentials: it is tried again by itself";
    return trouble(answer === undefined ? text : `it answered ${answer}; ${text}`);
  }
  if (reason.startsWith("lost") || reason.startsWith("suspect")) {
    const words = ["recover", "--backend", name];
    const byItself = "it is repaired by itself unless a person has to decide, see Recovery below; or now";
    if (mode === "auto") return trouble(byItself, words, true);
    return trouble("repair it from a replica", words);
  }
  return trouble("start the server or repair the way to it: it is asked again by itself");
}

/** Whether it is nothing that should be in anybody's way. */
export function isQuiet({ state, alarms }: Recovery["backends"][number], mode: Recovery["mode"]): boolean {
  const idle = mode === "auto" ? ["idle"] : ["idle", "waiting"];
  return idle.includes(state) && alarms.length === 0;
}

/** A difference of which a person has to say what is right. */
export function alarmTrouble(alarm: Recovery["backends"][number]["alarms"][number], name: string): Trouble {
  const { from, what, bothDiffer, command } = alarm;
  const both = bothDiffer ? ", and which of them is right is not known" : "";
  return {
    what: `it differs from ${from}${both}: ${what}`,
    actions: [
      { text: "look", words: command },
      { text: `if ${from} is right`, words: ["recover", "--backend", name, "--from", from, "--deep"] },
      { text: `if ${name} is right`, words: ["recover", "--backend", from, "--from", name, "--deep"] },
    ],
    passes: false,
  };
}

/** What to do about what the scheduled check found. */
export function findingAction({ points, db }: Recovery["check"]["findings"][number]): Action {
  const [from = "", to = ""] = Object.keys(points);
  return {
    text: "look, then choose which one is right (docs/recovery.md)",
    words: ["compare", "--from", from, "--to", to, "--db", db],
  };
}

/** What to do about fields that replicas store with different types. */
export const FIELD_TYPES_ACTION: Action = {
  text: "each server refuses points that the other takes: drop the measurement on the server whose type is wrong, then repair that server",
};
