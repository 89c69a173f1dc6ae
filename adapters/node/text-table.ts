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

/** What comes from servers and their clients a terminal must not obey. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
