import { html } from "hono/html";

/** HTML. Whatever is put into a template of `html` is escaped, unless it is such a template itself. */
export type Markup = ReturnType<typeof html>;

/** Rows of one list that are shown. */
export const MAX_ROWS = 20;

/** A table; columns whose title begins with `#` hold figures. */
export function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): Markup {
  const isFigure = heads.map((head) => head.startsWith("#"));
  const classOf = (column: number) => (isFigure[column] ? "figure" : "text");
  return html`<div class="scroll"><table>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${classOf(i)}">${head.replace(/^#/, "")}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${classOf(i)}">${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

/** The first rows, and how many there are more. */
export function firstRows<T>(items: readonly T[], row: (item: T) => readonly unknown[]): unknown[][] {
  const rows = items.slice(0, MAX_ROWS).map((item) => [...row(item)]);
  return items.length > MAX_ROWS ? [...rows, [`... and ${items.length - MAX_ROWS} more`]] : rows;
}

/** A part of the page with a title; nothing without contents. */
export function section(id: string, title: string, contents: readonly Markup[]): Markup | "" {
  if (contents.length === 0) return "";
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${contents}</section>`;
}
