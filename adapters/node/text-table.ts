import { printable } from "../../src/observe/text.ts";

export { age, policy, printable, size, time } from "../../src/observe/text.ts";

/** Columns as wide as they must be; the last one may be of any length. */
export function table(rows: readonly (readonly string[])[]): string {
  const texts = rows.map((row) => row.map(printable));
  const columns = Math.max(...texts.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...texts.filter((row) => at < row.length - 1).map((row) => row[at]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ");
  return texts.map((row) => `${line(row).trimEnd()}\n`).join("");
}
