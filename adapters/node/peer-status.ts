import type { Status } from "../../src/observe/status-schema.ts";
import { printable } from "./text-table.ts";

/** What is wrong with the other relays, each with what a person can do. Nothing if that is nothing. */
export function peerSections({ peers }: Status): string[] {
  const lines = peers.flatMap(({ name, problems }) =>
    problems.map(({ severity, what, next }) => {
      return `  ${printable(name)}: ${severity}: ${printable(what)}\n    -> ${printable(next)}\n`;
    }),
  );
  return lines.length === 0 ? [] : [`Other relays\n${lines.join("")}`];
}
