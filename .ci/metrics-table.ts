// Writes the tables of docs/metrics.md from the metrics themselves.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { METRICS, sampleName } from "../src/observe/metrics.ts";

export const PAGE = fileURLToPath(new URL("../docs/metrics.md", import.meta.url));
export const COMMAND = "npx node .ci/metrics-table.ts";

const BEGIN = "<!-- tables -->\n";
const END = "<!-- end of tables -->\n";

/** The page with its tables as they should be. */
export function metricsPage(page: string): string {
  const [before, rest = ""] = page.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined)
    throw new Error(`${PAGE}: the marks of the tables are gone`);
  return `${before}${BEGIN}${tables()}${END}${after}`;
}

function tables(): string {
  const parts = Object.entries(METRICS).map(([title, metrics]) => {
    const rows = metrics.map((metric) => {
      const labels = metric.labels.map((label) => `\`${label}\``).join(" ");
      return `| \`${sampleName(metric)}\` | ${metric.type} | ${labels} | ${metric.help} |\n`;
    });
    return `\n### ${title}\n\n| name | type | labels | |\n|---|---|---|---|\n${rows.join("")}`;
  });
  return `${parts.join("")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, metricsPage(readFileSync(PAGE, "utf8")));
}
