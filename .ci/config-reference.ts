// Writes docs/config.md, docs/config.schema.json and examples/relay.toml from the schema that configs are checked with.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configSchema } from "../src/config/schema.ts";
import { allTables, type Node, type Option, type Table, tableOf } from "./config-options.ts";
import { configDocument } from "./config-schema.ts";

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const COMMAND = "npx node .ci/config-reference.ts";
export const ROOT_TABLE = tableOf(configSchema as unknown as Node);

/** What is shown of a key that has no default, where its description names nothing that could be. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "spool.dir": '"/var/lib/influxdb-relay/1"',
  "spool.credentials-key": `"\${CREDENTIALS_KEY}"`,
  "admin.token": `"\${ADMIN_TOKEN}"`,
  "http.name": '"main"',
  "http.ssl-combined-pem": '"/etc/influxdb-relay/relay.pem"',
  "http.shard-by": '"tag:host"',
  "http.auth.username": '"telegraf"',
  "http.auth.password": `"\${RELAY_PASSWORD}"`,
  "http.auth.token": `"\${RELAY_TOKEN}"`,
  "http.output.name": '"a"',
  "http.output.location": '"http://127.0.0.1:8086/write"',
  "http.output.ca": '"/etc/influxdb-relay/ca.pem"',
  "http.output.cert": '"/etc/influxdb-relay/client.pem"',
  "http.output.key": '"/etc/influxdb-relay/client.key"',
  "http.output.username": '"relay"',
  "http.output.password": `"\${INFLUX_PASSWORD}"`,
  "http.output.token": `"\${INFLUX_TOKEN}"`,
  "http.shard.name": '"s1"',
  "udp.name": '"telegraf"',
  "udp.bind-addr": '"127.0.0.1:8089"',
  "udp.to": '"main"',
  "udp.database": '"telegraf"',
  "udp.output.name": '"a"',
};
/** Without these nothing is relayed: they are not comments. */
const ACTIVE = [
  "http",
  "http.name",
  "http.bind-addr",
  "http.output",
  "http.output.name",
  "http.output.location",
];
const SECOND_OUTPUT = '[[http.output]]\nname = "b"\nlocation = "http://127.0.0.1:7086/write"\n';

const pathOf = (table: Table, { key }: Option) => (table.path === "" ? key : `${table.path}.${key}`);
const header = ({ path, many }: Table) => (many ? `[[${path}]]` : `[${path}]`);
const TABLES = allTables(ROOT_TABLE);
/** The first table with the same keys, if it is another one. */
const sameAs = (table: Table) => {
  const same = TABLES.find(({ entries }) => entries === table.entries);
  return same === table ? undefined : same;
};

/** A line of the example: the key with its default, or with something that it could be. */
export function exampleLine(table: Table, option: Option): string {
  const [, such] = /such as ("[^"]*"|\{.*\})/.exec(option.info.form) ?? [];
  return `${option.key} = ${option.written ?? EXAMPLES[pathOf(table, option)] ?? such ?? '"..."'}`;
}

/** The text of examples/relay.toml. */
export function exampleConfig(): string {
  const blocks = TABLES.map((table) => {
    const mark = (active: boolean, line: string) => (active ? line : `#${line}`);
    const title =
      table.path === ""
        ? []
        : ["", ...prose(table.info?.about ?? ""), mark(ACTIVE.includes(table.path), header(table)), ""];
    const same = sameAs(table);
    const shown = same === undefined ? table.options : table.options.filter(({ needed }) => needed);
    const lines = shown.flatMap((option) => [
      ...prose(sentences(option)),
      mark(ACTIVE.includes(pathOf(table, option)), exampleLine(same ?? table, option)),
      "",
    ]);
    if (same !== undefined) lines.unshift(`# All keys are those of ${header(same)}.`, "");
    if (table.path === "http.output") lines.push(SECOND_OUTPUT);
    return [...title, ...lines].join("\n");
  });
  return `#:schema ../docs/config.schema.json
# Every option of the relay, with its default or, where there is none, with an example. Made by "${COMMAND}".
# A line that begins with # and a blank explains; one that begins with # alone is an option (or a table) to be uncommented.

${blocks
  .join("\n")
  .replace(/\n{3,}/g, "\n\n")
  .trimEnd()}
`;
}

function sentences({ info: { about, form, fallback }, needed, written }: Option): string {
  const without = needed ? " Needed." : written === undefined && fallback ? ` Default: ${fallback}.` : "";
  return `${about} Must be ${form}.${without}`;
}

/** Comment lines of at most 110 characters. */
function prose(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length < 110) lines[lines.length - 1] = line;
    else lines.push(` ${word}`);
  }
  return lines.map((line) => `#${line}`);
}

/** The text of docs/config.md. */
export function configPage(): string {
  const sections = TABLES.map((table) => {
    const title = table.path === "" ? "Above all tables" : `\`${header(table)}\``;
    const about = table.info === undefined ? "" : `${table.info.about}\n\n`;
    const same = sameAs(table);
    if (same !== undefined) return `## ${title}\n\n${about}The same options as \`${header(same)}\`.\n`;
    const rows = table.options.map((option) => {
      const { about, form, fallback } = option.info;
      const standard = option.written === undefined ? fallback : `\`${option.written}\``;
      return `| \`${option.key}\` | ${[about, form, standard ?? "none: needed"].map(cell).join(" | ")} |`;
    });
    return `## ${title}\n\n${about}| option | meaning | must be | default |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `<!-- Made by "${COMMAND}" from src/config/schema.ts. -->
# Every option of the config

The config is a file of [TOML](https://toml.io). [\`examples/relay.toml\`](../examples/relay.toml) has every option as a comment. \`--check\` reads a config, names every
mistake in it with its place, and prints it with all defaults:

\`\`\`sh
npm run -s relay -- --config relay.toml --check
\`\`\`

- **A key that is not known** is an error, with the key that was probably meant.
- **Values from elsewhere**: in every text \`\${NAME}\` is a variable of the environment and \`\${file:PATH}\` the text of a file; \`$\${\` is \`\${\` itself.
- **A duration** is a text of numbers with units, as \`"1m30s"\`: \`ns\`, \`us\`, \`ms\`, \`s\`, \`m\`, \`h\`. **MiB** are 1024 * 1024 bytes.
- **At SIGHUP** the file is read again ([signals](deploy-node.md#keep-it-running)).
- **What a runtime cannot do** is refused at the start: [what each runtime can do](runtimes.md). On Cloudflare Workers \`bind-addr\` is left out.
- **Editors** that know TOML schemas (taplo, Even Better TOML) complete and check a file that begins with \`#:schema PATH-OR-URL-OF/docs/config.schema.json\`.

${sections.join("\n")}`;
}

/** In a table of Markdown a bar ends the cell. */
const cell = (text: string) => text.replaceAll("|", "\\|");

export const FILES: Readonly<Record<string, () => string>> = {
  "docs/config.md": configPage,
  "docs/config.schema.json": () => configDocument(configSchema as unknown as Node, COMMAND),
  "examples/relay.toml": exampleConfig,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(FILES)) writeFileSync(file(path), text());
}
